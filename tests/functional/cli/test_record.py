"""`autosdlc-tui record` against a real server: what gets into the file, and what is said."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.functional.client.conftest import FAST
from tests.support.dashboard import PATIENCE, TOKEN, publish, publisher, server
from tests.support.disk import no_room_on_disk
from tests.support.events import log, phase, status
from tests.support.frames import frame
from tests.support.ports import free_port
from tests.support.raw import open_raw
from tui.cli import main
from tui.cli.recording import Capture, Narrator
from tui.client import Client, ConnectionStopped
from tui.protocol.topics import Filter
from tui.recording import Recorder, RecordingError, read
from tui.server.auth import keyfile, keys
from tui.server.config import ServerConfig
from tui.server.embedded import EmbeddedServer

EVERYTHING = [Filter()]


class Recording:
    """A recording under way."""

    def __init__(self, path: Path, recorder: Recorder, task: asyncio.Task[None]) -> None:
        self.path = path
        self.recorder = recorder
        self.task = task

    async def has(self, count: int) -> None:
        await self.until(lambda: self.recorder.events >= count)

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not condition():
                assert not self.task.done()
                await asyncio.sleep(0.005)


@asynccontextmanager
async def recording(
    url: str, path: Path, filters: list[Filter] = EVERYTHING, token: str = TOKEN
) -> AsyncIterator[Recording]:
    """Record until the block ends, from when the server has answered."""
    with Recorder(path) as recorder:
        client = Client(url, token, options=FAST)
        capture = Capture(client, recorder, Narrator(recorder, path, terminal=False))
        task = asyncio.create_task(capture.run(filters, None))
        running = Recording(path, recorder, task)
        try:
            await running.until(lambda: client.status.phase == "live" or task.done())
            yield running
        finally:
            task.cancel()
            await asyncio.wait([task])


def written(path: Path) -> list[dict[str, Any]]:
    return [json.loads(raw) for raw in read(path)]


@pytest.fixture(params=["events.jsonl", "events.jsonl.gz"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return tmp_path / str(request.param)


async def test_a_recording_begins_with_the_present_state_and_goes_on_with_what_comes(
    path: Path,
) -> None:
    before = time.time() * 1000
    with server() as record:
        async with publisher(record.url) as client:
            await publish(client, status("coder-1", "busy"), status("coder-2", "idle"))
            await publish(client, status("coder-1", "blocked"))
            async with recording(record.url, path) as running:
                await running.has(2)
                await publish(client, log("coder-1", "hello"), phase("coder-1", "green", "red"))
                await running.has(4)
    events = written(path)
    state = {one["data"]["agentId"]: one["data"]["status"] for one in events[:2]}
    assert state == {"coder-1": "blocked", "coder-2": "idle"}
    assert [one["type"] for one in events[2:]] == ["agent_log", "tdd_phase_change"]
    assert [one["metadata"]["offset"] for one in events[2:]] == [4, 1]
    times = [one["metadata"]["recorded"] for one in events]
    assert before <= times[0]
    assert times == sorted(times)
    assert times[-1] <= time.time() * 1000


async def test_what_this_version_does_not_know_is_kept_as_it_came(path: Path) -> None:
    data = {"agentId": "a", "agentType": "coder", "status": "busy", "mood": {"n": [2**70, None]}}
    raw = frame("agent_status", data, "e-1", timestamp=1, metadata={"trace": "t"}, more="yes")
    with server() as record:
        async with (
            recording(record.url, path) as running,
            await open_raw(record.url, TOKEN) as raws,
        ):
            raws.send(raw)
            await running.has(1)
    [event] = written(path)
    assert event["data"] == data
    assert event["more"] == "yes"
    assert event["metadata"]["trace"] == "t"


async def test_filters_choose_what_is_recorded(path: Path) -> None:
    filters = [Filter.parse("tdd"), Filter.parse("agent:coder-2:log")]
    with server() as record:
        async with (
            recording(record.url, path, filters) as running,
            publisher(record.url) as client,
        ):
            await publish(client, log("coder-1", "no"), status("coder-2", "busy"))
            await publish(client, log("coder-2", "yes"), phase("coder-1", "green", "red"))
            await running.has(2)
    assert [(one["type"], one["data"]["agentId"]) for one in written(path)] == [
        ("agent_log", "coder-2"),
        ("tdd_phase_change", "coder-1"),
    ]


async def test_a_server_that_goes_and_comes_back_is_said_with_the_gap(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, said, port = tmp_path / "events.jsonl", "", free_port()

    def says(*texts: str) -> bool:
        nonlocal said
        said += capsys.readouterr().err
        return all(text in said for text in texts)

    async with AsyncExitStack() as stack:
        with server(port) as record:
            running = await stack.enter_async_context(recording(record.url, path))
            async with publisher(record.url) as client:
                await publish(client, log("coder-1", "before"))
            await running.has(1)
        await running.until(lambda: says("trying again"))
        with server(port):
            await running.until(lambda: says("connected", "agent said meanwhile is missing"))
            async with publisher(record.url) as client:
                await publish(client, log("coder-1", "after"))
            await running.has(2)
    assert [one["data"]["message"] for one in written(path)] == ["before", "after"]


async def test_a_full_disk_ends_it_with_what_was_recorded_before(path: Path) -> None:
    with server() as record:
        async with publisher(record.url) as client, recording(record.url, path) as running:
            await publish(client, status("coder-1", "busy"))
            await running.until(lambda: bool(list(read(path))))
            with no_room_on_disk(running.recorder.size + 10):
                await publish(client, log("coder-1", "x" * 2000))
                with pytest.raises(RecordingError, match="cannot be written"):
                    await asyncio.wait_for(asyncio.shield(running.task), PATIENCE)
    assert [one["type"] for one in written(path)] == ["agent_status"]


async def test_a_token_that_is_refused_ends_it(path: Path) -> None:
    with server() as record:
        async with recording(record.url, path, token="wrong") as running:
            with pytest.raises(ConnectionStopped, match="token"):
                await asyncio.wait_for(asyncio.shield(running.task), PATIENCE)


async def test_what_a_server_denies_is_said_and_the_rest_recorded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key, stored = keys.make("reader", ["subscribe:agent"])
    with keyfile.edited(tmp_path / "keys.toml") as known:
        known["reader"] = stored
    config = ServerConfig(
        port=0, http_port="off", token=TOKEN, announce=False, keys=tmp_path / "keys.toml"
    )
    embedded = EmbeddedServer(config)
    url = await asyncio.to_thread(lambda: embedded.start().url)
    path = tmp_path / "events.jsonl"
    try:
        filters = [Filter.parse("tdd"), Filter.parse("agent")]
        async with recording(url, path, filters, token=key) as running, publisher(url) as client:
            await publish(client, phase("coder-1", "green", "red"), log("coder-1", "hello"))
            await running.has(1)
            await running.until(lambda: "the server denies tdd:*:*" in capsys.readouterr().err)
        async with recording(url, path, filters[:1], token=key) as running:
            with pytest.raises(ConnectionStopped, match="nothing of what was asked for"):
                await asyncio.wait_for(asyncio.shield(running.task), PATIENCE)
    finally:
        await asyncio.to_thread(embedded.stop)
    assert [one["type"] for one in written(path)] == ["agent_log"]


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """The command on a machine without a server."""
    for name in ("RUNTIME_DIR", "STATE_HOME", "CONFIG_HOME"):
        (tmp_path / name).mkdir(mode=0o700)
        monkeypatch.setenv(f"XDG_{name}", str(tmp_path / name))
    monkeypatch.delenv("AUTOSDLC_URL", raising=False)

    def run(*arguments: str) -> Result:
        result = CliRunner().invoke(main, ["record", *arguments])
        assert "Traceback" not in result.output
        return result

    return run


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 1, "no server runs on this machine"),
        (("--url", "http://h"), 2, "is no WebSocket address"),
        (("agents",), 2, "'agents' matches no event; a filter is resource:id:event"),
        (("x" * 300,), 2, "1 to 256 characters"),
        (("--for", "soon"), 2, "is no time"),
    ],
)
def test_what_is_asked_for_wrongly_is_said(
    tmp_path: Path, alone: Callable[..., Result], arguments: tuple[str, ...], code: int, said: str
) -> None:
    result = alone(str(tmp_path / "e.jsonl"), *arguments)
    assert (result.exit_code, said in result.output) == (code, True), result.output
    assert not (tmp_path / "e.jsonl").exists()


def test_a_file_that_is_something_else_is_left_alone(
    tmp_path: Path, alone: Callable[..., Result]
) -> None:
    (tmp_path / "notes.md").write_text("# Notes\n")
    result = alone(str(tmp_path / "notes.md"), "--url", "ws://127.0.0.1:1/ws")
    assert result.exit_code == 2
    assert "notes.md: line 1 is no event" in result.output
    assert (tmp_path / "notes.md").read_text() == "# Notes\n"


def test_without_a_server_it_waits_as_long_as_it_was_told_to(
    tmp_path: Path, alone: Callable[..., Result]
) -> None:
    result = alone(str(tmp_path / "e"), "--url", "ws://127.0.0.1:1/ws", "--for", "1s")
    assert result.exit_code == 0
    assert "cannot reach ws://127.0.0.1:1/ws" in result.output
