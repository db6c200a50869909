"""Test-first discipline: a refactor skipped, coverage dropped, and what is kept of all."""

import pytest

from tests.support.events import phase
from tests.unit.store.discipline import breaches, coverage, edit, rules, uncollected
from tui.store import Store
from tui.store.tdd import Breach, Rule
from tui.store.tdd.cycle import MAX_BREACHES
from tui.store.tdd.discipline import skips_refactor


def test_red_right_after_green_is_a_breach_once_in_its_cycle() -> None:
    store = Store()
    store.apply(phase("a", "red", "green"))
    store.apply(phase("a", "green", "red", at=1))
    store.apply(phase("a", "green", "red", at=2))
    assert rules(store) == [Rule.REFACTOR_SKIPPED]
    assert store.tdd.by_agent["a"].breaches[0].cycle == 2


@pytest.mark.parametrize(
    ("known", "said", "now", "skipped"),
    [
        ("green", "green", "red", True),
        ("green", None, "red", True),
        ("", "green", "red", True),
        ("green", "refactor", "red", False),
        ("refactor", "green", "red", False),
        ("", None, "red", False),
        ("green", "green", "refactor", False),
        ("red", "green", "red", False),
    ],
)
def test_what_is_known_and_what_is_said_must_agree(
    known: str, said: str | None, now: str, *, skipped: bool
) -> None:
    assert skips_refactor(known, said, now) is skipped


def test_coverage_below_the_one_before_is_a_breach() -> None:
    store = Store(coverage_minimum=85)
    store.apply(coverage(lines=92.0, branches=86.0, functions=95.0))
    store.apply(coverage(lines=89.1, branches=84.0, functions=96.0))
    assert breaches(store) == [
        (Rule.COVERAGE_DROPPED, "line 92.0 → 89.1, branch 86.0 → 84.0 (minimum 85)")
    ]


def test_a_drop_in_a_phase_change_counts_and_above_the_minimum_none_is_named() -> None:
    store = Store(coverage_minimum=85)
    store.apply(phase("a", "red", "green", coverage={"lines": 92.0}))
    store.apply(phase("a", "green", "refactor", at=1, coverage={"lines": 90.0}))
    assert breaches(store) == [(Rule.COVERAGE_DROPPED, "line 92.0 → 90.0")]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"lines": 80.0}, {"lines": 80.0}),
        ({"lines": 80.04}, {"lines": 80.0}),
        ({"lines": 80.0}, {"lines": 91.0}),
        ({"lines": 80.0}, {"branches": 70.0}),
        ({"lines": 20.0}, {"lines": 21.0}),
    ],
    ids=["the same", "not to be seen", "higher", "another figure", "low, but rising"],
)
def test_what_is_no_drop_is_none(before: dict[str, float], after: dict[str, float]) -> None:
    store = Store()
    store.apply(coverage(**before))
    store.apply(coverage(at=1, **after))
    assert rules(store) == []


def test_an_agent_without_a_cycle_breaks_no_rule() -> None:
    store = Store()
    store.apply(edit("src/x.py"))
    store.apply(uncollected())
    assert not store.tdd.by_agent


def test_the_oldest_breaches_leave() -> None:
    store = Store()
    for number in range(2 * MAX_BREACHES):
        store.apply(coverage(lines=90.0 - number, at=number))
    kept = store.tdd.by_agent["a"].breaches
    assert len(kept) == MAX_BREACHES
    assert kept[-1].said.startswith("line 52.0 → 51.0")
    assert all(isinstance(breach, Breach) for breach in kept)
