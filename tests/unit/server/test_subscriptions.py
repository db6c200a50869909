"""The subscription index agrees with asking every filter in turn, at the price of a look-up."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.protocol.catalog import TYPE_OF
from tui.protocol.topics import Filter, Topic, glob_match
from tui.server import subscriptions
from tui.server.subscriptions import SubscriptionIndex

_ids = st.text("ab*:", min_size=1, max_size=4)
_events = st.sampled_from(
    ["status", "log", "agent_log", "agent_*", "*", "alert", "phase_change", "nonsense"]
)
_filters = st.builds(
    Filter,
    resource=st.sampled_from(["agent", "tdd", "system", "*", "a*", "nonsense"]),
    id=_ids,
    events=st.lists(_events, max_size=3).map(tuple),
)
_topics = st.builds(
    lambda pair, id_: Topic(pair[0], id_, pair[1]),
    st.sampled_from(sorted(TYPE_OF)),
    st.text("ab:", min_size=1, max_size=4),
)


@given(
    st.lists(st.tuples(st.integers(0, 4), _filters), max_size=12),
    st.data(),
    st.lists(_topics, min_size=1, max_size=8),
)
def test_it_finds_whom_a_naive_search_finds_each_once(
    added: list[tuple[int, Filter]], data: st.DataObject, topics: list[Topic]
) -> None:
    index: SubscriptionIndex[int] = SubscriptionIndex()
    for subscriber, filter_ in added:
        index.add(subscriber, filter_)
    kept = list(added)
    for removed in data.draw(
        st.lists(st.sampled_from(added), unique=True) if added else st.just([])
    ):
        kept.remove(removed)
        index.remove(*removed)
    for topic in topics:
        found = list(index.match(topic))
        assert sorted(found) == sorted({who for who, one in kept if one.matches(topic)})


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 3), _filters, _topics), max_size=15))
def test_what_was_found_before_is_no_longer_true_after_a_change(
    steps: list[tuple[bool, int, Filter, Topic]],
) -> None:
    index: SubscriptionIndex[int] = SubscriptionIndex()
    kept: list[tuple[int, Filter]] = []
    topics = {topic for *_, topic in steps}
    for adds, subscriber, filter_, _ in steps:
        if adds or not kept:
            index.add(subscriber, filter_)
            kept.append((subscriber, filter_))
        else:
            index.remove(*kept.pop(subscriber % len(kept)))
        for topic in topics:
            expected = sorted({who for who, one in kept if one.matches(topic)})
            assert sorted(index.match(topic)) == expected == sorted(index.match(topic))


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscriptions, "MAX_FOUND", 10)
    index: SubscriptionIndex[int] = SubscriptionIndex()
    for n in range(3):
        index.add(n, Filter("agent"))
    for n in range(100):
        assert sorted(index.match(Topic("agent", f"coder-{n}", "log"))) == [0, 1, 2]
        assert remembered(index) <= 10
        index.match(Topic("tdd", f"coder-{n}", "phase_change"))
        assert remembered(index) <= 10
    index.match(Topic("agent", "coder-" + "x" * 250, "log"))
    index.match(Topic("agent", "coder-1", "log"))
    assert remembered(index) == 1 + 3


def remembered(index: SubscriptionIndex[int]) -> int:
    """How much is remembered, in matches."""
    return sum(
        len(found) + 1 for pair in index._pairs.values() for id_, found in pair.found.items()
    )


def test_long_ids_take_the_room_of_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscriptions, "MAX_FOUND", 1000)
    index: SubscriptionIndex[int] = SubscriptionIndex()
    index.add(1, Filter("agent"))
    for n in range(1000):
        index.match(Topic("agent", f"{n:0256}", "log"))
        assert sum(len(id_) for pair in index._pairs.values() for id_ in pair.found) <= 8000


def test_a_change_leaves_what_other_types_have_found() -> None:
    index: SubscriptionIndex[int] = SubscriptionIndex()
    index.add(1, Filter("agent", events=("log",)))
    index.add(1, Filter("tdd", "coder-*"))
    log, phase = Topic("agent", "coder-1", "log"), Topic("tdd", "coder-1", "phase_change")
    found = index.match(log), index.match(phase)
    index.add(2, Filter("tdd"))
    assert index.match(log) is found[0]
    assert _sorted(index.match(phase)) == [1, 2]
    index.remove(2, Filter("tdd"))
    assert index.match(log) is found[0]
    assert _sorted(index.match(phase)) == [1]


def test_globs_that_begin_otherwise_cost_an_event_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    index: SubscriptionIndex[int] = SubscriptionIndex()
    for n in range(1000):
        index.add(n, Filter("agent", f"coder-{n}-*"))
    index.add(1000, Filter("agent", "*-x"))
    asked = []

    def ask(glob: str, id_: str) -> bool:
        asked.append(glob)
        return glob_match(glob, id_)

    monkeypatch.setattr(subscriptions, "glob_match", ask)
    assert _sorted(index.match(Topic("agent", "coder-7-x", "log"))) == [7, 1000]
    assert sorted(asked) == ["*-x", "coder-7-*"]


def test_other_ids_cost_an_event_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    index: SubscriptionIndex[int] = SubscriptionIndex()
    for n in range(1000):
        index.add(n, Filter("agent", f"coder-{n}"))
        index.add(n, Filter("tdd", f"coder-*-{n}"))
    asked = []
    monkeypatch.setattr(subscriptions, "glob_match", lambda *pair: asked.append(pair))
    assert _sorted(index.match(Topic("agent", "coder-7", "status"))) == [7]
    assert asked == []


def test_what_is_removed_leaves_nothing_behind() -> None:
    index: SubscriptionIndex[str] = SubscriptionIndex()
    everything = [Filter("agent", id_) for id_ in ("*", "coder-1", "coder-*", "coder-*-*", "*-1")]
    for filter_ in everything:
        index.add("reader", filter_)
    for filter_ in everything:
        index.remove("reader", filter_)
    for pair in index._pairs.values():
        assert (pair._any, pair._literal, pair._globs, pair._head_sizes) == ({}, {}, {}, {})


def _sorted(found: Iterable[int]) -> list[int]:
    return sorted(found)
