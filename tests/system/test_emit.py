"""`autosdlc-tui emit` as a process: what a server gets, what a person is told, what it returns."""

import asyncio
import json
import os
import signal
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from tests.functional.client.peer import Peer, serving
from tests.support.command import Done, command, done, ended
from tests.support.dashboard import TOKEN, server
from tests.support.terminal import Terminal
from tests.system.conftest import COMMAND
from tui.discovery import ServerRecord

Environment = dict[str, str]
LOG = ("agent_log", "agentId=a", "level=info", "message=hello")
DEEP = json.loads("[" * 60 + "]" * 60)
"""No server takes it."""


@pytest.fixture
def environment(environment: Environment) -> Environment:
    return environment | {"AUTOSDLC_TOKEN": TOKEN}


@pytest.fixture
def running() -> Iterator[ServerRecord]:
    """A real server, in a thread."""
    with server() as record:
        yield record


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    async with serving(Peer(v1=True)) as peer:
        yield peer


def line(message: str, context: Any = None, **envelope: Any) -> bytes:
    """An event of a file."""
    data = {"agentId": "a", "level": "info", "message": message, "timestamp": 1}
    data |= {"context": context} if context else {}
    event = {"id": "old", "type": "agent_log", "timestamp": 5, "data": data}
    return json.dumps(event | envelope).encode()


async def emit(environment: Environment, url: str, *arguments: str, **options: Any) -> Done:
    return await done(environment, "emit", *arguments, url=url, **options)


async def stored(environment: Environment, url: str, count: int) -> list[dict[str, Any]]:
    """The agents' events that the server has."""
    options = ("--since", "1h", "--json", "-n", str(count))
    finished = await done(environment, "tail", "agent", *options, url=url)
    return [json.loads(one) for one in finished.output.splitlines()]


async def test_an_event_is_taken_before_it_ends_and_nothing_is_said(
    environment: Environment, running: ServerRecord
) -> None:
    before = time.time() * 1000
    task = ("currentTask.id=t", "currentTask.progress=40")
    agent = ("agent_status", "agentId=7", "agentType=coder", "status=busy", *task)
    assert await emit(environment, running.url, *agent, "--source", "me") == Done(0, "", "")
    [event] = await stored(environment, running.url, 1)
    assert event["data"] == {
        "agentId": "7",
        "agentType": "coder",
        "status": "busy",
        "currentTask": {"id": "t", "progress": 40},
    }
    assert event["metadata"]["source"] == "me"
    assert before <= event["timestamp"] + 1 <= time.time() * 1000 + 2


async def test_it_finds_the_server_of_this_machine(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with server(announce=True, token=TOKEN) as record:
        assert (await emit(environment, "", *LOG)).code == 0
        [event] = await stored(environment, record.url, 1)
    assert event["data"]["message"] == "hello"


async def test_what_nobody_knows_is_said_and_sent(
    environment: Environment, running: ServerRecord
) -> None:
    finished = await emit(environment, running.url, *LOG[:2], "level=loud", LOG[3], "mesage=x")
    assert finished.code == 0
    level, field = finished.complaints
    assert level.startswith("agent_log: level: 'loud' is none of debug, info, ")
    assert field.startswith("agent_log: mesage is no field that we know; agent_log has agentId, ")
    [event] = await stored(environment, running.url, 1)
    assert event["data"]["mesage"] == "x"


async def test_what_the_server_refuses_is_said(
    environment: Environment, running: ServerRecord
) -> None:
    finished = await emit(environment, running.url, *LOG, f"context={json.dumps(DEEP)}")
    assert finished.code == 1
    assert finished.complaints == ["the server refuses it: nested deeper than 32 levels"]


async def test_good_lines_are_sent_and_bad_ones_are_named(
    environment: Environment, running: ServerRecord, tmp_path: Path
) -> None:
    path = tmp_path / "events.jsonl"
    metadata = {"source": "s", "correlationId": "c", "offset": 99, "replayed": True}
    lines = [
        line("one"),
        b"not json",
        b"",
        line("two", metadata=metadata),
        b'{"type":"ping"}',
        line("x" * 300_000),
        line("deep", context=DEEP),
        b'{"type":"agent_log","data":{"agentId":"a"}}',
        line("three"),
    ]
    path.write_bytes(b"\n".join(lines))
    finished = await emit(environment, running.url, "--file", str(path))
    assert (finished.code, finished.output) == (1, "")
    said = {int(one.split(":")[1]): one.partition(": ")[2] for one in finished.complaints}
    assert said.keys() == {2, 5, 6, 7, 8}
    assert finished.complaints[0].startswith(f"{path}:2: not JSON: ")
    assert said[5] == "ping is no event type"
    assert "is larger than" in said[6]
    assert said[7] == "the server refuses it: nested deeper than 32 levels"
    assert said[8] == "data.level: Field required"
    events = await stored(environment, running.url, 3)
    assert [one["data"]["message"] for one in events] == ["one", "two", "three"]
    assert len({one["id"] for one in events} | {"old"}) == 4
    assert (events[1]["metadata"]["source"], events[0]["metadata"]["source"]) == ("s", "emit")
    assert events[1]["metadata"]["correlationId"] == "c"
    assert events[1]["metadata"]["offset"] == 2
    assert all(one["timestamp"] > 1e12 for one in events)


@pytest.mark.parametrize(
    "bad", [b"rubbish", line("refused", context=DEEP)], ids=["unreadable", "refused"]
)
async def test_a_thousand_bad_lines_are_not_named_one_by_one(
    environment: Environment, running: ServerRecord, bad: bytes
) -> None:
    given = line("good") + (b"\n" + bad) * 1000
    finished = await emit(environment, running.url, "--file", "-", given=given)
    assert finished.code == 1
    assert len(finished.complaints) == 21
    assert finished.complaints[-1] == "-: and 980 more such lines"
    assert len(await stored(environment, running.url, 1)) == 1


async def test_what_a_tail_prints_can_be_sent_to_another_server_with_its_times(
    environment: Environment, running: ServerRecord
) -> None:
    await emit(environment, running.url, *LOG)
    [before] = await stored(environment, running.url, 1)
    with server() as other:
        given = json.dumps(before).encode()
        finished = await emit(environment, other.url, "--file", "-", "--keep-time", given=given)
        assert finished == Done(0, "", "")
        [after] = await stored(environment, other.url, 1)
    assert before["id"] != after["id"]
    for event in (before, after):
        del event["id"]
    assert before == after


async def test_each_line_of_a_pipe_is_sent_at_once(environment: Environment, peer: Peer) -> None:
    reads = ("emit", "--file", "-")
    async with command(environment, *reads, url=peer.url, stdin=PIPE) as process:
        assert process.stdin is not None
        for n in (1, 2):
            process.stdin.write(line(f"{n}") + b"\n")
            await (await peer.line()).take("agent_log", n)
        assert await ended(process, b"") == Done(0, "", "")


async def test_a_named_pipe_without_a_writer_is_waited_for_and_can_be_stopped(
    environment: Environment, peer: Peer, tmp_path: Path
) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    async with command(environment, "emit", "--file", str(path), url=peer.url) as process:
        await (await peer.line()).take("ping")
        process.send_signal(signal.SIGINT)
        assert await ended(process) == Done(130, "", "")


async def test_a_server_that_is_not_ready_is_waited_for(
    environment: Environment, peer: Peer
) -> None:
    peer.refuse_with = HTTPStatus.SERVICE_UNAVAILABLE
    async with command(environment, "emit", *LOG, url=peer.url) as process:
        await peer.shaken(2)
        peer.refuse_with = None
        assert await ended(process) == Done(0, "", "")
    assert len(peer.lines[0].events()) == 1


async def test_without_a_server_it_says_how_much_is_not_delivered(
    environment: Environment, tmp_path: Path
) -> None:
    nowhere = "ws://127.0.0.1:1/ws"
    finished = await emit(environment, nowhere, *LOG, "--wait", "1")
    reason = f"cannot reach {nowhere}: Connection refused; "
    assert finished == Done(1, "", f"autosdlc-tui: {reason}1 event was not delivered\n")
    path = tmp_path / "events.jsonl"
    # More than a client keeps of what it cannot send.
    path.write_bytes(b"\n".join([line("x" * 8_000)] * 1200 + [b"", b""]))
    finished = await emit(environment, nowhere, "--file", str(path), "--wait", "1")
    assert finished.complaints == [f"{reason}1,200 events were not delivered"]
    finished = await emit(environment, "", *LOG)
    assert finished.code == 1
    assert "start `autosdlc-tui` or `autosdlc-tui serve`" in finished.complaints[0]


async def test_a_token_that_is_refused_is_said_at_once(
    environment: Environment, running: ServerRecord
) -> None:
    wrong = environment | {"AUTOSDLC_TOKEN": "wrong"}
    finished = await emit(wrong, running.url, *LOG, "--wait", "1000")
    assert finished.code == 1
    [complaint] = finished.complaints
    assert "refused the token" in complaint
    assert complaint.endswith("; 1 event was not delivered")
    control = environment | {"AUTOSDLC_TOKEN": "a\u00e9b"}
    finished = await emit(control, running.url, *LOG)
    assert finished.code == 2
    assert "the token has characters" in finished.complaints[0]


async def test_a_server_that_takes_nothing_is_given_up(
    environment: Environment, peer: Peer
) -> None:
    peer.acknowledges = False
    options = ("--file", "-", "--wait", "0.5")
    finished = await emit(environment, peer.url, *options, given=line("x") + b"\n" + line("y"))
    assert finished.code == 1
    assert finished.complaints == [
        "the server has taken nothing for 0.5 s; 2 events were not delivered"
    ]


async def test_a_server_that_asks_for_time_is_given_it(
    environment: Environment, peer: Peer
) -> None:
    peer.acknowledges = False
    async with command(environment, "emit", *LOG, "--wait", "2", url=peer.url) as process:
        connection = await peer.line()
        [event] = await connection.take("agent_log")
        about = {"correlationId": event["id"]}
        data = {"error": "too many", "code": "rate_limited", "retryAfterMs": 2500}
        peer.acknowledges = True
        await connection.send({"type": "error", "data": data, "metadata": about})
        assert await ended(process) == Done(0, "", "")
        assert len(connection.events()) == 2


async def test_a_lost_connection_loses_nothing(environment: Environment, peer: Peer) -> None:
    peer.acknowledges = False
    given = b"\n".join(line(f"{n}") for n in range(50))
    reads = ("emit", "--file", "-")
    async with command(environment, *reads, url=peer.url, stdin=PIPE) as process:
        ending = asyncio.create_task(ended(process, given))
        connection = await peer.line()
        await connection.take("agent_log")
        peer.acknowledges = True
        connection.reset()
        assert await ending == Done(0, "", "")
    messages = [one["data"]["message"] for one in peer.lines[1].events()]
    assert messages == [str(n) for n in range(50)]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
async def test_a_signal_ends_it_and_what_is_not_delivered_is_said(
    environment: Environment, peer: Peer, number: signal.Signals, code: int
) -> None:
    peer.acknowledges = False
    async with command(environment, "emit", *LOG, url=peer.url) as process:
        await (await peer.line()).take("agent_log")
        process.send_signal(number)
        assert await ended(process) == Done(code, "", "autosdlc-tui: 1 event was not delivered\n")


def test_a_terminal_is_shown_how_far_it_is(
    environment: Environment, running: ServerRecord, tmp_path: Path
) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"\n".join(line(f"{n}") for n in range(40_000)))
    here = environment | {"AUTOSDLC_URL": running.url}
    arguments = [*COMMAND, "emit", "--file", str(path)]
    with Terminal(arguments, environment=here) as terminal:
        assert terminal.ended() == 0
        assert "40,000 events in " in terminal.text
        assert b"/s" in terminal.raw
