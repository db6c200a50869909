"""What every process holds of a stream: its ring, and its newest state."""

import pytest

from tests.support.frames import draft, log, status
from tui.server.brokers import Stored
from tui.server.brokers.newest import NewestState
from tui.server.brokers.ring import Ring


def stored(offset: int, raw: bytes, time: float = 0.0) -> Stored:
    one = draft(raw)
    return Stored(offset, one.type, one.topic, one.key, time, one.kept)


def ring_of(capacity: int, count: int, last: int = 0) -> Ring:
    ring = Ring(capacity, last)
    for offset in range(last + 1, last + count + 1):
        ring.append(stored(offset, log(f"e-{offset}", message="x" * 1000), float(offset)))
    return ring


def test_a_ring_is_bounded_by_bytes_and_says_where_it_begins() -> None:
    ring = ring_of(20_000, 100)
    page = ring.read(0, 10**9)
    assert page.first == ring.first > 1
    assert [one.offset for one in page.events] == list(range(ring.first, 101))
    assert sum(one.size for one in page.events) <= 20_000
    assert len(page.events) >= 10


def test_a_ring_may_go_on_from_any_offset() -> None:
    empty = ring_of(20_000, 0, last=41)
    assert (empty.first, empty.last, list(empty.read(0, 1).events)) == (42, 41, [])
    ring = ring_of(20_000, 2, last=41)
    assert [one.offset for one in ring.read(0, 10**9).events] == [42, 43]


def test_a_ring_with_no_room_for_its_newest_event_is_empty() -> None:
    ring = ring_of(100, 3)
    assert (ring.first, ring.last) == (4, 3)
    assert list(ring.read(2, 10**9).events) == []


@pytest.mark.parametrize(("moment", "before"), [(0, None), (1, None), (1.5, 1), (2, 1), (99, 3)])
def test_a_ring_knows_what_is_from_before_a_moment(moment: float, before: int | None) -> None:
    assert ring_of(10**6, 3).since(moment) == before


def test_state_is_bounded_by_bytes() -> None:
    state = NewestState(capacity=1000, size=20_000, age=10)
    for n in range(1, 101):
        agent = "kept" if n % 2 == 0 else f"agent-{n}"
        state.put(stored(n, status(f"e-{n}", agent, "x" * 1000)))
    kept = state.present(now=1)
    assert kept[-1].key == "kept"
    assert 5 <= len(kept) <= 15
    assert sum(one.size for one in kept) <= 20_000
    assert [one.offset for one in kept] == [*range(101 - 2 * len(kept) + 2, 100, 2), 100]


def test_state_has_its_room_again_for_what_leaves_in_time() -> None:
    state = NewestState(capacity=1000, size=3_500, age=10)
    for n in range(10):
        state.put(stored(n, status(f"e-{n}", f"agent-{n}", "x" * 1000), time=float(n)))
    assert len(state.present(now=9)) == 2
    assert state.present(now=30) == []
    for n in (10, 11):
        state.put(stored(n, status(f"e-{n}", f"agent-{n}", "x" * 1000), time=30.0))
    assert [one.offset for one in state.present(now=30)] == [10, 11]


def test_state_without_a_key_is_not_kept() -> None:
    state = NewestState(capacity=2, size=10**6, age=10)
    state.put(stored(1, log("e-1")))
    assert state.present(now=1) == []


def test_state_from_a_time_to_come_counts_from_when_it_was_seen() -> None:
    state = NewestState(capacity=9, size=10**6, age=10)
    state.put(stored(1, status("e-1", "a"), time=1000.0))
    state.put(stored(2, status("e-2", "b"), time=1000.0))
    assert len(state.present(now=5)) == 2
    state.put(stored(3, status("e-3", "b"), time=6.0))
    assert [one.offset for one in state.present(now=14.9)] == [1, 3]
    assert [one.offset for one in state.present(now=15)] == [3]
    assert state.present(now=16) == []
