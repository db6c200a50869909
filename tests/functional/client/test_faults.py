"""What a person sees of each thing that a network does: the status, its reason, and the end."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from random import Random

import pytest

from tests.functional.client.conftest import BUSY, FAST, Seen, busy, until
from tests.functional.client.peer import Peer
from tests.support.proxy import Link, Proxy
from tui.client import Client, ClientOptions, ConnectionStatus, Heartbeat, Reconnect

QUICK = ClientOptions(
    reconnect=FAST.reconnect,
    heartbeat=Heartbeat(interval=0.1, timeout=0.1),
    open_timeout=0.3,
    close_timeout=0.1,
)
"""The same client, which soon takes silence for the end."""
SLOW = 10_000
"""Bytes a second."""
BEARING = replace(QUICK, heartbeat=Heartbeat(interval=0.3, timeout=0.5))
"""It bears a silence of 0.8 s: more than this process may lose its processor for."""


class Longest(Random):
    """Of the times that there are to wait, the longest."""

    def uniform(self, a: float, b: float) -> float:
        return max(a, b)


@pytest.fixture
async def proxy(v1: Peer) -> AsyncIterator[Proxy]:
    async with Proxy("127.0.0.1", v1.port) as proxy:
        yield proxy


def url(proxy: Proxy) -> str:
    return f"ws://127.0.0.1:{proxy.port}/ws"


def blackhole(link: Link) -> None:
    for flow in link.flows:
        flow.vanishes = True


@pytest.mark.parametrize(
    "fault",
    [
        Link.reset,
        lambda link: link.to_client.finish(),
        lambda link: link.to_server.finish(),
        lambda link: [flow.finish() for flow in link.flows],
    ],
    ids=["RST", "FIN to the client", "FIN to the server", "FIN to both"],
)
async def test_a_connection_that_ends_without_a_word_is_said_to_be_lost(
    proxy: Proxy, fault: Callable[[Link], object]
) -> None:
    statuses: list[ConnectionStatus] = []
    async with Client(url(proxy), options=FAST) as client:
        client.on_status(statuses.append)
        fault(proxy.links[0])
        await until(client, lambda s: s.phase == "waiting")
        await until(client, lambda s: s.phase == "live")
    [waiting] = [s for s in statuses if s.phase == "waiting"]
    assert waiting.reason == "the connection was lost"


@pytest.mark.parametrize(
    "fault",
    [
        blackhole,
        lambda link: setattr(link.to_client, "vanishes", True),
        lambda link: setattr(link.to_server, "vanishes", True),
        lambda link: link.to_client.stall(),
    ],
    ids=["both ways", "to the client", "to the server", "held up"],
)
async def test_a_link_that_says_nothing_any_more_is_found_to_be_stale(
    proxy: Proxy, fault: Callable[[Link], object]
) -> None:
    loop = asyncio.get_running_loop()
    async with Client(url(proxy), options=QUICK) as client:
        await until(client, lambda s: s.round_trip is not None)
        fault(proxy.links[0])
        begun = loop.time()
        waiting = await until(client, lambda s: s.phase == "waiting")
        # The silence of 0.2 s, and the close frame that nobody answers (0.1 s).
        assert loop.time() - begun < 10
        assert waiting.reason == "stale: nothing was heard for 0.2 s"
        await until(client, lambda s: s.phase == "live")


async def test_a_handshake_that_vanishes_is_given_up_and_tried_again(proxy: Proxy) -> None:
    proxy.on_link = blackhole
    client = Client(url(proxy), options=QUICK)
    client.start()
    waiting = await until(client, lambda s: s.phase == "waiting")
    assert waiting.reason == f"{url(proxy)} did not answer within 0.3 s"
    proxy.on_link = lambda _: None
    await client.connect()
    await client.close()


async def test_a_slow_link_is_live_and_loses_nothing(proxy: Proxy, v1: Peer) -> None:
    seen = Seen()
    async with Client(url(proxy), options=BEARING) as client:
        client.on("*", seen)
        statuses: list[ConnectionStatus] = []
        client.on_status(statuses.append)
        line = await v1.line()
        proxy.links[0].to_client.rate = SLOW
        # It takes a second: longer than the silence that is borne.
        ids = [f"e{n}" for n in range(100)]
        await line.send(*(busy(id_) for id_ in ids))
        assert await seen.ids(100) == ids
        assert {s.phase for s in statuses} <= {"live"}


async def test_a_frame_that_takes_its_time_is_no_silence(proxy: Proxy, v1: Peer) -> None:
    seen = Seen()
    async with Client(url(proxy), options=BEARING) as client:
        client.on("*", seen)
        statuses: list[ConnectionStatus] = []
        client.on_status(statuses.append)
        proxy.links[0].to_client.rate = SLOW
        large = busy("e1") | {"padding": "x" * 12_000}  # 1.2 s, where 0.8 s are borne
        await (await v1.line()).send(large)
        assert await seen.ids(1) == ["e1"]
        assert {s.phase for s in statuses} <= {"live"}


async def test_bytes_that_come_one_by_one_are_read_like_any_others(proxy: Proxy, v1: Peer) -> None:
    seen = Seen()

    def split(link: Link) -> None:
        for flow in link.flows:
            flow.piece = lambda: 1

    proxy.on_link = split
    async with Client(url(proxy), options=FAST) as client:
        client.on("*", seen)
        line = await v1.line()
        await line.send(busy("e1", offset=1), busy("e2", offset=2))
        assert await seen.ids(2) == ["e1", "e2"]
        id_ = await client.publish("agent_status", BUSY)
        assert await client.flush(5)
        assert [m["id"] for m in line.events()] == [id_]
        assert client.invalid == 0


async def test_of_a_frame_that_is_cut_nothing_is_handled_and_it_comes_again_whole(
    proxy: Proxy, v1: Peer
) -> None:
    v1.positions = {"agent": {"epoch": "one", "offset": 0}}
    seen = Seen()
    async with Client(url(proxy), options=FAST) as client:
        client.on("*", seen)
        await client.subscribe("agent")
        first = await v1.line()
        await first.send(busy("e1", offset=1))
        await seen.count(1)
        proxy.links[0].to_client.cut(60)
        await first.send(busy("e2", offset=2))
        second = await v1.line(2)
        [again] = await second.take("subscribe")
        assert again["data"]["resume"] == {"agent": {"epoch": "one", "offset": 1}}
        await second.send(busy("e2", offset=2, replayed=True))
        assert await seen.ids(2) == ["e1", "e2"]
        assert client.invalid == 0


async def test_what_was_cut_on_its_way_out_is_sent_again_under_the_same_id(
    proxy: Proxy, v1: Peer
) -> None:
    async with Client(url(proxy), options=FAST) as client:
        first = await v1.line()
        await until(client, lambda s: s.round_trip is not None)
        proxy.links[0].to_server.cut(60)
        ids = [await client.publish("agent_status", BUSY) for _ in range(3)]
        assert await client.flush(5)
        second = await v1.line(2)
        assert first.events() == []
        assert [m["id"] for m in second.events()] == ids


async def test_a_port_that_refuses_is_named_and_found_when_it_listens_again(proxy: Proxy) -> None:
    proxy.refuse()
    client = Client(url(proxy), options=FAST)
    client.start()
    waiting = await until(client, lambda s: s.phase == "waiting")
    assert waiting.reason == f"cannot reach {url(proxy)}: Connection refused"
    await until(client, lambda s: s.attempt >= 3)
    await proxy.listen()
    await until(client, lambda s: s.phase == "live")
    await client.close()


async def test_who_accepts_and_closes_is_tried_no_oftener_than_the_back_off_says(
    proxy: Proxy,
) -> None:
    proxy.turns_away = True
    due: list[float] = []

    def note(status: ConnectionStatus) -> None:
        if status.phase == "waiting":
            due.append(status.retry_at or 0)

    options = ClientOptions(reconnect=Reconnect(delay=0.01, max_delay=0.08))
    client = Client(url(proxy), options=options, randomness=Longest())
    client.on_status(note)
    client.start()
    await until(client, lambda s: s.attempt >= 6)
    proxy.turns_away = False
    await until(client, lambda s: s.phase == "live")
    await client.close()
    came = proxy.accepted_at
    waits = [at - since for at, since in zip(due, came, strict=False)]
    ceilings = [0.01, 0.02, 0.04, 0.08, 0.08]
    assert all(wait >= least for wait, least in zip(waits, ceilings, strict=False))
    # Each try is one connection, and none comes before its time.
    assert len(came) == len(due) + 1
    assert all(at >= earliest - 0.001 for at, earliest in zip(came[1:], due, strict=True))
