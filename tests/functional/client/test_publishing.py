import asyncio
import json
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from tests.functional.client.conftest import BUSY, FAST, Seen, busy, until
from tests.functional.client.peer import JsonObject, Line, Peer
from tui.client import Client, ClientOptions, Heartbeat, OutboxError, Reconnect
from tui.protocol.errors import ErrorCode, ProtocolError
from tui.protocol.models.agent import AgentStatusData

EVENTS = 8_000
"""Of 1 kB each: more than the kernel's buffers take."""


async def test_an_event_has_the_documents_envelope(peer: Peer) -> None:
    async with Client(peer.url, source="agent-monitor", options=FAST) as client:
        id_ = await client.publish("agent_status", BUSY, correlation_id="cmd-7")
        data = AgentStatusData(agent_id="coder-001", agent_type="coder", status="idle")
        await client.publish("agent_status", data, source="other", event_id="mine")
        assert await client.flush(5)
        line = await peer.line()
        await line.until(lambda line: len(line.events()) == 2)
        first, second = line.events()
        assert id_.startswith("evt-")
        assert first["id"] == id_
        assert first["data"] == BUSY
        assert first["timestamp"] > 1.6e12
        assert first["metadata"] == {
            "version": "1.0",
            "source": "agent-monitor",
            "correlationId": "cmd-7",
        }
        assert second["id"] == "mine"
        assert second["data"]["status"] == "idle"
        assert second["metadata"]["source"] == "other"


async def test_what_is_published_while_away_arrives_once_and_in_order(peer: Peer) -> None:
    client = Client(peer.url, options=FAST)
    await client.connect()
    first = await peer.line()
    await peer.stop()
    await until(client, lambda s: s.phase != "live")
    ids = [await client.publish("agent_status", BUSY) for _ in range(50)]
    assert not await client.flush(0.01)
    await peer.start()
    assert await client.flush(5)
    second = await peer.line(2)
    await second.until(lambda line: len(line.events()) >= 50)
    assert [m["id"] for m in second.events()] == ids
    assert first.events() == []
    await client.close()


async def test_what_was_not_acknowledged_is_sent_again_under_the_same_id(v1: Peer) -> None:
    v1.acknowledges = False
    client = Client(v1.url, options=FAST)
    await client.connect()
    ids = [await client.publish("agent_status", BUSY) for _ in range(3)]
    first = await v1.line()
    await first.until(lambda line: len(line.events()) >= 1)
    assert not await client.flush(0.01)
    v1.acknowledges = True
    first.reset()
    assert await client.flush(5)
    second = await v1.line(2)
    assert [m["id"] for m in second.events()] == ids
    await client.close()


async def test_v1_publishes_batches_and_plain_never_does(peer: Peer) -> None:
    client = Client(peer.url, options=FAST)
    for _ in range(20):
        await client.publish("agent_status", BUSY)
    await client.connect()
    assert await client.flush(5)
    line = await peer.line()
    await line.until(lambda line: len(line.events()) == 20)
    batches = [frame for frame in line.frames if isinstance(frame, list)]
    assert [len(batch) for batch in batches] == ([20] if peer.v1 else [])
    await client.close()


@pytest.mark.parametrize(
    ("type_", "data", "field"),
    [
        ("agent_statu", BUSY, "type"),
        ("subscribe", {}, "type"),
        ("agent_status", {"agentId": "a"}, "data.agentType"),
        ("agent_status", BUSY | {"agentId": 7}, "data.agentId"),
        ("agent_status", BUSY | {"reason": "x" * 300_000}, None),
    ],
)
async def test_a_bad_event_is_refused_where_it_is_published(
    type_: str, data: dict[str, object], field: str | None
) -> None:
    client = Client("ws://127.0.0.1:1/ws")
    with pytest.raises(ProtocolError) as error:
        await client.publish(type_, data)
    assert error.value.field == field


async def test_a_server_that_takes_less_is_kept_to(v1: Peer) -> None:
    large = BUSY | {"reason": "x" * 70_000}  # it says that it takes 65,536 bytes
    async with Client(v1.url, options=FAST) as client:
        with pytest.raises(ProtocolError) as error:
            await client.publish("agent_status", large)
        assert error.value.code == ErrorCode.TOO_LARGE
    client = Client(v1.url, options=FAST)
    await client.publish("agent_status", large)
    await client.publish("agent_status", BUSY)
    await client.connect()
    assert await client.flush(5)
    assert (client.refused, len((await v1.line(2)).events())) == (1, 1)
    await client.close()


async def test_a_refusal_reaches_the_handlers_of_error(v1: Peer) -> None:
    v1.acknowledges = False
    errors = Seen()
    async with Client(v1.url, options=FAST) as client:
        client.on("error", errors)
        id_ = await client.publish("agent_status", BUSY)
        line = await v1.line()
        await line.until(lambda line: len(line.events()) == 1)
        refusal = {"error": "not yours", "code": "forbidden"}
        await line.send({"type": "error", "data": refusal, "metadata": {"correlationId": id_}})
        [error] = await errors.count(1)
        assert error.data.error == "not yours"
        assert await client.flush(5)
        assert client.refused == 1


async def test_a_full_outbox_drops_the_oldest_and_counts_them(plain: Peer) -> None:
    options = ClientOptions(reconnect=Reconnect(delay=0.001), outbox_bytes=2000)
    client = Client(plain.url, options=options)
    ids = [await client.publish("agent_status", BUSY) for _ in range(30)]
    assert client.dropped > 10
    await client.connect()
    assert await client.flush(5)
    line = await plain.line()
    left = len(ids) - client.dropped
    await line.until(lambda line: len(line.events()) == left)
    assert [m["id"] for m in line.events()] == ids[-left:]
    await client.close()


async def test_a_connected_publisher_waits_rather_than_lose_events(v1: Peer) -> None:
    options = ClientOptions(outbox_bytes=20_000)
    async with Client(v1.url, options=options) as client:
        for _ in range(500):
            await client.publish("agent_status", BUSY)
        assert await client.flush(5)
        line = await v1.line()
        assert len(line.events()) == 500
        assert client.dropped == 0


async def test_a_peer_that_takes_no_data_is_given_up() -> None:
    """Its socket is open, its buffers are full, and it reads nothing."""
    from websockets.asyncio.server import ServerConnection, serve

    stuck = asyncio.Event()

    async def stall(websocket: ServerConnection) -> None:
        websocket.transport.pause_reading()
        await websocket.send('{"type": "connect", "data": {"clientId": "c"}}')
        await stuck.wait()
        websocket.transport.abort()

    async with serve(stall, "127.0.0.1", 0, ping_interval=None, close_timeout=0.1) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        options = ClientOptions(
            reconnect=Reconnect(enabled=False),
            send_timeout=0.1,
            close_timeout=0.1,
            outbox_bytes=64_000_000,
        )
        client = Client(f"ws://127.0.0.1:{port}/ws", options=options)
        await client.connect()
        for _ in range(200):
            await client.publish("agent_status", BUSY | {"reason": "x" * 200_000})
        stopped = await until(client, lambda s: s.phase == "stopped")
        assert stopped.reason == "the server takes no data"
        assert not await client.flush(1)
        await client.close()
        stuck.set()


async def test_a_full_outbox_may_raise_and_keep_what_it_has(plain: Peer) -> None:
    client = Client(plain.url, options=replace(FAST, outbox_bytes=600, outbox_full="raise"))
    kept = [await client.publish("agent_status", BUSY) for _ in range(2)]
    with pytest.raises(OutboxError, match="the outbox is full: 2 events wait for the server"):
        await client.publish("agent_status", BUSY | {"reason": "x" * 300})
    await client.connect()
    assert await client.flush(5)
    kept.append(await client.publish("agent_status", BUSY))
    assert await client.flush(5)
    line = await plain.line()
    await line.until(lambda line: [m["id"] for m in line.events()] == kept)
    assert client.dropped == 0
    await client.close()


async def test_a_full_outbox_may_make_the_publisher_wait_for_a_server(v1: Peer) -> None:
    client = Client(v1.url, options=replace(FAST, outbox_bytes=1_000, outbox_full="block"))
    publishing = [asyncio.create_task(client.publish("agent_status", BUSY)) for _ in range(20)]
    await asyncio.wait(publishing, timeout=0)
    done = [task for task in publishing if task.done()]
    assert 0 < len(done) < 10
    await client.connect()
    ids = await asyncio.gather(*publishing)
    assert await client.flush(5)
    assert [m["id"] for m in (await v1.line()).events()] == ids
    assert client.dropped == 0
    await client.close()


async def test_a_publisher_does_not_wait_for_a_client_that_has_stopped(plain: Peer) -> None:
    plain.refuse_with = HTTPStatus.FORBIDDEN
    client = Client(plain.url, options=replace(FAST, outbox_bytes=300, outbox_full="block"))
    await client.publish("agent_status", BUSY)
    waiting = asyncio.create_task(client.publish("agent_status", BUSY))
    client.start()
    with pytest.raises(OutboxError, match=r"the client has stopped: .*HTTP 403"):
        await waiting
    await client.close()


async def test_a_handler_that_publishes_never_waits_for_itself(v1: Peer) -> None:
    options = replace(FAST, outbox_bytes=400, outbox_full="block")
    outcome: asyncio.Future[BaseException | None] = asyncio.get_running_loop().create_future()

    async def echo(_: object) -> None:
        try:
            for _again in range(3):
                await client.publish("agent_status", BUSY)
        except OutboxError as error:
            outcome.set_result(error)

    v1.acknowledges = False
    async with Client(v1.url, options=options) as client:
        client.on("agent:status", echo)
        await client.subscribe()
        await (await v1.line()).send(busy("e-1", offset=1))
        assert "a handler cannot wait for it" in str(await outcome)


async def test_a_handler_may_wait_for_a_task_that_publishes(v1: Peer) -> None:
    """Its events' acknowledgements come behind more events than wait for the handlers."""
    options = replace(FAST, outbox_bytes=4_000, queue_bytes=500)
    begun, published = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        for _ in range(20):
            await client.publish("agent_status", BUSY)

    async def hand_over(event: Any) -> None:
        if event.id == "e0":
            begun.set()
            await asyncio.create_task(work())
            published.set()

    async with Client(v1.url, options=options) as client:
        client.on("agent:status", hand_over)
        await client.subscribe()
        line = await v1.line()
        await line.send_raw(json.dumps([busy(f"e{n}") for n in range(20)]))
        async with asyncio.timeout(5):
            await published.wait()


async def test_a_rate_limited_batch_is_sent_again_later_and_nothing_is_lost(v1: Peer) -> None:
    v1.acknowledges = False
    async with Client(v1.url, options=FAST) as client:
        ids = [await client.publish("agent_status", BUSY) for _ in range(3)]
        line = await v1.line()
        await line.until(lambda line: len(line.events()) == 3)
        v1.acknowledges = True
        for id_ in ids:
            data = {"error": "slowly", "code": "rate_limited", "retryAfterMs": 20}
            await line.send({"type": "error", "data": data, "metadata": {"correlationId": id_}})
        assert await client.flush(5)
        assert [m["id"] for m in line.events()] == ids * 2


async def test_a_plain_servers_refusals_are_waited_out_or_counted(plain: Peer) -> None:
    kept: list[str] = []
    refused = {"e3": "rate_limited", "e4": "rate_limited", "e5": "forbidden"}
    answer = plain.answer

    async def limit(line: Line, message: JsonObject) -> None:
        if message["type"] != "agent_status":
            await answer(line, message)
        elif code := refused.pop(message["id"], None):
            data = {"error": "no", "code": code, "retryAfterMs": 20}
            about = {"correlationId": message["id"]}
            await line.send({"type": "error", "data": data, "metadata": about})
        else:
            kept.append(message["id"])

    plain.answer = limit  # type: ignore[method-assign]
    async with Client(plain.url, options=FAST) as client:
        for number in range(8):
            await client.publish("agent_status", BUSY, event_id=f"e{number}")
        assert await client.flush(5)
        assert kept == ["e0", "e1", "e2", "e6", "e7", "e3", "e4"]
        assert (client.pending, client.refused) == (0, 1)


async def test_a_link_is_found_to_be_stale_while_much_is_written_to_it(plain: Peer) -> None:
    """The server reads, slowly, and says nothing any more."""
    plain.pongs = False
    options = replace(
        FAST,
        heartbeat=Heartbeat(interval=0.05, timeout=0.05),
        reconnect=Reconnect(enabled=False),
        outbox_bytes=64_000_000,
    )
    client = Client(plain.url, options=options)
    for _ in range(EVENTS):
        await client.publish("agent_status", BUSY | {"reason": "x" * 1_000})
    client.start()
    stopped = await until(client, lambda s: s.phase == "stopped")
    assert "stale" in (stopped.reason or "")
    assert len((await plain.line()).events()) < EVENTS
    await client.close()


async def test_what_a_crash_left_behind_is_published_by_the_next_process(
    v1: Peer, tmp_path: Path
) -> None:
    options = replace(FAST, outbox_file=tmp_path / "outbox.db")
    crashed = Client("ws://127.0.0.1:1/ws", options=options)
    ids = [await crashed.publish("agent_status", BUSY) for _ in range(3)]
    with pytest.raises(OutboxError, match="in use by another process"):
        Client(v1.url, options=options)
    await crashed.close()
    async with Client(v1.url, options=options) as client:
        ids.append(await client.publish("agent_status", BUSY))
        assert await client.flush(5)
        line = await v1.line()
        assert [m["id"] for m in line.events()] == ids
    async with Client(v1.url, options=options) as client:
        assert await client.flush(0.1)
