"""Server records and the shared token, in directories of the test's own."""

import json
import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from tui import discovery
from tui.discovery import ServerRecord, announce, find_servers, load_token, withdraw

MINE = ServerRecord("ws://127.0.0.1:8765/ws", "http://127.0.0.1:8766", os.getpid(), "serve", 100.0)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("AUTOSDLC_TOKEN", raising=False)
    return tmp_path


def at(port: int, **more: object) -> ServerRecord:
    return replace(MINE, url=f"ws://127.0.0.1:{port}/ws", **more)  # type: ignore[arg-type] # any field


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_is_announced_is_found_until_it_is_withdrawn(home: Path) -> None:
    path = announce(MINE)
    assert path == home / "run" / "autosdlc-tui" / f"server-{os.getpid()}-8765.json"
    assert mode(path) == 0o600
    assert find_servers() == [MINE]
    withdraw(path)
    withdraw(path)
    assert find_servers() == []


def test_servers_come_before_dashboards_and_the_newest_first() -> None:
    records = [
        at(1, kind="embedded", started=300.0),
        at(2, started=100.0),
        at(3, started=200.0),
        at(4, kind="demo", started=400.0),
    ]
    for record in records:
        announce(record)
    first, second, third, fourth = records
    assert find_servers() == [third, second, first]
    assert find_servers(demo=True) == [third, second, first, fourth]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff",
        b"[" * 100_000,
        json.dumps({"url": "ws://x", "pid": 1}).encode(),
        json.dumps(
            {"url": "x", "http_url": None, "pid": 0, "kind": "serve", "started": 1}
        ).encode(),
        json.dumps({"url": "x", "http_url": None, "pid": 1, "kind": "?", "started": 1}).encode(),
        json.dumps(
            {"url": "x", "http_url": None, "pid": 10**30, "kind": "serve", "started": 1}
        ).encode(),
    ],
)
def test_broken_files_are_removed(content: bytes) -> None:
    path = announce(MINE)
    broken = path.with_name("server-1-1.json")
    broken.write_bytes(content)
    assert find_servers() == [MINE]
    assert not broken.exists()


def test_files_of_ended_processes_are_removed() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    path = announce(replace(MINE, pid=ended.pid))
    assert find_servers() == []
    assert not path.exists()


def test_without_a_runtime_directory_the_state_directory_serves(home: Path) -> None:
    (home / "run" / "autosdlc-tui").touch()
    assert announce(MINE).parent == home / "state" / "autosdlc-tui"
    assert find_servers() == [MINE]


def test_without_the_variable_there_is_no_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    code = "from tui.discovery import find_servers; find_servers()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_a_directory_that_others_can_write_to_is_not_believed(home: Path) -> None:
    announce(MINE)
    (home / "run" / "autosdlc-tui").chmod(0o777)
    assert find_servers() == []
    assert announce(MINE).parent == home / "state" / "autosdlc-tui"
    assert find_servers() == [MINE]


def test_the_environment_names_the_token(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.setenv("AUTOSDLC_TOKEN", " from-the-environment \n")
    assert load_token() == "from-the-environment"
    assert discovery.load_or_create_token() == "from-the-environment"
    assert not (home / "state").exists()


def test_a_token_is_made_once_for_this_user_alone(home: Path) -> None:
    assert load_token() is None
    token = discovery.load_or_create_token()
    assert len(token) >= 43
    assert (load_token(), discovery.load_or_create_token()) == (token, token)
    path = home / "state" / "autosdlc-tui" / "token"
    assert mode(path) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_an_empty_token_file_is_replaced(home: Path) -> None:
    (home / "state" / "autosdlc-tui").mkdir(parents=True, mode=0o700)
    (home / "state" / "autosdlc-tui" / "token").touch()
    assert discovery.load_or_create_token() == load_token()


def test_all_who_come_at_once_get_the_same_token() -> None:
    with ThreadPoolExecutor(16) as pool:
        tokens = set(pool.map(lambda _: discovery.load_or_create_token(), range(64)))
    assert len(tokens) == 1


def test_only_the_standard_library_is_imported() -> None:
    code = "import sys, tui.discovery; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert loaded.isdisjoint({"platformdirs", "orjson", "pydantic", "websockets"})
