"""The time ribbon's store: bounded, in any order, and deaf to a wrong clock."""

import copy
import random
from typing import Any

import pytest

from tests.support.demo import story
from tests.support.events import START, event, log, phase, status
from tui.store import Store
from tui.store.deployments import Deployment
from tui.store.ribbon import BUCKETS, SESSION_GAP, Marker, Ribbon

HOUR = 3600.0
EDGE = 8.64e15


def fold(*events: Any) -> Ribbon:
    store = Store()
    for one in events:
        store.apply(one)
    return store.ribbon


def kinds(ribbon: Ribbon) -> list[tuple[str, int]]:
    return [(marker.kind, marker.times) for marker in ribbon.markers()]


def coverage(lines: float, at: float) -> Any:
    data = {"agentId": "a", "taskId": "t", "coverage": {"lines": lines}}
    return event("coverage_update", data, at)


def deployment(state: str, at: float) -> Any:
    data = {
        "deploymentId": "d",
        "environment": "staging",
        "status": state,
        "progress": 1.0,
        "components": [],
    }
    return event("deployment_status", data, at)


def ci(conclusion: str | None, at: float) -> Any:
    data = {
        "repository": "o/r",
        "workflow": "ci",
        "runId": 1,
        "status": "completed" if conclusion else "in_progress",
        "conclusion": conclusion,
    }
    return event("github_workflow_update", data, at)


def test_events_are_counted_where_they_happened() -> None:
    ribbon = fold(*(log("a", "x", at) for at in (0.0, 0.1, 0.2, 5.0, 9.9)))
    assert ribbon.events(START, 1000.0, 10) == [3, 0, 0, 0, 0, 1, 0, 0, 0, 1]
    assert ribbon.start == START


def test_phases_last_until_the_next_one() -> None:
    ribbon = fold(
        phase("a", "refactor", "red", 2),
        phase("b", "red", "green", 3),
        phase("a", "red", "green", 5),
        phase("a", "green", "refactor", 7),
        log("a", "x", 9),
    )
    assert ribbon.phases("a", START, 1000.0, 10) == "··RRRGGFFF"
    assert ribbon.phases("a", START + 6000, 1000.0, 4) == "GFFF", "known from before"
    assert ribbon.phases("b", START, 1000.0, 10) == "···GGGGGGG"
    assert ribbon.phases("nobody", START, 1000.0, 3) == "···"


def test_lanes_of_several_agents_keep_their_states_as_buckets_become_wider() -> None:
    ribbon = fold(
        status("a", "busy", 0),
        status("b", "anything", 0),
        phase("a", "", "red", 2),
        status("a", "blocked", 4),
        status("b", "idle", 6),
        log("b", "x", 9),
    )
    assert ribbon.lanes(("a", "b", "nobody"), START, 1000.0, 10) == [
        "wwRRbbbbbb",
        "wwwwwwiiii",
        "··········",
    ]
    assert ribbon.lanes(("a",), START + 6000, 1000.0, 3) == ["bbb"], "known from before"
    ribbon.count(START + 3 * HOUR * 1000)
    assert ribbon.lanes(("a", "b"), START, HOUR * 1000, 2) == ["bb", "ii"]


def test_what_stands_out_is_marked_once() -> None:
    ribbon = fold(
        status("a", "needs_input", 0),
        status("a", "needs_input", 1),
        status("a", "busy", 2),
        coverage(90.0, 3),
        coverage(90.0, 4),
        coverage(84.0, 5),
        coverage(91.0, 6),
        ci(None, 7),
        ci("failure", 8),
        ci("success", 9),
        deployment("in_progress", 10),
        deployment("completed", 11),
        deployment("failed", 12),
        status("a", "needs_input", 13),
    )
    once = ("needs", "coverage", "ci", "deploy", "deploy_failed", "needs")
    assert kinds(ribbon) == [(kind, 1) for kind in once]
    assert ribbon.markers()[1] == Marker(START + 5000, "coverage", 1)


@pytest.mark.parametrize("word", ["completed", "done", "ok", "healthy", "FAILED", "rolled-back"])
def test_a_deployment_that_has_ended_is_marked_whatever_its_publishers_word(word: str) -> None:
    store = Store()
    store.apply(deployment(word, 0))
    (item,) = store.delivery.items.values()
    assert isinstance(item, Deployment)
    marks = {"done": "deploy", "failed": "deploy_failed"}
    assert kinds(store.ribbon) == [(marks[item.outcome], 1)]


def test_an_end_that_is_said_again_is_marked_once() -> None:
    ends = [deployment("completed", 0), deployment("done", 1), ci("failure", 2), ci("failure", 3)]
    assert kinds(fold(*ends)) == [("deploy", 1), ("ci", 1)]
    again = [deployment("in_progress", 4), deployment("completed", 5), ci(None, 6)]
    ribbon = fold(*ends, *again, ci("failure", 7))
    assert kinds(ribbon) == [("deploy", 1), ("ci", 1)] * 2


def test_coverage_that_comes_with_a_phase_counts_too() -> None:
    ribbon = fold(coverage(90.0, 0), phase("a", "red", "green", 1, coverage={"lines": 80.0}))
    assert kinds(ribbon) == [("coverage", 1)]


def test_a_long_session_stays_bounded_and_keeps_all_in_time() -> None:
    store = Store()
    ribbon = store.ribbon
    for hour in range(200):
        store.apply(log("a", "x", hour * HOUR))
        store.apply(ci("failure", hour * HOUR))
        assert len(ribbon._buckets) <= BUCKETS
    assert sum(ribbon.events(START - HOUR * 1000, HOUR * 1000, 202)) == 400
    times = [marker.at for marker in ribbon.markers()]
    assert times == sorted(times)
    assert all(abs(at - START - n * HOUR * 1000) <= ribbon.width for n, at in enumerate(times))


def test_order_does_not_matter_to_counts_and_phases() -> None:
    events = list(story(300))
    tidy = fold(*events)
    random.Random(7).shuffle(events)
    wild = fold(*events)
    assert tidy.start is not None
    assert wild.start is not None
    for step in (5_000.0, 30_000.0):
        assert wild.events(START, step, 60) == tidy.events(START, step, 60)


@pytest.mark.parametrize("wrong", [-EDGE, EDGE])
def test_one_wrong_clock_does_not_end_the_session(wrong: float) -> None:
    ribbon = fold(log("a", "x", 0), log("a", "x", (wrong - START) / 1000), log("a", "x", 1))
    assert ribbon.events(START, 1000.0, 2) == [1, 1]


def test_what_is_dated_later_than_now_happens_now() -> None:
    store = Store(clock=lambda: START + 9_000)
    for at in (0, 3 * HOUR, 3 * HOUR, 3 * HOUR, 1, 9):
        store.apply(log("a", "x", at))
    store.apply(ci("failure", 3 * HOUR))
    ribbon = store.ribbon
    assert ribbon.events(START, 1000.0, 10) == [1, 1, 0, 0, 0, 0, 0, 0, 0, 5]
    assert [marker.kind for marker in ribbon.markers()] == ["ci"]
    assert ribbon.end - START < 10_000
    assert ribbon.width < 100, "as sharp as before"


def test_two_wrong_clocks_do_not_either() -> None:
    wrong = [log("a", "x", 50 * HOUR), log("a", "x", 50 * HOUR)]
    ribbon = fold(log("a", "x", 0), *wrong, log("a", "x", 1), *wrong, log("a", "x", 1))
    assert ribbon.events(START, 1000.0, 2) == [1, 2]


def test_yesterdays_state_gives_way_to_today() -> None:
    old = [log("a", "x", -20 * HOUR), log("b", "x", -14 * HOUR)]
    ribbon = fold(*old, *(log("a", "x", second) for second in range(10)))
    assert ribbon.start is not None
    assert ribbon.start > START - SESSION_GAP
    assert sum(ribbon.events(START, 1000.0, 10)) >= 8


def test_a_hostile_publisher_cannot_fill_it() -> None:
    store = Store()
    ribbon = store.ribbon
    for number in range(3_000):
        store.apply(phase(f"agent-{number}", "red", "green", number % 7))
        store.apply(status(f"agent-{number}", "needs_input", number % 7))
    assert max(len(bucket.phases) for bucket in ribbon._buckets.values()) <= 32
    assert max(len(bucket.states) for bucket in ribbon._buckets.values()) <= 32
    assert len(ribbon._states) <= 256


def plain(thing: Any, seen: tuple[int, ...] = ()) -> Any:
    """All that a store holds, by value; what refers to its own whole is left out."""
    if id(thing) in seen or callable(thing):
        return None
    seen = (*seen, id(thing))
    if isinstance(thing, dict):
        return [(plain(key, seen), plain(value, seen)) for key, value in thing.items()]
    if isinstance(thing, set | frozenset):
        return sorted(repr(plain(one, seen)) for one in thing)
    if isinstance(thing, list | tuple) or hasattr(thing, "popleft"):
        return [plain(one, seen) for one in thing]
    if hasattr(thing, "__dict__"):
        return plain(vars(thing), seen)
    slots = [name for base in type(thing).__mro__ for name in getattr(base, "__slots__", ())]
    return [(name, plain(getattr(thing, name), seen)) for name in slots] or thing


def test_a_store_goes_on_from_a_checkpoint_as_if_it_had_never_stopped() -> None:
    events = list(story(400))
    whole, first = Store(), Store()
    for one in events:
        whole.apply(one)
    for one in events[: len(events) // 2]:
        first.apply(one)
    later = copy.deepcopy(first)
    before = plain(first)
    for one in events[len(events) // 2 :]:
        later.apply(one)
    assert plain(later) == plain(whole)
    assert plain(first) == before, "the checkpoint itself is left as it was"
