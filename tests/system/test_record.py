"""`autosdlc-tui record` and `--replay` as processes: killed, stopped, and in a terminal."""

import asyncio
import gzip
import json
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.frames import TOKEN, log, status
from tests.support.raw import open_raw
from tests.support.served import PATIENCE, Served
from tests.support.terminal import Terminal
from tests.system.conftest import COMMAND
from tui.recording import Damage, read

DEMO = Path(__file__).parents[1] / "recordings" / "demo.jsonl.gz"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    (tmp_path / "server").mkdir()
    with Served(tmp_path / "server") as one:
        yield one


@pytest.fixture(params=["events.jsonl", "events.jsonl.gz"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return tmp_path / str(request.param)


def command(served: Served, path: Path) -> list[str]:
    return [*COMMAND, "record", str(path), "--url", served.url]


@contextmanager
def recording(
    served: Served, path: Path, environment: dict[str, str]
) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        command(served, path),
        env=environment | {"AUTOSDLC_TOKEN": TOKEN},
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def ids(path: Path) -> list[str]:
    return [json.loads(raw)["id"] for raw in read(path)] if path.exists() else []


def until(condition: Callable[[], Any]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "never came"
        time.sleep(0.01)


def publish(served: Served, *events: bytes) -> None:
    async def send() -> None:
        async with await open_raw(served.url, TOKEN, v1=True) as raw:
            raw.send(b"[" + b",".join(events) + b"]")
            await raw.frame()

    asyncio.run(send())


def record_some(served: Served, path: Path, name: str) -> None:
    """Publish a hundred events, and wait until they are in the file."""
    publish(served, status(f"{name}-begins", agent=name))
    until(lambda: f"{name}-begins" in ids(path))  # who was late got it as the present state
    publish(served, *(log(f"{name}-{n}") for n in range(100)))
    until(lambda: f"{name}-99" in ids(path))


def test_killed_it_leaves_what_it_recorded_and_can_go_on(
    served: Served, path: Path, environment: dict[str, str]
) -> None:
    # Between two flushes, a file that is compressed ends amid a member; that it can be continued
    # from any byte is shown by the recorder's own tests.
    with recording(served, path, environment) as process:
        record_some(served, path, "a")
        process.kill()
        process.wait()
    first = ids(path)
    assert {f"a-{n}" for n in range(100)} <= set(first)
    with recording(served, path, environment) as process:
        record_some(served, path, "b")
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""
    damage = Damage()
    both = [json.loads(raw)["id"] for raw in read(path, damage)]
    assert both[: len(first)] == first
    assert {f"b-{n}" for n in range(100)} <= set(both)
    assert not damage


@pytest.mark.skipif(sys.platform != "linux", reason="no limit for a process that already runs")
def test_a_full_disk_is_said_in_one_line(
    served: Served, path: Path, environment: dict[str, str]
) -> None:
    with recording(served, path, environment) as process:
        record_some(served, path, "a")
        limit = path.stat().st_size + 10, resource.RLIM_INFINITY
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, limit)
        publish(served, log("too-much", message="x" * 10_000))
        assert process.wait(PATIENCE) == 1
        assert process.stderr is not None
        [line] = process.stderr.read().splitlines()
    assert line.startswith(f"autosdlc-tui: {path}: cannot be written: ")
    assert "too-much" not in ids(path)
    assert "a-99" in ids(path)


def test_in_a_terminal_it_says_how_far_it_is_until_ctrl_c(
    served: Served, path: Path, environment: dict[str, str]
) -> None:
    environment |= {"AUTOSDLC_TOKEN": TOKEN}
    with Terminal(command(served, path), environment=environment, columns=200) as terminal:
        place = served.url.removeprefix("ws://").removesuffix("/ws")
        terminal.shows(f"recording {place} into {path}; Ctrl-C ends it")
        record_some(served, path, "a")
        terminal.shows(f"101 events; {path} has ")
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.ended() == 0
        assert terminal.text.rstrip().endswith("kB")
    text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    assert len(text.splitlines()) == 101


def test_a_replay_runs_in_a_terminal_without_a_server(
    environment: dict[str, str],
) -> None:
    replay = [*COMMAND, "--replay", str(DEMO), "--speed", "30"]
    with Terminal(replay, environment=environment) as terminal:
        terminal.shows("▶ REPLAY 30x 2026-11-2", "coder-001")
        terminal.shows("■ REPLAY ended", "maintenance 1/3 failed")
        terminal.send("q")
        assert terminal.ended() == 0
    assert not list(Path(environment["XDG_RUNTIME_DIR"]).rglob("server-*.json"))
    kept = [path for path in Path(environment["XDG_STATE_HOME"]).rglob("*") if path.is_file()]
    assert [path.name for path in kept] in ([], ["dashboard.json"]), "no token, no journal"
