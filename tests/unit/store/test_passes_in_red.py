"""Test-first discipline: new tests that pass at once."""

import pytest

from tests.support.events import event, phase, results
from tests.unit.store.discipline import PASSED, breaches, in_red, rules
from tui.store import Store
from tui.store.tdd import Rule


def test_a_new_test_that_passes_at_once_in_red_is_a_breach() -> None:
    store = Store()
    store.apply(results("a", "test_x.py", 3))
    in_red(store)
    store.apply(results("a", "test_x.py", 5, at=2))
    assert breaches(store) == [(Rule.PASSES_IN_RED, "2 new tests pass at once in test_x.py")]
    breach = store.tdd.by_agent["a"].breaches[0]
    assert (breach.agent_id, breach.cycle, breach.at) == ("a", 2, 1_700_000_002_000)


def test_a_test_that_fails_first_and_passes_then_is_none() -> None:
    store = Store()
    store.apply(results("a", "test_x.py", 3))
    in_red(store)
    store.apply(results("a", "test_x.py", 3, ("test_new",), at=2))
    store.apply(results("a", "test_x.py", 4, at=3))
    assert rules(store) == []


def test_a_new_failing_test_beside_one_made_to_pass_is_none() -> None:
    store = Store()
    store.apply(results("a", "test_x.py", 3, ("test_old",)))
    in_red(store)
    store.apply(results("a", "test_x.py", 4, ("test_new",), at=2))
    assert rules(store) == []


@pytest.mark.parametrize("fails", [(), ("test_new",)], ids=["alone", "beside one that fails"])
def test_one_that_is_no_longer_skipped_is_none(fails: tuple[str, ...]) -> None:
    store = Store()
    totals = {"total": 4, "passing": 3, "failing": 0, "skipped": 1, "duration": 1}
    data = {"agentId": "a", "taskId": "t", "testFile": "test_x.py", "results": totals}
    store.apply(event("test_result", data))
    in_red(store)
    store.apply(results("a", "test_x.py", 4, fails, at=2))
    assert rules(store) == []


def test_a_result_from_before_the_red_says_nothing_of_it() -> None:
    store = Store()
    store.apply(results("a", "test_x.py", 3))
    in_red(store, at=10)
    store.apply(results("a", "test_x.py", 5, at=5))
    assert rules(store) == []


def test_an_unknown_file_that_passes_is_one_until_another_fails_in_the_same_red() -> None:
    store = in_red()
    store.apply(results("a", "test_new.py", 2, at=2))
    assert rules(store) == [Rule.PASSES_IN_RED]
    store.apply(results("a", "test_other.py", 0, ("test_y",), at=3))
    assert rules(store) == []
    store.apply(results("a", "test_third.py", 2, at=4))
    assert rules(store) == [], "the rest of a run in which something fails is old, for all we know"


def test_of_a_file_that_may_have_passed_since_it_failed_nothing_is_said() -> None:
    store = Store()
    store.apply(results("a", "test_x.py", 3, ("test_y",)))
    store.apply(phase("a", "red", "green", testResults=PASSED))
    in_red(store, at=3)
    store.apply(results("a", "test_x.py", 4, at=4))
    assert rules(store) == []


def test_new_tests_that_pass_outside_red_are_none() -> None:
    store = Store()
    store.apply(phase("a", "red", "green"))
    store.apply(results("a", "test_x.py", 3, at=1))
    store.apply(results("a", "test_x.py", 5, at=2))
    assert rules(store) == []
