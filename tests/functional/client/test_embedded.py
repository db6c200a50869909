"""The client against the real server, over a real socket."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.functional.client.conftest import BUSY, FAST, Seen, until
from tests.support.ports import free_port
from tui.client import Client, ConnectionStopped, Gap
from tui.client.clock import Clock
from tui.discovery import ServerRecord
from tui.protocol.codec import build_event, encode
from tui.protocol.errors import ProtocolError
from tui.protocol.limits import MAX_RECEIVE_PUBLISHER
from tui.server.config import ServerConfig
from tui.server.embedded import EmbeddedServer

TOKEN = "the-token-of-these-tests"


def config(port: int = 0) -> ServerConfig:
    return ServerConfig(port=port, http_port="off", token=TOKEN, kind="embedded", announce=False)


@pytest.fixture
def server() -> Iterator[ServerRecord]:
    embedded = EmbeddedServer(config())
    yield embedded.start()
    embedded.stop()


async def test_what_one_publishes_the_other_sees_once_and_in_order(
    server: ServerRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("client", "session"):
        monkeypatch.setattr(f"tui.client.{module}.SETTLE", 20.0)
    seen = Seen()
    async with (
        Client(server.url, TOKEN, options=FAST) as reader,
        Client(server.url, TOKEN, source="writer", options=FAST) as writer,
    ):
        assert reader.status.v1
        reader.on("agent:status", seen)
        # Two that overlap: what matches both is still sent once.
        async with asyncio.timeout(10):  # it waits for the answer, not for the time
            everything = await reader.subscribe()
        await reader.subscribe_to_agent("coder-001")
        assert everything.state == "active"
        ids = [await writer.publish("agent_status", BUSY) for _ in range(100)]
        assert await writer.flush(5)
        assert await seen.ids(100) == ids
        assert seen.items[0].metadata.source == "writer"


async def test_a_newcomer_gets_the_present_state(server: ServerRecord) -> None:
    seen = Seen()
    async with Client(server.url, TOKEN, options=FAST) as writer:
        for status in ("busy", "idle"):
            await writer.publish("agent_status", BUSY | {"status": status})
        assert await writer.flush(5)
    async with Client(server.url, TOKEN, options=FAST) as reader:
        reader.on("*", seen)
        await reader.subscribe("agent")
        [state] = await seen.count(1)
        assert state.data.status == "idle"


async def test_of_history_and_state_each_event_comes_once(server: ServerRecord) -> None:
    async with Client(server.url, TOKEN, options=FAST) as writer:
        told: list[str] = []
        for agent, status in (("coder-001", "busy"), ("coder-002", "busy"), ("coder-001", "idle")):
            said = BUSY | {"agentId": agent, "status": status}
            told.append(await writer.publish("agent_status", said))
            assert await writer.flush(5)
    seen = Seen()
    async with Client(server.url, TOKEN, options=FAST) as reader:
        reader.on("*", seen)
        await reader.subscribe("agent", since=0)
        assert await seen.ids(3) == told


async def test_the_lag_of_a_history_is_all_of_it_that_is_still_to_come(
    server: ServerRecord,
) -> None:
    line = {"agentId": "coder-001", "level": "info", "message": "x" * 1000, "timestamp": 1}
    async with Client(server.url, TOKEN, options=FAST) as writer:
        for _ in range(300):
            await writer.publish("agent_log", line)
        assert await writer.flush(5)
    seen = Seen()
    lags: list[int] = []
    async with Client(server.url, TOKEN, options=FAST) as reader:
        reader.on("*", lambda _: lags.append(reader.lag))
        reader.on("*", seen)
        await reader.subscribe("agent", since=0)
        await seen.count(300)
    assert lags[0] == 300
    assert lags == sorted(lags, reverse=True)
    assert lags[-1] < 300


async def test_a_wrong_token_stops_the_client(server: ServerRecord) -> None:
    with pytest.raises(ConnectionStopped, match="token"):
        await Client(server.url, "wrong", options=FAST).connect()


async def test_a_refused_event_is_not_published_for_ever(server: ServerRecord) -> None:
    async with Client(server.url, TOKEN, options=FAST) as client:
        details: object = None
        for _ in range(100):
            details = [details]
        log = {"agentId": "a", "level": "info", "message": "m", "timestamp": 1, "context": details}
        errors = Seen()
        client.on("error", errors)
        await client.publish("agent_log", log)
        assert await client.flush(5)
        [error] = await errors.count(1)
        assert "nested" in error.data.error
        assert client.refused == 1


async def test_an_event_as_large_as_may_be_is_published(server: ServerRecord) -> None:
    clock = Clock(wall=lambda: 1.7e9)
    async with Client(server.url, TOKEN, options=FAST, clock=clock) as client:
        event = build_event("agent_status", BUSY | {"reason": ""}, id_="e", timestamp=1.7e12)
        room = MAX_RECEIVE_PUBLISHER - len(encode(event))
        await client.publish("agent_status", BUSY | {"reason": "x" * room}, event_id="e")
        assert await client.flush(5)
        assert client.refused == 0
        with pytest.raises(ProtocolError, match="larger than"):
            await client.publish("agent_status", BUSY | {"reason": "x" * (room + 1)}, event_id="e")


async def test_a_server_that_starts_afresh_is_found_and_the_gap_is_told() -> None:
    port = free_port()
    first = EmbeddedServer(config(port))
    record = first.start()
    seen, gaps = Seen(), Seen()
    client = Client(record.url, TOKEN, options=FAST)
    client.on("agent:status", seen)
    client.on("gap", gaps)
    await client.subscribe()
    await client.connect()
    before = [await client.publish("agent_status", BUSY) for _ in range(3)]
    assert await seen.ids(3) == before
    assert await client.flush(5)
    await asyncio.to_thread(first.stop)

    await until(client, lambda s: s.phase != "live")
    after = [await client.publish("agent_status", BUSY) for _ in range(3)]
    second = EmbeddedServer(config(port))
    second.start()
    assert await seen.ids(6) == before + after
    assert Gap("agent") in await gaps.count(1)
    assert len({gap.resource for gap in gaps.items}) == len(gaps.items)
    await client.close()
    await asyncio.to_thread(second.stop)
