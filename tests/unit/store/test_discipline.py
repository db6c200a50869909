"""Test-first discipline: each rule where it was broken, and where it only looks so."""

from typing import Any

import pytest

from tests.support.events import event, log, phase, results
from tui.client.status import Gap
from tui.feed import Feed, Plan
from tui.store import Slice, Store
from tui.store.tdd import Breach, Rule
from tui.store.tdd.cycle import MAX_BREACHES
from tui.store.tdd.discipline import edited_code, is_code, skips_refactor

PASSED = {"total": 4, "passing": 4, "failing": 0, "skipped": 0}
FAILED = {"total": 4, "passing": 3, "failing": 1, "skipped": 0}


def in_red(store: Store | None = None, at: float = 1) -> Store:
    """A store that has seen red begin, after a green refactor."""
    store = store or Store()
    store.apply(phase("a", "green", "refactor", at=at - 1))
    store.apply(phase("a", "refactor", "red", at=at))
    return store


def breaches(store: Store) -> list[tuple[Rule, str]]:
    return [(breach.rule, breach.said) for breach in store.tdd.by_agent["a"].breaches]


def rules(store: Store) -> list[Rule]:
    return [rule for rule, _ in breaches(store)]


def edit(path: str, at: float = 2, tool: str = "Edit") -> Any:
    data = {
        "agentId": "a",
        "taskId": "t-1",
        "taskType": "code",
        "status": "in_progress",
        "progress": 10,
        "details": {"tool": tool, "file": path},
    }
    return event("agent_task_update", data, at)


def uncollected(at: float = 2, code: str = "collection_error") -> Any:
    data = {"agentId": "a", "message": "test_x.py: SyntaxError", "code": code}
    return event("agent_error", data, at)


def coverage(at: float = 0, **figures: float) -> Any:
    return event("coverage_update", {"agentId": "a", "taskId": "t", "coverage": figures}, at)


def broken_file(at: float = 2, name: str = "test_x.py", message: str = "ImportError: y") -> Any:
    totals = {"total": 1, "passing": 0, "failing": 1, "skipped": 0, "duration": 1}
    failures = [{"name": name, "message": message}]
    data = {"agentId": "a", "taskId": "t-1", "testFile": "test_x.py", "results": totals}
    return event("test_result", data | {"failures": failures}, at)


# Passes in red.


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


def test_one_that_is_no_longer_skipped_is_none() -> None:
    store = Store()
    totals = {"total": 4, "passing": 3, "failing": 0, "skipped": 1, "duration": 1}
    data = {"agentId": "a", "taskId": "t", "testFile": "test_x.py", "results": totals}
    store.apply(event("test_result", data))
    in_red(store)
    store.apply(results("a", "test_x.py", 4, at=2))
    assert rules(store) == []


def test_a_failing_test_beside_one_that_is_no_longer_skipped_is_none() -> None:
    store = Store()
    totals = {"total": 4, "passing": 3, "failing": 0, "skipped": 1, "duration": 1}
    data = {"agentId": "a", "taskId": "t", "testFile": "test_x.py", "results": totals}
    store.apply(event("test_result", data))
    in_red(store)
    store.apply(results("a", "test_x.py", 4, ("test_new",), at=2))
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


def test_new_tests_that_pass_outside_red_are_none() -> None:
    store = Store()
    store.apply(phase("a", "red", "green"))
    store.apply(results("a", "test_x.py", 3, at=1))
    store.apply(results("a", "test_x.py", 5, at=2))
    assert rules(store) == []


# Code before a failing test.


def test_code_edited_in_red_before_any_test_failed_is_a_breach() -> None:
    store = in_red()
    store.drain()
    store.apply(edit("src/ledger.py"))
    assert breaches(store) == [(Rule.CODE_FIRST, "src/ledger.py edited before a test failed")]
    assert Slice.TDD in store.drain()


def test_a_rule_is_broken_once_in_a_cycle_however_often_that_shows() -> None:
    store = in_red()
    store.apply(edit("src/ledger.py"))
    store.apply(edit("src/other.py", at=3))
    assert breaches(store) == [(Rule.CODE_FIRST, "src/ledger.py edited before a test failed")]


def test_a_log_line_may_say_so_too() -> None:
    store = in_red()
    context = {"tool_name": "Write", "tool_input": {"file_path": "src/x.ts"}}
    said = {"agentId": "a", "level": "info", "message": "wrote", "timestamp": 0}
    store.apply(event("agent_log", said | {"context": context}, 2))
    assert rules(store) == [Rule.CODE_FIRST]


@pytest.mark.parametrize(
    "events",
    [
        [results("a", "test_x.py", 0, ("test_x",), at=1.5), edit("src/x.py")],
        [edit("tests/test_x.py")],
        [edit("README.md")],
        [edit("src/x.py", tool="Read")],
        [edit("src/x.py", at=0.5)],
        [log("a", "edited src/x.py", at=2)],
    ],
    ids=["after a failure", "a test", "no code", "only read", "before red", "in words"],
)
def test_other_edits_are_none(events: list[Any]) -> None:
    store = in_red()
    store.drain()
    for one in events:
        store.apply(one)
    assert Rule.CODE_FIRST not in rules(store)


def test_green_after_a_red_in_which_nothing_failed_is_a_breach() -> None:
    store = Store()
    store.apply(results("a", "test_x.py", 4))
    in_red(store)
    store.apply(results("a", "test_x.py", 4, at=2))
    store.apply(phase("a", "red", "green", at=3, testResults=PASSED))
    assert breaches(store) == [(Rule.CODE_FIRST, "green, though no test had failed in red")]


def test_green_after_a_red_that_failed_before_it_was_announced_is_none() -> None:
    store = Store()
    store.apply(phase("a", "green", "refactor"))
    store.apply(results("a", "test_x.py", 3, ("test_y",), at=1))
    store.apply(phase("a", "refactor", "red", at=2))
    store.apply(results("a", "test_x.py", 4, at=3))
    store.apply(phase("a", "red", "green", at=4, testResults=PASSED))
    assert rules(store) == []


def test_of_a_red_in_which_no_tests_ran_nothing_is_said() -> None:
    store = in_red()
    store.apply(phase("a", "red", "green", at=3, testResults=PASSED))
    assert rules(store) == []


def test_of_a_red_whose_beginning_was_not_seen_nothing_is_said() -> None:
    store = Store()
    store.apply(phase("a", "refactor", "red"))
    store.apply(results("a", "test_x.py", 4, at=1))
    store.apply(edit("src/x.py"))
    store.apply(phase("a", "red", "green", at=3))
    assert rules(store) == []


def test_of_a_red_in_which_events_were_lost_nothing_is_said() -> None:
    store = in_red()
    feed = Feed(store, Plan(url="ws://127.0.0.1:1/ws"), (), lambda: None, lambda: 0.0)
    feed._on_gap(Gap("tdd"))
    store.apply(results("a", "test_x.py", 4, at=2))
    store.apply(edit("src/x.py", at=2))
    store.apply(phase("a", "red", "green", at=3))
    assert rules(store) == []


# Refactor skipped.


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


# Coverage dropped.


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


# Red for a collection error.


def test_red_after_a_file_that_could_not_be_collected_is_a_breach() -> None:
    store = Store()
    store.apply(phase("a", "green", "refactor"))
    store.apply(uncollected(at=1))
    store.apply(phase("a", "refactor", "red", at=2))
    assert breaches(store) == [(Rule.COLLECTION_RED, "test_x.py: SyntaxError")]


def test_an_error_that_comes_while_red_is_one_too() -> None:
    store = in_red()
    store.drain()
    store.apply(uncollected())
    assert rules(store) == [Rule.COLLECTION_RED]
    assert Slice.TDD in store.drain()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("test_x.py", "ImportError: no module named y"),
        ("collection", "ERROR collecting tests/test_x.py"),
    ],
)
def test_a_failure_may_say_that_it_is_a_collection_error(name: str, message: str) -> None:
    store = in_red()
    store.apply(broken_file(name=name, message=message))
    assert rules(store) == [Rule.COLLECTION_RED]
    assert store.tdd.by_agent["a"].evidence.failed is False


@pytest.mark.parametrize(
    "events",
    [
        [broken_file(name="test_refund", message="ImportError: no module named refunds")],
        [results("a", "test_x.py", 0, ("test_x",), at=1.5), uncollected()],
        [uncollected(code="timeout")],
    ],
    ids=["a test's own import", "a test failed, too", "another error"],
)
def test_what_is_no_collection_error_is_none(events: list[Any]) -> None:
    store = in_red()
    for one in events:
        store.apply(one)
    assert rules(store) == []


def test_an_error_that_was_mended_before_red_is_forgotten() -> None:
    store = Store()
    store.apply(phase("a", "green", "refactor"))
    store.apply(uncollected(at=1))
    store.apply(results("a", "test_x.py", 4, at=2))
    store.apply(phase("a", "refactor", "red", at=3))
    assert rules(store) == []


# All of them.


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


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("src/ledger.py", True),
        ("C:\\work\\src\\Ledger.CS", True),
        ("src/testing_ground.py", True),
        ("src/attest.go", True),
        ("tests/helpers.py", False),
        ("src/test_ledger.py", False),
        ("src/ledger_test.go", False),
        ("web/form.spec.ts", False),
        ("conftest.py", False),
        ("notes.txt", False),
        ("Makefile", False),
        ("", False),
    ],
)
def test_code_is_told_from_tests_and_from_the_rest(path: str, *, code: bool) -> None:
    assert is_code(path) is code


@pytest.mark.parametrize(
    "said",
    [None, "Edit a.py", 3, [], {}, {"tool": 3, "file": "a.py"}, {"tool": "Edit", "file": ["a.py"]}],
)
def test_anything_else_says_nothing_of_an_edit(said: object) -> None:
    assert edited_code(said) is None
