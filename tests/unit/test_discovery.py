"""Server records and the shared token, in directories of the test's own."""

import json
import os
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from tui import discovery
from tui.discovery import ServerRecord, announce, find_servers, load_token, token_for, withdraw

MINE = ServerRecord("ws://127.0.0.1:1/ws", None, os.getpid(), "serve", 100.0)
"""Of a process that lives, on a port where nothing listens."""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("AUTOSDLC_TOKEN", raising=False)
    return tmp_path


class Listening:
    """Ports of this machine that take connections, each as a server's record."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack

    def record(self, **more: object) -> ServerRecord:
        port = self._stack.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1]
        url = f"ws://127.0.0.1:{port}/ws"
        return MINE._replace(url=url, **more)  # type: ignore[arg-type] # any field


@pytest.fixture
def listening() -> Iterator[Listening]:
    with ExitStack() as stack:
        yield Listening(stack)


@pytest.fixture
def mine(listening: Listening) -> ServerRecord:
    return listening.record()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_is_announced_is_found_until_it_is_withdrawn(home: Path, mine: ServerRecord) -> None:
    path = announce(mine)
    port = mine.url.removesuffix("/ws").rpartition(":")[2]
    assert path == home / "run" / "autosdlc-tui" / f"server-{os.getpid()}-{port}.json"
    assert mode(path) == 0o600
    assert find_servers() == [mine]
    withdraw(path)
    withdraw(path)
    assert find_servers() == []


def test_servers_come_before_dashboards_and_the_newest_first(listening: Listening) -> None:
    records = [
        listening.record(kind="embedded", started=300.0),
        listening.record(started=100.0),
        listening.record(started=200.0),
        listening.record(kind="demo", started=400.0),
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
        {"pid": 0},
        {"pid": float("inf")},
        {"started": "today"},
        {"started": 10**400},
        {"url": "ws://x"},
        {"url": "ws://[x:1"},
        {"kind": "of a newer version"},
    ],
)
def test_what_another_version_may_have_written_is_left_alone(
    mine: ServerRecord, content: bytes | dict[str, object]
) -> None:
    if isinstance(content, dict):
        content = json.dumps(MINE._asdict() | content).encode()
    strange = announce(mine).with_name("server-1-1.json")
    strange.write_bytes(content)
    assert find_servers() == [mine]
    assert strange.read_bytes() == content


def test_files_of_ended_processes_are_removed(mine: ServerRecord) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    paths = [announce(mine._replace(pid=pid)) for pid in (ended.pid, 10**30)]
    assert find_servers() == []
    assert not any(path.exists() for path in paths)


def test_a_process_that_only_has_the_number_of_a_server_is_not_taken_for_it() -> None:
    path = announce(MINE)
    assert find_servers() == []
    assert not path.exists()


def test_without_a_runtime_directory_the_state_directory_serves(
    home: Path, mine: ServerRecord
) -> None:
    (home / "run" / "autosdlc-tui").touch()
    assert announce(mine).parent == home / "state" / "autosdlc-tui"
    assert find_servers() == [mine]


def test_without_the_variable_there_is_no_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    code = "from tui.discovery import find_servers; find_servers()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_a_directory_that_others_can_write_to_is_not_believed(
    home: Path, mine: ServerRecord
) -> None:
    announce(mine)
    (home / "run" / "autosdlc-tui").chmod(0o777)
    assert find_servers() == []
    assert announce(mine).parent == home / "state" / "autosdlc-tui"
    assert find_servers() == [mine]


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


def test_the_machines_token_is_for_its_own_servers_alone(
    monkeypatch: pytest.MonkeyPatch, listening: Listening
) -> None:
    token = discovery.load_or_create_token()
    served, demo, other = (listening.record(kind=kind) for kind in ("serve", "demo", "serve"))
    announce(served)
    announce(demo)
    assert (token_for(served.url), token_for(demo.url)) == (token, token)
    assert token_for(other.url) is None
    assert token_for("not a URL") is None
    monkeypatch.setenv("AUTOSDLC_TOKEN", "from-the-environment")
    assert token_for(other.url) == "from-the-environment"


def test_only_the_standard_library_is_imported() -> None:
    code = "import sys, tui.discovery; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert loaded.isdisjoint({"platformdirs", "orjson", "pydantic", "websockets"})
