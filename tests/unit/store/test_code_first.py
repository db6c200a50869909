"""Test-first discipline: code before a failing test, as far as events say so."""

from typing import Any

import pytest

from tests.support.events import START, event, log, phase, results
from tests.unit.store.discipline import PASSED, breaches, edit, in_red, rules
from tui.client.status import Gap
from tui.feed import Feed, Plan
from tui.store import Slice, Store
from tui.store.link import Link
from tui.store.tdd import Rule
from tui.store.tdd.discipline import edited_code, is_code


def test_code_edited_in_red_before_any_test_failed_is_a_breach() -> None:
    store = in_red()
    store.drain()
    store.apply(edit("src/ledger.py"))
    assert breaches(store) == [(Rule.CODE_FIRST, "src/ledger.py edited before a test failed")]
    assert Slice.TDD in store.drain()


def test_a_failing_file_that_is_no_more_hides_no_breach() -> None:
    store = Store()
    store.apply(results("a", "test_gone.py", 3, ("test_x",)))
    store.apply(phase("a", "red", "green", testResults=PASSED))
    in_red(store, at=3)
    store.apply(edit("src/ledger.py", at=4))
    assert rules(store) == [Rule.CODE_FIRST]


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


def unheeded(store: Store, at: float = 1) -> None:
    """What breaks the rules in a red phase: code before a test fails, and a test that passes."""
    store.apply(results("a", "test_x.py", 4, at=at))
    store.apply(edit("src/x.py", at=at))
    store.apply(results("a", "test_x.py", 6, ("test_y",), at=at))
    store.apply(phase("a", "red", "green", at=at + 1))


def live(since: float) -> Store:
    """A store whose link is live since then, in seconds after START."""
    store = Store(clock=lambda: START + since * 1000)
    store.set_link(Link("live"))
    return store


def test_an_agents_first_red_is_judged_where_its_beginning_was_seen() -> None:
    store = live(since=0)
    store.apply(phase("a", "refactor", "red", at=1))
    store.apply(results("a", "test_x.py", 4, at=2))
    unheeded(store, at=3)
    assert {Rule.CODE_FIRST, Rule.PASSES_IN_RED} == set(rules(store))


@pytest.mark.parametrize(
    ("since", "before"), [(5, "refactor"), (0, "red")], ids=["told later", "it went on"]
)
def test_of_a_red_whose_beginning_was_not_seen_nothing_is_said(since: float, before: str) -> None:
    store = live(since)
    store.apply(phase("a", before, "red", at=1))
    unheeded(store, at=6)
    assert rules(store) == []


def test_without_a_link_a_first_red_may_have_begun_long_before() -> None:
    store = Store()
    store.apply(phase("a", "refactor", "red"))
    unheeded(store)
    assert rules(store) == []


def test_of_a_red_in_which_events_were_lost_nothing_is_said() -> None:
    store = in_red()
    lose(store)
    unheeded(store, at=2)
    assert rules(store) == []


def test_of_a_red_that_began_while_events_were_lost_nothing_is_said() -> None:
    store = Store()
    store.apply(phase("a", "red", "green"))
    lose(store, at=5)
    store.apply(phase("a", "refactor", "red", at=4))
    unheeded(store, at=6)
    assert rules(store) == []
    in_red(store, at=9)
    unheeded(store, at=9)
    assert rules(store), "what comes after that is seen"


def lose(store: Store, at: float = 2) -> None:
    clock = START + at * 1000
    feed = Feed(store, Plan(url="ws://127.0.0.1:1/ws"), (), lambda: None, lambda: clock)
    feed._on_gap(Gap("tdd"))


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
