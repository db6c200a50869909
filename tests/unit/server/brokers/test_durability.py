"""What is true of every broker that remembers."""

import json

import pytest

from tests.support.frames import log, status
from tests.unit.server.brokers.kinds import (
    WHOLE,
    Delivered,
    Kind,
    Times,
    positions,
    publish,
    whole,
)
from tests.unit.server.brokers.test_conformance import HOSTILE, alert
from tui.server.limits.sizes import Limits


async def test_everything_is_there_again(durable: Kind, times: Times) -> None:
    async with durable.open() as broker:
        delivered = Delivered(broker)
        await publish(broker, status("e-1", "a"), log("e-2"), alert("e-3"))
        times.go_on(10)
        await publish(broker, *(status(text, text) for text in HOSTILE))
        before = positions(broker)
        state = broker.snapshot("agent")
    for _ in range(2):
        async with durable.open() as broker:
            assert positions(broker) == before
            assert broker.snapshot("agent") == state
            agents = [one for one in delivered if one.topic.resource == "agent"]
            assert await whole(broker) == agents
            assert list((await broker.read("system", 0, WHOLE)).events) == [delivered[2]]
            assert await broker.since("agent", times.wall.now) == 2
            assert await broker.since("agent", times.wall.now + 1) == len(agents)
            assert await broker.since("agent", 0) == 0


async def test_offsets_go_on_and_reading_knows_no_seam(durable: Kind) -> None:
    for round_ in range(4):
        async with durable.open() as broker:
            await publish(broker, *(log(f"e-{round_}-{n}") for n in range(5)))
            ids = [json.loads(one.plain)["id"] for one in await whole(broker)]
            assert ids == [f"e-{r}-{n}" for r in range(round_ + 1) for n in range(5)]
            offsets = [one.offset for one in (await broker.read("agent", 2, WHOLE)).events]
            assert offsets == [*range(3, 3 + len(offsets))]


@pytest.mark.parametrize("set_back", [0.0, 3600.0])
async def test_an_id_is_remembered_for_as_long_as_before(
    durable: Kind, times: Times, set_back: float
) -> None:
    async with durable.open() as broker:
        await publish(broker, log("e-1"))
        times.go_on(200)
        await publish(broker, log("e-2"))
    times.wall.now -= set_back
    times.go_on(99)
    async with durable.open() as broker:
        await publish(broker, log("e-1"), log("e-2"))
        assert broker.position("agent").offset == 2
        times.go_on(2 if not set_back else 300)
        await publish(broker, log("e-1"))
        assert broker.position("agent").offset == 3


async def test_an_id_from_before_its_window_is_new(durable: Kind, times: Times) -> None:
    async with durable.open() as broker:
        await publish(broker, log("e-1"))
    times.go_on(301)
    async with durable.open() as broker:
        await publish(broker, log("e-1"))
        assert broker.position("agent").offset == 2


async def test_of_an_id_that_was_stored_twice_the_later_time_counts(
    durable: Kind, times: Times
) -> None:
    async with durable.open() as broker:
        await publish(broker, log("e-1"))
        times.go_on(310)
        times.wall.now -= 20  # so that by the file alone the first is not too old
        await publish(broker, log("e-1"))
    async with durable.open() as broker:
        times.go_on(100)
        await publish(broker, log("e-1"))
        assert broker.position("agent").offset == 2


async def test_restored_ids_are_bounded(durable: Kind) -> None:
    limits = Limits(dedupe_ids=10)
    async with durable.open() as broker:
        for n in range(20):
            await publish(broker, log(f"e-{n}"))
    async with durable.open(limits=limits) as broker:
        await publish(broker, log("e-19"), log("e-10"))
        assert broker.position("agent").offset == 20
        await publish(broker, log("e-0"))
        assert broker.position("agent").offset == 21


async def test_restored_state_leaves_in_its_time(durable: Kind, times: Times) -> None:
    async with durable.open() as broker:
        await publish(broker, status("e-1", "old"))
        times.go_on(23 * 3600)
        await publish(broker, status("e-2", "new"))
    times.go_on(2 * 3600)
    async with durable.open() as broker:
        assert [one.key for one in broker.snapshot("agent")] == ["new"]
    times.wall.now -= 10 * 24 * 3600
    async with durable.open() as broker:
        assert [one.key for one in broker.snapshot("agent")] == ["new"]
        times.go_on(25 * 3600)
        assert broker.snapshot("agent") == []


async def test_restored_state_is_bounded_as_it_was(durable: Kind) -> None:
    async with durable.open() as broker:
        order = ("a", "b", "a", "c")
        await publish(broker, *(status(f"e-{n}", agent) for n, agent in enumerate(order)))
    async with durable.open(limits=Limits(state_keys=2)) as broker:
        assert [one.key for one in broker.snapshot("agent")] == ["a", "c"]
