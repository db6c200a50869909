"""Red, green, refactor: the whole table, and when a run says nothing."""

import pytest

from tui.protocol.vocabulary import TddPhase
from tui.sources.pytest.phases import (
    Ending,
    Remembered,
    Selection,
    derive,
    outstanding,
    remember,
)
from tui.sources.pytest.tally import Counts, Outcome

RED, GREEN, REFACTOR = TddPhase.RED, TddPhase.GREEN, TddPhase.REFACTOR
PASSES = Counts(passed=3, skipped=1)
FAILS = Counts(passed=2, failed=1)
ERRORS = Counts(passed=2, error=1)
SKIPS = Counts(skipped=2, xfailed=1)
NOTHING = Counts()


@pytest.mark.parametrize(
    ("previous", "ending", "counts", "phase"),
    [
        (None, Ending.COMPLETE, FAILS, RED),
        (None, Ending.COMPLETE, PASSES, GREEN),
        (RED, Ending.COMPLETE, FAILS, RED),
        (RED, Ending.COMPLETE, ERRORS, RED),
        (RED, Ending.COMPLETE, PASSES, GREEN),
        (GREEN, Ending.COMPLETE, PASSES, REFACTOR),
        (GREEN, Ending.COMPLETE, FAILS, RED),
        (REFACTOR, Ending.COMPLETE, PASSES, REFACTOR),
        (REFACTOR, Ending.COMPLETE, FAILS, RED),
        (RED, Ending.COMPLETE, Counts(xpassed=1), GREEN),
        (RED, Ending.COMPLETE, SKIPS, None),
        (RED, Ending.NO_TESTS, NOTHING, None),
        (GREEN, Ending.COLLECTION, NOTHING, None),
        (GREEN, Ending.COLLECTION, PASSES, None),
        (GREEN, Ending.COLLECTION, FAILS, RED),
        (GREEN, Ending.INTERRUPTED, FAILS, None),
        (RED, Ending.INTERRUPTED, PASSES, None),
        (RED, Ending.USAGE, NOTHING, None),
        (RED, Ending.INTERNAL, FAILS, None),
    ],
)
def test_a_phase_follows_from_the_outcome(
    previous: TddPhase | None, ending: Ending, counts: Counts, phase: TddPhase | None
) -> None:
    assert derive(previous, ending, counts) == phase


def test_a_run_without_the_failing_tests_turns_nothing_green() -> None:
    before = Remembered(RED, 0, ("test_a.py::test_one", "test_b.py::test_two"))
    ran = {"test_b.py::test_two": Outcome.PASSED}
    left = outstanding(before, ran, Selection(contains=lambda file: file == "test_b.py"))
    assert left == ("test_a.py::test_one",)
    assert derive(RED, Ending.COMPLETE, PASSES, len(left)) is None
    assert derive(RED, Ending.COMPLETE, FAILS, len(left)) is RED


@pytest.mark.parametrize(
    ("selection", "waits"),
    [
        (Selection(), False),
        (Selection(partial=True), True),
        (Selection(contains=lambda _: False), True),
        (Selection(partial=True, exists=lambda _: False), False),
    ],
    ids=["whole run", "-k or --lf", "other files", "file deleted"],
)
def test_a_failing_test_that_is_gone_is_waited_for_no_more(
    selection: Selection, *, waits: bool
) -> None:
    before = Remembered(RED, 0, ("test_a.py::test_renamed",))
    assert bool(outstanding(before, {}, selection)) is waits


def test_a_phase_that_goes_on_keeps_its_beginning() -> None:
    red = remember(Remembered(), RED, {"a": Outcome.FAILED, "b": Outcome.PASSED}, (), 100.0)
    assert red == Remembered(RED, 100.0, ("a",))
    assert remember(red, RED, {"b": Outcome.ERROR}, ("a",), 200.0).since == 100.0
    assert remember(red, None, {}, ("a",), 300.0) == red
    assert remember(red, GREEN, {"a": Outcome.PASSED}, (), 400.0) == Remembered(GREEN, 400.0)
