"""Whole processes: each test has directories, and so servers and tokens, of its own."""

import os
import sys
from pathlib import Path

import pytest

COMMAND = (sys.executable, "-m", "tui")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """The environment of a person with empty home directories."""
    inherited = ("PATH", "HOME", "COVERAGE_PROCESS_START", "SSL_CERT_FILE")
    kept = {name: os.environ[name] for name in inherited if name in os.environ}
    for name in ("RUNTIME_DIR", "STATE_HOME", "CONFIG_HOME"):
        directory = tmp_path / name.lower()
        directory.mkdir(mode=0o700)
        kept[f"XDG_{name}"] = str(directory)
    return kept
