"""The memory broker: offsets, each event once, bounded history, bounded newest state."""

import json
from collections.abc import Sequence

import pytest

from tests.support.frames import draft, frame, log, status
from tui.protocol.errors import ErrorCode
from tui.server.brokers import Stored
from tui.server.brokers.memory import MemoryBroker
from tui.server.brokers.newest import NewestState
from tui.server.brokers.recent import RecentIds


class Clock:
    """Unix seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def test_each_resource_counts_from_one_in_an_epoch_of_its_own(clock: Clock) -> None:
    broker = MemoryBroker(clock=clock)
    delivered: list[Stored] = []
    broker.deliver = delivered.extend
    alert = {
        "alertId": "a",
        "severity": "low",
        "title": "t",
        "description": "d",
        "affectedComponents": [],
        "recommendedActions": [],
    }
    alerted = frame("system_alert", alert, "e-2", timestamp=1)
    await broker.publish([draft(log("e-1")), draft(alerted), draft(log("e-3"))])
    assert [(one.topic.resource, one.offset) for one in delivered] == [
        ("agent", 1),
        ("system", 1),
        ("agent", 2),
    ]
    assert broker.position("agent").offset == 2
    assert broker.position("github").offset == 0
    assert broker.position("agent").epoch != broker.position("system").epoch


async def test_both_layers_are_encoded_once_with_unknown_fields_kept(clock: Clock) -> None:
    broker = MemoryBroker(clock=clock)
    delivered: list[Stored] = []
    broker.deliver = delivered.extend
    forged = {"offset": 99, "replayed": True, "conflated": 3, "team": "x"}
    await broker.publish([draft(log("e-1", metadata=forged, extra=[1]))])
    plain, v1 = json.loads(delivered[0].plain), json.loads(delivered[0].v1)
    assert plain["metadata"] == {"team": "x"}
    assert v1["metadata"] == {"team": "x", "offset": 1}
    assert plain["extra"] == v1["extra"] == [1]


async def test_an_id_is_stored_once_within_its_window(clock: Clock) -> None:
    broker = MemoryBroker(clock=clock, dedupe_seconds=300)
    assert await broker.publish([draft(log("e-1")), draft(log("e-1"))]) == [None, None]
    clock.now += 299
    assert await broker.publish([draft(log("e-1"))]) == [None]
    assert broker.position("agent").offset == 1
    clock.now += 2
    await broker.publish([draft(log("e-1"))])
    assert broker.position("agent").offset == 2


async def test_what_cannot_be_encoded_is_refused_and_takes_no_offset(clock: Clock) -> None:
    broker = MemoryBroker(clock=clock)
    delivered: list[Stored] = []
    broker.deliver = delivered.extend
    endless = log("e-1").replace(b'"hello"', b'"hello", "context": 1e999')
    refusal, fine = await broker.publish([draft(endless), draft(log("e-2"))])
    assert fine is None
    assert refusal is not None
    assert (refusal.code, refusal.message_id) == (ErrorCode.INVALID_MESSAGE, "e-1")
    assert [one.offset for one in delivered] == [1]


async def test_history_is_bounded_by_bytes_and_says_where_it_begins(clock: Clock) -> None:
    broker = MemoryBroker(clock=clock, ring_bytes=20_000)
    await broker.publish([draft(log(f"e-{n}", message="x" * 1000)) for n in range(100)])
    page = await broker.read("agent", 0, 10**9)
    assert page.first > 1
    assert [one.offset for one in page.events] == list(range(page.first, 101))
    assert sum(len(one.plain) + len(one.v1) for one in page.events) <= 20_000
    assert len(page.events) >= 5


async def test_history_is_read_in_pages_of_at_least_one_event(clock: Clock) -> None:
    broker = MemoryBroker(clock=clock)
    await broker.publish([draft(log(f"e-{n}")) for n in range(10)])
    size = len((await broker.read("agent", 0, 1)).events[0].v1)
    assert [e.offset for e in (await broker.read("agent", 3, 1)).events] == [4]
    assert [e.offset for e in (await broker.read("agent", 3, 3 * size + 5)).events] == [4, 5, 6]
    assert (await broker.read("agent", 10, 10**9)).events == []


async def test_history_is_found_by_time(clock: Clock) -> None:
    broker = MemoryBroker(clock=clock)
    for n in range(3):
        await broker.publish([draft(log(f"e-{n}"))])
        clock.now += 10
    begin = clock.now - 30
    assert [await broker.since("agent", begin + after) for after in (-5, 0, 5, 10, 99)] == [
        0,
        0,
        1,
        1,
        3,
    ]


async def test_state_holds_the_newest_of_each_key_by_rising_offset(clock: Clock) -> None:
    broker = MemoryBroker(clock=clock)
    order = ("a", "b", "a", "c", "b")
    await broker.publish([draft(status(f"e-{n}", agent)) for n, agent in enumerate(order)])
    await broker.publish([draft(log("e-9"))])
    assert [(one.key, one.offset) for one in broker.snapshot("agent")] == [
        ("a", 3),
        ("c", 4),
        ("b", 5),
    ]


async def test_the_longest_untouched_key_makes_room_for_a_new_one(clock: Clock) -> None:
    broker = MemoryBroker(clock=clock, state_keys=2)
    order = ("a", "b", "a", "c")
    await broker.publish([draft(status(f"e-{n}", agent)) for n, agent in enumerate(order)])
    assert [one.key for one in broker.snapshot("agent")] == ["a", "c"]


async def test_state_is_bounded_by_bytes_too(clock: Clock) -> None:
    broker = MemoryBroker(clock=clock, state_bytes=20_000)
    for n in range(100):
        agent = "kept" if n % 2 else f"agent-{n}"
        await broker.publish([draft(status(f"e-{n}", agent, "x" * 1000))])
    state = broker.snapshot("agent")
    assert state[-1].key == "kept"
    assert [one.offset for one in state] == [*range(101 - 2 * len(state) + 2, 100, 2), 100]
    assert 5 <= len(state) <= 10
    assert sum(len(one.plain) + len(one.v1) for one in state) <= 20_000
    clock.now += 25 * 3600
    await broker.publish([draft(status("e-100", "new", "x" * 1000))])
    assert [one.key for one in broker.snapshot("agent")] == ["new"]


async def test_what_was_not_heard_of_for_a_day_leaves_the_state(clock: Clock) -> None:
    broker = MemoryBroker(clock=clock)
    await broker.publish([draft(status("e-1", "old")), draft(status("e-2", "kept"))])
    clock.now += 23 * 3600
    await broker.publish([draft(status("e-3", "kept"))])
    clock.now += 2 * 3600
    assert [one.key for one in broker.snapshot("agent")] == ["kept"]


def test_remembered_ids_are_bounded_and_the_oldest_go_first() -> None:
    ids = RecentIds(age=300, capacity=3)
    for n in range(5):
        ids.add(str(n), now=0)
    assert [ids.seen(str(n), now=1) for n in range(5)] == [False, False, True, True, True]


def test_remembered_ids_leave_in_time_without_new_ones() -> None:
    ids = RecentIds(age=300, capacity=10)
    for n in range(5):
        ids.add(str(n), now=0)
    for _ in range(3):
        assert not ids.seen("other", now=301)
    assert ids._seen == {}


def test_state_without_a_key_is_not_kept() -> None:
    state = NewestState(capacity=2, size=10**6, age=10)
    keyless: Sequence[Stored] = [
        Stored(1, "agent_log", draft(log("e")).topic, None, 0.0, b"{}", b"{}")
    ]
    for event in keyless:
        state.put(event)
    assert state.present(now=1) == []
