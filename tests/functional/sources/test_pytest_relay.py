"""What the relay reports of a server that takes some."""

import asyncio
import json

import pytest

from tests.functional.client.peer import Peer, serving
from tui.client import Client
from tui.sources.pytest.relay import END, relay

DATA = {"agentId": "a", "level": "info", "message": "m", "timestamp": 1}
LINE = json.dumps(["agent_log", DATA]).encode() + b"\n"


async def test_what_was_taken_is_counted_though_something_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tui.sources.pytest.relay.DELIVER_WITHIN", 0.1)
    lines = asyncio.StreamReader()
    async with serving(Peer(v1=True)) as peer, Client(peer.url) as client:
        relaying = asyncio.create_task(relay(lines, client))
        lines.feed_data(LINE * 2)
        line = await peer.line()
        await line.take("agent_log", 2)
        assert await client.flush(10)
        peer.acknowledges = False
        lines.feed_data(LINE + END)
        said = "the rest was not: the server did not take the events in time"
        assert await relaying == (2, said)
