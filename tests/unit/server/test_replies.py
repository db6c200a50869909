"""What the server says is what the protocol's models know, under just those names."""

import pytest

from tests.support.models import strangers
from tui.protocol.codec import decode_message
from tui.protocol.errors import ErrorCode, ProtocolError
from tui.server.brokers import Position
from tui.server.replies import Replies

AT = {"agent": Position("one", 7)}
REFUSAL = ProtocolError(ErrorCode.RATE_LIMITED, "wait", field="data.x", index=3, retry_after_ms=250)


def said(*, v1: bool) -> dict[str, bytes]:
    replies = Replies("client-1", lambda: 1_700_000_000.5, lambda _type, _size: None, v1=v1)
    active = replies.active(["a"], AT, {"agent": Position("one", 90)}, "m", recovered=True)
    return {
        "connect": replies.connect(65_536),
        "auth_success": replies.auth_success(65_536, "m"),
        "auth_failure": replies.auth_failure("unauthenticated", "no", "m"),
        "error": replies.error(REFUSAL),
        "pong": replies.pong(AT, None),
        "publish_ack": replies.publish_ack(["e1", "e2"]),
        "subscription_update active": active,
        "subscription_update denied": replies.denied(["a"], "no", "m"),
        "subscription_update closed": replies.closed("a", None),
        "subscription_update gap": replies.gap("agent", (3, 9)),
        "subscription_update snapshot": replies.snapshot("agent", AT["agent"], [])[0],
    }


@pytest.mark.parametrize("v1", [True, False])
def test_all_that_is_said_is_known_by_its_names(v1: bool) -> None:
    for name, frame in said(v1=v1).items():
        message = decode_message(frame)
        assert message.type == name.split(" ")[0]
        assert not list(strangers(message)), name
        assert isinstance(message.timestamp, float), name


def test_times_are_whole_milliseconds_as_the_document_writes_them() -> None:
    assert b'"timestamp":1700000000500,' in said(v1=True)["pong"]
    assert b'"serverTime":1700000000500,"heartbeatMs":10000' in said(v1=True)["connect"]
    assert b'"retryAfterMs":250' in said(v1=True)["error"]
