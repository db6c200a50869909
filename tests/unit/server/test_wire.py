"""The log of `websockets` shows no token and no traceback."""

import logging

import pytest

from tui.server.wire import quiet_logger


def test_faults_are_one_line_and_debug_is_never_on(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    logger = quiet_logger()
    assert quiet_logger() is logger
    assert not logger.isEnabledFor(logging.DEBUG)
    logger.error("parser %s", "failed", exc_info=ValueError("half a frame"))
    assert caplog.messages == ["parser failed: ValueError: half a frame"]
    assert "Traceback" not in caplog.text
