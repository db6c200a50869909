import asyncio
import gzip
import json
import logging
from time import perf_counter
from typing import Any

import pytest

from tests.functional.client.conftest import BUSY, FAST, Seen, busy, until
from tests.functional.client.peer import Peer
from tui.client import Client, ClientOptions, Gap, Heartbeat, Reconnect
from tui.protocol.models import UnknownMessage


async def test_handlers_hear_by_type_by_topic_and_of_everything(plain: Peer) -> None:
    by_type, by_topic, every, alerts = Seen(), Seen(), Seen(), Seen()
    async with Client(plain.url, options=FAST) as client:
        client.on("agent_status", by_type)
        client.on("agent:status", by_topic)
        client.on("*", every)
        client.on("system_alert", alerts)
        line = await plain.line()
        strange = [{"type": type_, "data": {"x": 1}} for type_ in ("brand_new", "*")]
        await line.send(busy("e1"), *strange, busy("e2"))
        await every.count(4)
        assert [type(e) is UnknownMessage for e in every.items] == [False, True, True, False]
        assert await by_type.ids(2) == await by_topic.ids(2) == ["e1", "e2"]
        assert alerts.items == []
        assert client.received == 2


async def test_no_more_calls_after_off(plain: Peer) -> None:
    seen, every = Seen(), Seen()
    async with Client(plain.url, options=FAST) as client:
        end = client.on("agent_status", seen)
        client.on("*", every)
        line = await plain.line()
        await line.send(busy("e1"))
        await every.count(1)
        end()
        await line.send(busy("e2"))
        await every.count(2)
        assert await seen.ids(1) == ["e1"]


async def test_batches_and_gzip_are_read_and_bad_members_counted(plain: Peer) -> None:
    seen = Seen()
    async with Client(plain.url, options=FAST) as client:
        client.on("*", seen)
        line = await plain.line()
        await line.send_raw(json.dumps([busy("e1"), {"type": "agent_status"}, busy("e2")]))
        await line.send_raw("\x1b[31mnot json")
        await line.send_raw(b"\x00\x01")
        await line.send_raw(gzip.compress(json.dumps(busy("e3")).encode()))
        assert await seen.ids(3) == ["e1", "e2", "e3"]
        assert client.invalid == 3
        assert client.status.phase == "live"


async def test_a_handler_can_tell_how_large_an_event_is(plain: Peer) -> None:
    seen, sizes = Seen(), []
    async with Client(plain.url, options=FAST) as client:
        client.on("*", lambda _: sizes.append(client.event_size))
        client.on("*", seen)
        line = await plain.line()
        one, pair = json.dumps(busy("e1")), json.dumps([busy("e2"), busy("e3")])
        await line.send_raw(one)
        await line.send_raw(gzip.compress(pair.encode()))
        await seen.count(3)
        assert sizes == [len(one), len(pair) // 2, len(pair) // 2]


async def test_a_handler_that_raises_is_logged_by_event_and_stops_nothing(
    plain: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    seen = Seen()

    def broken(event: Any) -> None:
        raise RuntimeError(f"no use for {event.id}")

    async def broken_later(event: Any) -> None:
        raise RuntimeError(f"later no use for {event.id}")

    async def cancelled(_: Any) -> None:
        """As by a task that somebody else has ended."""
        raise asyncio.CancelledError

    async with Client(plain.url, options=FAST) as client:
        client.on("agent_status", broken)
        client.on("agent_status", broken_later)
        client.on("agent_status", cancelled)
        client.on("*", seen)
        line = await plain.line()
        await line.send(busy("e1"), busy("e2"))
        assert await seen.ids(2) == ["e1", "e2"]
    errors = [r.getMessage() for r in caplog.records if r.levelno == logging.ERROR]
    assert len(errors) == 6
    assert errors[0].endswith("broken failed on agent_status e1")


async def test_a_slow_handler_slows_the_reading_but_not_the_loop_nor_the_heartbeat(
    plain: Peer,
) -> None:
    """The queue is full, nothing is read, and yet the link is not taken for dead."""
    options = ClientOptions(
        reconnect=Reconnect(enabled=False),
        heartbeat=Heartbeat(interval=0.02, timeout=0.8),
        queue_bytes=1000,
    )
    go_on, begun, done = asyncio.Event(), asyncio.Event(), asyncio.Event()
    handled: list[str] = []

    async def slow(event: Any) -> None:
        begun.set()
        await go_on.wait()
        handled.append(event.id)
        if len(handled) == 200:
            done.set()

    async with Client(plain.url, options=options) as client:
        client.on("*", slow)
        line = await plain.line()
        await line.send_raw(json.dumps([busy(f"e{n}") for n in range(20)]))
        await begun.wait()
        await line.send(*(busy(f"e{n}") for n in range(20, 200)))
        # Pings go out all the time, and that time is longer than the silence allowed.
        pings = len(line.of_type("ping"))
        await line.take("ping", pings + 45)
        assert client.status.phase == "live"
        assert client.received < 200
        go_on.set()
        await done.wait()
        assert handled == [f"e{n}" for n in range(200)]


@pytest.mark.parametrize("shape", ["one frame", "many frames at once"])
async def test_a_screen_on_the_same_loop_gets_its_turns_under_load(plain: Peer, shape: str) -> None:
    turns = 0
    seen_at: list[int] = []
    done = asyncio.Event()

    def work(_: Any) -> None:
        seen_at.append(turns)
        begun = perf_counter()
        while perf_counter() - begun < 0.0001:
            pass
        if len(seen_at) == 800:
            done.set()

    async def screen() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async with Client(plain.url, options=FAST) as client:
        client.on("*", work)
        line = await plain.line()
        drawing = asyncio.create_task(screen())
        events = [busy(f"e{n}") for n in range(800)]
        if shape == "one frame":
            await line.send_raw(json.dumps(events))
        else:
            line.send_at_once(*events)
        await done.wait()
        drawing.cancel()
        assert len(set(seen_at)) >= 3


async def test_what_came_before_a_close_is_still_delivered(plain: Peer) -> None:
    """The writer learns of the end first; the reader was waiting for a slow handler."""
    options = ClientOptions(reconnect=Reconnect(delay=0.001), queue_bytes=1)
    go_on, begun = asyncio.Event(), asyncio.Event()
    seen = Seen()

    async def slow(event: Any) -> None:
        begun.set()
        await go_on.wait()
        await seen(event)

    async with Client(plain.url, options=options) as client:
        client.on("*", slow)
        line = await plain.line()
        for number in range(8):  # batches are taken one at a time
            await line.send_raw(json.dumps([busy(f"e{number}")]))
        await begun.wait()
        await line.close()
        await client.publish("agent_status", BUSY)
        await line.ended()
        assert not await client.flush(0.05)
        go_on.set()
        assert await seen.ids(8) == [f"e{n}" for n in range(8)]
        assert await client.flush(5)


async def test_a_stale_link_is_found_and_left(plain: Peer) -> None:
    plain.pongs = False
    options = ClientOptions(
        reconnect=Reconnect(delay=0.001),
        heartbeat=Heartbeat(interval=0.02, timeout=0.02),
        close_timeout=0.05,
    )
    client = Client(plain.url, options=options)
    await client.connect()
    waiting = await until(client, lambda s: s.phase == "waiting")
    assert "stale: nothing was heard for 0.04 s" in (waiting.reason or "")
    plain.pongs = True
    await plain.line(2)
    await until(client, lambda s: s.phase == "live" and s.round_trip is not None)
    await client.close()


async def test_a_stale_link_is_found_after_the_handlers_were_behind(plain: Peer) -> None:
    plain.pongs = False
    options = ClientOptions(
        reconnect=Reconnect(delay=0.001),
        heartbeat=Heartbeat(interval=0.05, timeout=0.6),
        close_timeout=0.05,
        queue_bytes=1,
    )
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(_: Any) -> None:
        begun.set()
        await go_on.wait()

    client = Client(plain.url, options=options)
    client.on("*", slow)
    await client.connect()
    line = await plain.line()
    for number in range(2):  # the second is not taken, and so the reading pauses
        await line.send_raw(json.dumps([busy(f"e{number}")]))
    await begun.wait()
    await line.take("ping", 15)  # in more time than a silence is borne
    assert client.status.phase == "live"
    go_on.set()
    waiting = await until(client, lambda s: s.phase == "waiting")
    assert "stale" in (waiting.reason or "")
    await client.close()


async def test_a_feed_that_never_answers_a_ping_is_alive_as_long_as_it_sends(plain: Peer) -> None:
    plain.pongs = False
    options = ClientOptions(
        reconnect=Reconnect(enabled=False), heartbeat=Heartbeat(interval=0.05, timeout=0.8)
    )
    async with Client(plain.url, options=options) as client:
        line = await plain.line()
        seen = Seen()
        client.on("*", seen)
        # These pings take longer than the silence allowed; an event follows each.
        for number in range(20):
            await line.take("ping", number + 1)
            await line.send(busy(f"e{number}"))
        await seen.count(20)
        assert client.status.phase == "live"
        assert client.status.round_trip is None


async def test_v1_resumes_from_the_cursor_and_delivers_nothing_twice(v1: Peer) -> None:
    v1.positions = {"agent": {"epoch": "one", "offset": 0}}
    seen, gaps = Seen(), Seen()
    async with Client(v1.url, options=FAST) as client:
        client.on("*", seen)
        client.on("gap", gaps)
        await client.subscribe("agent")
        first = await v1.line()
        await first.take("subscribe")
        await first.send(*(busy(f"e{n}", offset=n) for n in (1, 2, 3)))
        await seen.count(3)
        first.reset()
        second = await v1.line(2)
        [again] = await second.take("subscribe")
        assert again["data"]["resume"] == {"agent": {"epoch": "one", "offset": 3}}
        lost = {"status": "gap", "resource": "agent", "lost": {"from": 5, "to": 9}}
        await second.send(
            busy("e3", offset=3, replayed=True),
            busy("e4", offset=4, replayed=True),
            {"type": "subscription_update", "data": lost},
            busy("e10", offset=10),
        )
        assert await seen.ids(5) == ["e1", "e2", "e3", "e4", "e10"]
        assert await gaps.count(1) == [Gap("agent", 5, 9)]


async def test_a_snapshot_reaches_the_same_handlers(v1: Peer) -> None:
    seen = Seen()
    async with Client(v1.url, options=FAST) as client:
        client.on("agent:status", seen)
        await client.subscribe("agent")
        line = await v1.line()
        await line.take("subscribe")
        page: dict[str, Any] = {
            "status": "snapshot",
            "resource": "agent",
            "epoch": "one",
            "offset": 7,
        }
        pages: list[dict[str, Any]] = [
            {"state": [busy("s1", offset=4)], "more": True},
            {"state": []},
        ]
        for part in pages:
            await line.send({"type": "subscription_update", "data": page | part})
        await line.send(busy("live", offset=8))
        assert await seen.ids(2) == ["s1", "live"]


async def test_a_handler_may_close_the_client_and_another_go_on_later(plain: Peer) -> None:
    client = Client(plain.url, options=FAST)
    closed = asyncio.Event()
    seen = Seen()

    async def enough(event: Any) -> None:
        await seen(event)
        await client.close()
        closed.set()

    client.on("agent_status", enough)
    await client.connect()
    line = await plain.line()
    await line.send_raw(json.dumps([busy("e1"), busy("e2")]))
    await closed.wait()
    await line.ended()
    assert client.status.phase == "stopped"
    assert await seen.ids(1) == ["e1"]
    client.off("agent_status", enough)
    client.on("agent_status", seen)
    await client.connect()
    assert await seen.ids(2) == ["e1", "e2"]
    await client.close()


async def test_a_handler_may_close_the_client_and_start_it_again(plain: Peer) -> None:
    client = Client(plain.url, options=FAST)
    seen = Seen()

    async def restart(event: Any) -> None:
        await seen(event)
        if event.id == "e1":
            await client.close()
            client.start()

    client.on("agent_status", restart)
    await client.connect()
    await (await plain.line()).send(busy("e1"))
    await (await plain.line(2)).send(busy("e2"))
    assert await seen.ids(2) == ["e1", "e2"]
    await client.close()


async def test_a_handler_may_publish_and_subscribe(v1: Peer) -> None:
    async with Client(v1.url, options=FAST) as client:

        async def reply(event: Any) -> None:
            await client.subscribe("tdd", event.data.agent_id)
            await client.publish("agent_status", BUSY, correlation_id=event.id)

        client.on("agent_status", reply)
        line = await v1.line()
        await line.send(busy("e1"))
        await line.take("subscribe")
        [answer] = await line.take("agent_status")
        assert answer["metadata"]["correlationId"] == "e1"


async def test_a_status_callback_that_was_ended_is_called_no_more(plain: Peer) -> None:
    client = Client(plain.url, options=FAST)
    statuses: list[object] = []
    end, _ = client.on_status(statuses.append), client.on_status(statuses.append)
    end()
    end()
    await client.connect()
    await client.close()
    assert statuses
    assert len(statuses) == len(set(statuses))


async def test_a_status_callback_that_fails_stops_nothing(plain: Peer) -> None:
    client = Client(plain.url, options=FAST)

    def broken(_: object) -> None:
        raise RuntimeError

    def cancelled(_: object) -> None:
        raise asyncio.CancelledError

    client.on_status(broken)
    client.on_status(cancelled)
    await client.connect()
    await client.close()
