"""Which server a run reports to, and which token that server gets to see."""

import os
import socket
from pathlib import Path

import pytest

from tui.discovery import ServerRecord, announce, load_or_create_token
from tui.sources.pytest.settings import Server, find_server

ELSEWHERE = "ws://elsewhere/ws"


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "run").mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("AUTOSDLC_TOKEN", raising=False)
    monkeypatch.delenv("AUTOSDLC_URL", raising=False)


def test_this_machines_token_goes_to_its_own_servers_only(monkeypatch: pytest.MonkeyPatch) -> None:
    token = load_or_create_token()
    assert find_server() is None
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"ws://127.0.0.1:{listening.getsockname()[1]}/ws"
        announce(ServerRecord(url, None, os.getpid(), "serve", 1.0))
        assert find_server() == Server(url, token)
        monkeypatch.setenv("AUTOSDLC_URL", url)
        assert find_server() == Server(url, token)
        monkeypatch.setenv("AUTOSDLC_URL", ELSEWHERE)
        assert find_server() == Server(ELSEWHERE, None)
        monkeypatch.setenv("AUTOSDLC_TOKEN", "for-elsewhere")
        assert find_server() == Server(ELSEWHERE, "for-elsewhere")
