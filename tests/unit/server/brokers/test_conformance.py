"""What is true of every broker."""

import asyncio
import json
from collections.abc import Sequence
from functools import partial

import pytest

from tests.support.frames import draft, frame, log, status
from tests.unit.server.brokers.kinds import (
    WHOLE,
    Delivered,
    Kind,
    Times,
    positions,
    publish,
    whole,
)
from tui.protocol.catalog import RESOURCES
from tui.server.brokers import Outcome, Stored
from tui.server.limits.sizes import Limits


def metric(id_: str, agent: str) -> bytes:
    data = {"agentId": agent, "metrics": {"cpuUsage": 1}, "timestamp": 1}
    return frame("agent_metric", data, id_, timestamp=1)


def alert(id_: str) -> bytes:
    """An event of another stream."""
    data = {
        "alertId": "a",
        "severity": "low",
        "title": "t",
        "description": "d",
        "affectedComponents": [],
        "recommendedActions": [],
    }
    return frame("system_alert", data, id_, timestamp=1)


async def test_each_resource_counts_from_one_in_an_epoch_of_its_own(kind: Kind) -> None:
    async with kind.open() as broker:
        delivered = Delivered(broker)
        assert {offset for _, offset in positions(broker).values()} == {0}
        assert await publish(broker, log("e-1"), alert("e-2"), log("e-3")) == [None] * 3
        assert [(one.topic.resource, one.offset) for one in delivered] == [
            ("agent", 1),
            ("system", 1),
            ("agent", 2),
        ]
        assert broker.position("agent").offset == 2
        assert broker.position("github").offset == 0
        assert len({epoch for epoch, _ in positions(broker).values()}) == len(RESOURCES)


async def test_what_is_delivered_is_what_is_read(kind: Kind, times: Times) -> None:
    async with kind.open() as broker:
        delivered = Delivered(broker)
        await publish(broker, status("e-1"), log("e-2"))
        times.go_on(1)
        await publish(broker, status("e-3"))
        assert list((await broker.read("agent", 0, WHOLE)).events) == list(delivered)
        assert [one.time - times.wall.now for one in delivered] == [-1, -1, 0]
        assert [one.key for one in delivered] == ["coder-1", None, "coder-1"]
        assert broker.snapshot("agent") == delivered[2:]


async def test_an_event_keeps_its_bytes_and_its_unknown_fields(kind: Kind) -> None:
    async with kind.open() as broker:
        delivered = Delivered(broker)
        forged = {"offset": 99, "replayed": True, "conflated": 3, "team": "x"}
        sent = draft(log("e-1", metadata=forged, extra=[1]))
        await publish(broker, log("e-1", metadata=forged, extra=[1]))
        [one] = delivered
        assert one.plain == sent.kept
        plain, v1 = json.loads(one.plain), json.loads(one.v1)
        assert plain["metadata"] == {"team": "x"}
        assert v1["metadata"] == {"team": "x", "offset": 1}
        assert plain["extra"] == v1["extra"] == [1]


async def test_publishes_are_delivered_and_then_answered_in_their_order(kind: Kind) -> None:
    async with kind.open() as broker:
        happened: list[object] = []
        done = asyncio.Event()

        def deliver(events: Sequence[Stored]) -> None:
            happened.extend(("stored", one.offset) for one in events)

        def answer(number: int, outcomes: Sequence[Outcome]) -> None:
            happened.append(("answer", number, list(outcomes)))
            if number == 99:
                done.set()

        broker.deliver = deliver
        for number in range(100):
            broker.publish([draft(log(f"e-{number}"))], partial(answer, number))
        await done.wait()
        answers = [one for one in happened if one not in [("stored", n) for n in range(1, 101)]]
        assert answers == [("answer", number, [None]) for number in range(100)]
        for number in range(100):
            stored, answered = ("stored", number + 1), ("answer", number, [None])
            assert happened.index(stored) < happened.index(answered)


async def test_position_and_snapshot_are_those_of_what_was_delivered(kind: Kind) -> None:
    async with kind.open() as broker:

        def deliver(events: Sequence[Stored]) -> None:
            assert broker.position("agent").offset == events[-1].offset
            assert broker.snapshot("agent")[-1] == events[-1]
            seen.append(events[-1].offset)

        seen: list[int] = []
        broker.deliver = deliver
        await publish(broker, status("e-1"), status("e-2"))
        await publish(broker, status("e-3"))
        assert seen == [2, 3]


async def test_who_is_answered_may_publish_again_at_once(kind: Kind) -> None:
    async with kind.open() as broker:
        done = asyncio.Event()

        def go_on(number: int, outcomes: Sequence[Outcome]) -> None:
            assert list(outcomes) == [None]
            if number == 20:
                done.set()
            else:
                broker.publish([draft(log(f"e-{number}"))], partial(go_on, number + 1))

        broker.publish([draft(log("e-0"))], partial(go_on, 1))
        await done.wait()
        assert [json.loads(one.plain)["id"] for one in await whole(broker)] == [
            f"e-{number}" for number in range(20)
        ]


async def test_a_publish_of_nothing_is_answered_too(kind: Kind) -> None:
    async with kind.open() as broker:
        assert await publish(broker) == []
        assert broker.healthy
        assert broker.lag == 0


async def test_an_id_is_stored_once_within_its_window(kind: Kind, times: Times) -> None:
    async with kind.open(limits=Limits(dedupe_age=300)) as broker:
        delivered = Delivered(broker)
        assert await publish(broker, log("e-1"), log("e-1")) == [None, None]
        times.go_on(200)
        assert await publish(broker, log("e-1")) == [None]  # which does not prolong it
        times.go_on(99)
        assert await publish(broker, log("e-1"), alert("e-1")) == [None, None]
        assert [one.offset for one in delivered] == [1]
        times.go_on(2)
        assert await publish(broker, log("e-1")) == [None]
        assert [one.offset for one in delivered] == [1, 2]


async def test_an_id_under_way_is_not_stored_twice(kind: Kind) -> None:
    async with kind.open() as broker:
        delivered = Delivered(broker)
        first = asyncio.ensure_future(publish(broker, log("e-1"), log("e-2")))
        then = asyncio.ensure_future(publish(broker, log("e-2"), log("e-3")))
        assert await first == await then == [None, None]
        assert [json.loads(one.plain)["id"] for one in delivered] == ["e-1", "e-2", "e-3"]


@pytest.mark.parametrize("set_back", [10.0, 3600.0, 10**8])
async def test_a_clock_that_is_set_back_neither_keeps_ids_for_ever_nor_forgets_them(
    kind: Kind, times: Times, set_back: float
) -> None:
    async with kind.open() as broker:
        await publish(broker, log("e-1"))
        times.wall.now -= set_back
        times.go_on(299)
        await publish(broker, log("e-1"))
        assert broker.position("agent").offset == 1
        times.go_on(2)
        await publish(broker, log("e-1"))
        assert broker.position("agent").offset == 2


async def test_remembered_ids_are_bounded(kind: Kind) -> None:
    async with kind.open(limits=Limits(dedupe_ids=10)) as broker:
        for n in range(20):
            await publish(broker, log(f"e-{n}"))
        await publish(broker, log("e-19"), log("e-10"))
        assert broker.position("agent").offset == 20
        await publish(broker, log("e-0"))
        assert broker.position("agent").offset == 21


async def test_history_is_read_in_pages_of_at_least_one_event(kind: Kind) -> None:
    async with kind.open() as broker:
        await publish(broker, *(log(f"e-{n}") for n in range(10)))
        size = len((await broker.read("agent", 0, 1)).events[0].plain)
        assert [e.offset for e in (await broker.read("agent", 3, 1)).events] == [4]
        assert [e.offset for e in (await broker.read("agent", 3, 3 * size + 5)).events] == [4, 5, 6]
        assert list((await broker.read("agent", 10, WHOLE)).events) == []
        assert list((await broker.read("agent", 99, WHOLE)).events) == []
        assert list((await broker.read("github", 0, WHOLE)).events) == []


async def test_a_page_begins_after_the_offset_or_says_what_is_lost(kind: Kind) -> None:
    async with kind.open(ring_bytes=20_000) as broker:
        for n in range(0, 100, 5):
            await publish(broker, *(log(f"e-{m}", message="x" * 1000) for m in range(n, n + 5)))
        for after in range(100):
            page = await broker.read("agent", after, 3000)
            begin = max(after + 1, page.first)
            offsets = [one.offset for one in page.events]
            assert offsets == [*range(begin, begin + len(offsets))]
            assert 1 <= len(offsets) <= 2
            assert page.first <= 95


async def test_a_page_holds_nothing_that_was_not_delivered(kind: Kind) -> None:
    async with kind.open(ring_bytes=2_000) as broker:
        delivered = Delivered(broker)
        answers = [
            asyncio.ensure_future(publish(broker, *(log(f"e-{n}-{m}") for m in range(20))))
            for n in range(20)
        ]
        while not all(answer.done() for answer in answers):
            page = await broker.read("agent", 0, WHOLE)
            head = broker.position("agent").offset
            assert len(delivered) == head
            assert all(one.offset <= head for one in page.events)
            await asyncio.sleep(0)  # the publishers' turn
        await asyncio.gather(*answers)


async def test_history_is_found_by_time(kind: Kind, times: Times) -> None:
    async with kind.open(ring_bytes=1500) as broker:
        begin = times.wall.now
        for n in range(4):
            await publish(broker, log(f"e-{n}"))
            times.go_on(10)
        kept = (await broker.read("agent", 0, 1)).first
        found = [await broker.since("agent", begin + after) for after in (-5, 0, 5, 10, 25, 99)]
        assert found == [max(kept - 1, offset) for offset in (0, 0, 1, 1, 3, 4)]
        assert await broker.since("github", begin) == 0


async def test_history_since_a_time_is_right_though_the_clock_was_set_back(
    kind: Kind, times: Times
) -> None:
    async with kind.open() as broker:
        begin = times.wall.now
        await publish(broker, log("e-1"), log("e-2"))
        times.wall.now -= 3600
        await publish(broker, log("e-3"))
        times.go_on(60)
        await publish(broker, log("e-4"))
        assert await broker.since("agent", times.wall.now - 30) == 3
        assert await broker.since("agent", times.wall.now - 61) == 0
        assert await broker.since("agent", begin + 1) == 4


async def test_state_holds_the_newest_of_each_key_by_rising_offset(kind: Kind) -> None:
    async with kind.open() as broker:
        order = ("a", "b", "a", "c", "b")
        await publish(broker, *(status(f"e-{n}", agent) for n, agent in enumerate(order)))
        await publish(broker, log("e-9"))
        assert [(one.key, one.offset) for one in broker.snapshot("agent")] == [
            ("a", 3),
            ("c", 4),
            ("b", 5),
        ]
        assert broker.snapshot("github") == []


async def test_the_longest_untouched_key_makes_room_for_a_new_one(kind: Kind) -> None:
    async with kind.open(limits=Limits(state_keys=2)) as broker:
        order = ("a", "b", "a", "c")
        await publish(broker, *(status(f"e-{n}", agent) for n, agent in enumerate(order)))
        assert [one.key for one in broker.snapshot("agent")] == ["a", "c"]


async def test_no_key_makes_room_for_one_of_another_type(kind: Kind) -> None:
    async with kind.open(limits=Limits(state_keys=2)) as broker:
        await publish(broker, status("e-1", "a"), status("e-2", "b"))
        await publish(broker, *(metric(f"m-{agent}", agent) for agent in "abcd"))
        found = [(one.type, one.key) for one in broker.snapshot("agent")]
        assert found == [
            *(("agent_status", key) for key in "ab"),
            *(("agent_metric", key) for key in "cd"),
        ]


async def test_what_was_not_heard_of_for_a_day_leaves_the_state(kind: Kind, times: Times) -> None:
    async with kind.open() as broker:
        await publish(broker, status("e-1", "old"), status("e-2", "kept"))
        times.go_on(23 * 3600)
        await publish(broker, status("e-3", "kept"))
        times.go_on(2 * 3600)
        assert [one.key for one in broker.snapshot("agent")] == ["kept"]


HOSTILE = (
    "\u0000",
    "a\u0000b",
    "\u001f",
    "x" * 128,
    "\U0001f600" * 128,
    "'; DROP TABLE segment; --",
    '"],["',
    "\u202e\u2028\ufeff",
    "ﷺ e\u0301",
    "*",
    "agent:coder-1:status",
)


async def test_ids_and_keys_may_be_whatever_they_like(kind: Kind) -> None:
    async with kind.open(ring_bytes=0) as broker:
        delivered = Delivered(broker)
        raws = [status(text, text) for text in HOSTILE]
        assert await publish(broker, *raws) == [None] * len(raws)
        assert await publish(broker, *raws) == [None] * len(raws)
        assert [one.key for one in delivered] == list(HOSTILE)
        assert [one.topic.id for one in delivered] == list(HOSTILE)
        assert broker.snapshot("agent") == delivered
        page = await broker.read("agent", 0, WHOLE)
        assert list(page.events) == delivered[page.first - 1 :]


async def test_an_event_may_be_large_and_laid_out_in_lines(kind: Kind) -> None:
    async with kind.open(ring_bytes=0) as broker:
        delivered = Delivered(broker)
        large = log("e-1", message="x" * 200_000)
        lines = json.dumps(json.loads(log("e-2")), indent="\r\n\t ").encode()
        await publish(broker, large, lines, log("e-3", message=',"{]'))
        assert [json.loads(one.plain)["id"] for one in delivered] == ["e-1", "e-2", "e-3"]
        page = await broker.read("agent", 0, WHOLE)
        assert list(page.events) == delivered[page.first - 1 :]
