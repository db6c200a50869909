"""What the relay makes of the lines in its pipe, and of their absence."""

import asyncio
import json
from typing import Any

from tui.sources.pytest.relay import events

BUSY: dict[str, Any] = {"agentId": "tester", "agentType": "tester", "status": "busy"}
IDLE = BUSY | {"status": "idle"}
LONG = 3_600.0


def pipe(*lines: object, tail: bytes = b"") -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    for line in lines:
        reader.feed_data(json.dumps(line).encode() + b"\n")
    reader.feed_data(tail)
    reader.feed_eof()
    return reader


async def test_a_run_is_passed_on_as_it_is() -> None:
    lines = [["agent_status", BUSY], ["test_result", {"x": 1}], ["agent_status", IDLE]]
    heard = [[*event] async for event in events(pipe(*lines, None), LONG)]
    assert heard == lines


async def test_a_pipe_that_is_cut_means_a_dead_run() -> None:
    for tail in (b"", b'["test_result", {"x'):
        heard = [event async for event in events(pipe(["agent_status", BUSY], tail=tail), LONG)]
        assert [data["status"] for _, data in heard] == ["busy", "error"]
    assert [e async for e in events(pipe(["agent_status", IDLE]), LONG)] == [("agent_status", IDLE)]


async def test_a_silent_run_is_said_to_go_on() -> None:
    reader = asyncio.StreamReader()
    reader.feed_data(json.dumps(["agent_status", BUSY]).encode() + b"\n")
    heard = events(reader, 0.001)
    assert [await anext(heard) for _ in range(3)] == [("agent_status", BUSY)] * 3
    await heard.aclose()
