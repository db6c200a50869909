"""Red, green, refactor: what a run's outcome says, given the runs before it. Pure.

- **red**: tests failed.
- **green**: tests passed and none failed, after red, or in the first run we know of.
- **refactor**: they passed again after green.

Nothing is said (None) where the run is no evidence: it was interrupted, nothing could be collected,
nothing ran, all was skipped or expected to fail, or the tests that failed before were not among
those that ran. Otherwise `pytest test_other.py` would turn a red project green.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from tui.protocol.vocabulary import TddPhase
from tui.sources.pytest.tally import Counts, Outcome, file_of


class Ending(StrEnum):
    """How a run ended, told apart from what its tests said."""

    COMPLETE = "complete"
    """All that was to run did, or `-x` was content with a failure."""
    NO_TESTS = "no tests"
    COLLECTION = "collection failed"
    INTERRUPTED = "interrupted"
    USAGE = "usage error"
    INTERNAL = "internal error"


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the runs before left behind; `since` is Unix milliseconds."""

    phase: TddPhase | None = None
    since: float = 0.0
    failing: tuple[str, ...] = ()
    """Node ids of the tests that failed when they last ran."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What a run was asked to look at: it tells a test that is gone from one that was left out."""

    partial: bool = False
    """Some tests of the files named were left out (`-k`, `-m`, `--lf`, `file::test`, …)."""
    contains: Callable[[str], bool] = lambda _file: True
    """Whether a test file is among the files and directories named."""
    exists: Callable[[str], bool] = lambda _file: True


def outstanding(
    remembered: Remembered, outcomes: Mapping[str, Outcome], selection: Selection
) -> tuple[str, ...]:
    """The tests that failed before, still exist as far as can be told, and did not run now."""

    def gone(node_id: str) -> bool:
        file = file_of(node_id)
        looked = not selection.partial and selection.contains(file)
        return looked or not selection.exists(file)

    return tuple(n for n in remembered.failing if n not in outcomes and not gone(n))


def derive(
    previous: TddPhase | None, ending: Ending, counts: Counts, waiting: int = 0
) -> TddPhase | None:
    """The phase that a run shows; None where it shows none.

    `waiting` counts the tests that failed before and did not run this time.
    """
    if ending in (Ending.INTERRUPTED, Ending.USAGE, Ending.INTERNAL):
        return None
    if counts.failing:
        return TddPhase.RED
    if ending is not Ending.COMPLETE or not counts.passing or waiting:
        return None
    if previous in (TddPhase.GREEN, TddPhase.REFACTOR):
        return TddPhase.REFACTOR
    return TddPhase.GREEN


def remember(
    before: Remembered,
    phase: TddPhase | None,
    outcomes: Mapping[str, Outcome],
    waiting: tuple[str, ...],
    now: float,
) -> Remembered:
    """What the next run should know; `now` in Unix milliseconds."""
    failing = (*(node for node, outcome in outcomes.items() if outcome.bad), *waiting)
    if phase is None:
        return Remembered(before.phase, before.since, failing)
    return Remembered(phase, before.since if phase is before.phase else now, failing)
