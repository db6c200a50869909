"""What waits for what, and when it should be done."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.store.estimates import Estimate
from tui.store.schedule import forecast, places, stuck
from tui.store.workflows import Step


def step(id_: str, *after: str, **more: Any) -> Step:
    return Step(id_, id_.upper(), dependencies=after, **more)


def listed(*steps: Step) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(place.step.id, place.branch, place.waits_for) for place in places(steps)]


def ten(_: Step) -> Estimate:
    return Estimate(10, 8, 12, 5)


def test_a_chain_needs_no_marks() -> None:
    assert listed(step("a"), step("b"), step("c")) == [("a", "", ()), ("b", "", ()), ("c", "", ())]
    chained = listed(step("a"), step("b", "a"), step("c", "b"))
    assert chained == [("a", "", ()), ("b", "", ()), ("c", "", ())]


def test_parallel_steps_are_bracketed_and_what_joins_them_says_so() -> None:
    steps = (
        step("plan", state="done"),
        step("api", "plan", state="running"),
        step("release", "api", "ui"),
        step("ui", "plan", state="done"),
    )
    assert listed(*steps) == [
        ("plan", "", ()),
        ("api", "├", ()),
        ("ui", "└", ()),
        ("release", "", ("API",)),
    ]


def test_a_step_stands_below_all_it_waits_for_whatever_the_order() -> None:
    order = [id_ for id_, _, _ in listed(step("c", "b"), step("b", "a"), step("a"))]
    assert order == ["a", "b", "c"]


def test_circles_and_unknown_dependencies_lose_no_step() -> None:
    steps = (step("a", "b"), step("b", "a"), step("c", "nowhere"), step("d", "d"))
    assert {id_ for id_, _, _ in listed(*steps)} == {"a", "b", "c", "d"}


def test_steps_in_a_circle_and_after_it_can_never_start_and_nothing_is_foretold_of_them() -> None:
    steps = (step("a", "c"), step("b", "a"), step("c", "b"), step("d", "b"), step("e", "e"))
    others = (step("f"), step("g", "f"))
    assert stuck(steps + others) == {"a", "b", "c", "d", "e"}
    waits = {place.step.id: place.waits_for for place in places(steps + others) if place.stuck}
    assert waits == {"a": ("C",), "b": ("A",), "c": ("B",), "d": ("B",), "e": ("E",)}
    seen = forecast(steps + others, ten, 0)
    assert seen is not None
    assert (set(seen.spans), seen.stuck) == ({"f", "g"}, 5)
    unknown = forecast(steps + others, lambda _: None, 0)
    assert unknown is not None
    assert unknown.stuck == 5


@pytest.mark.parametrize("state", ["running", "done"])
def test_a_step_of_a_circle_that_was_begun_all_the_same_lets_the_others_start(state: str) -> None:
    steps = (step("a", "c", state=state), step("b", "a"), step("c", "b"))
    assert stuck(steps) == set()


def test_steps_that_may_run_at_once_do_and_the_longest_way_decides() -> None:
    steps = (
        step("a", state="done", started=0.0, duration=10.0),
        step("b", "a", state="running", started=10.0),
        step("c", "a", state="running", started=15.0),
        step("d", "b", "c"),
    )
    seen = forecast(steps, ten, 16)
    assert seen is not None
    assert seen.spans == {"b": (10, 20), "c": (15, 25), "d": (25, 35)}
    assert (seen.done, seen.overdue) == (35, 0)
    assert seen.spread == pytest.approx((2**2 + 2**2) ** 0.5)


def test_a_step_that_takes_too_long_moves_what_follows() -> None:
    steps = (step("a", state="running", started=1.0), step("b"))
    seen = forecast(steps, ten, 100)
    assert seen is not None
    assert seen.spans == {"a": (1, 100), "b": (100, 110)}
    assert seen.overdue == 89


def test_without_an_estimate_nothing_is_foretold() -> None:
    assert forecast((step("a"),), lambda _: None, 0) is None


@given(
    st.lists(st.sets(st.integers(0, 11)), min_size=1, max_size=12),
    st.integers(0, 1_000),
)
def test_no_step_is_foretold_before_what_it_waits_for(needs: list[set[int]], now: int) -> None:
    steps = tuple(
        step(str(place), *(str(d) for d in sorted(after) if d < place))
        for place, after in enumerate(needs)
    )
    seen = forecast(steps, ten, now)
    assert seen is not None
    for one in steps:
        start, end = seen.spans[one.id]
        assert now <= start <= end <= seen.done
        assert all(seen.spans[d][1] <= start for d in one.dependencies)
    if not any(one.dependencies for one in steps):
        assert all(seen.spans[a.id][1] <= seen.spans[b.id][0] for a, b in pairwise(steps))
