"""Test-first discipline: red for a file that could not be collected."""

from typing import Any

import pytest

from tests.support.events import phase, results
from tests.unit.store.discipline import breaches, broken_file, in_red, rules, uncollected
from tui.store import Slice, Store
from tui.store.tdd import Rule


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
