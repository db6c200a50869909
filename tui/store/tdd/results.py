"""What test runs said: counts, files, failures with what is kept of their tracebacks."""

from typing import TYPE_CHECKING, NamedTuple

from tui.store.bounds import TITLE

if TYPE_CHECKING:
    from tui.protocol.models.tdd import TestFailure, TestTotals

MAX_FAILURES = 100
"""Failures kept of a file, and shown of an agent."""
MAX_TRACEBACK_LINES, MAX_TRACEBACK_LINE = 40, 200
"""Of one failure: its beginning says where, its end what; a screen is no longer."""
_MAX_READ = 20_000
"""Characters of a traceback that are looked at, at either end."""
_COLLECTION = ("error collecting", "error while importing test module", "collection error")
"""pytest's own words for a file that could not be collected, and those of its reporters."""
_new = tuple.__new__
"""A named tuple's own takes twice as long."""


class Totals(NamedTuple):
    total: int = 0
    passing: int = 0
    failing: int = 0
    skipped: int = 0

    @classmethod
    def of(cls, totals: "TestTotals") -> "Totals":
        return _new(cls, (totals.total, totals.passing, totals.failing, totals.skipped))

    def plus(self, other: "Totals", times: int = 1) -> "Totals":
        # Field by field: a generator over both costs five times as much, at every file's result.
        total, passing, failing, skipped = self
        more, passed, failed, left = other
        return _new(
            Totals,
            (
                total + times * more,
                passing + times * passed,
                failing + times * failed,
                skipped + times * left,
            ),
        )


NOTHING = Totals()


class Failure(NamedTuple):
    """A failed test."""

    name: str
    message: str
    """Its first line."""
    where: str
    """`file:line`, as far as they are known."""
    traceback: str = ""
    """Its beginning and its end; empty where there was none, or too many newer ones came."""
    collection: bool = False
    """Whether no test failed: the file could not be collected."""

    @property
    def size(self) -> int:
        """Bytes, roughly, without the traceback."""
        return 300 + len(self.name) + len(self.message) + len(self.where)

    @classmethod
    def of(cls, test_file: str, failure: "TestFailure") -> "Failure":
        message, file, traceback = failure.message, failure.file or test_file, failure.traceback
        where = f"{file[:TITLE]}:{failure.line}" if failure.line else file[:TITLE]
        line = message[:TITLE]
        if not line.isprintable():  # what is printable has no line breaks
            line = (line.splitlines() or ("",))[0]
        kept = trimmed(traceback) if traceback else ""
        collection = is_collection_error(test_file, failure)
        return _new(cls, (failure.name[:TITLE], line, where, kept, collection))


class Run(NamedTuple):
    """One test run, by its newest results: those of files that did not run again among them."""

    at: float
    totals: Totals
    duration: float
    """Milliseconds that all files took when they last ran."""

    @property
    def passed(self) -> float:
        """The share of tests that passed, of those that ran: 0–1."""
        ran = self.totals.passing + self.totals.failing
        return self.totals.passing / ran if ran else 0.0


class TestFile:
    """What the last run said of one file of tests."""

    __test__ = False

    def __init__(
        self, path: str, totals: Totals, duration: float, failures: tuple[Failure, ...], at: float
    ) -> None:
        self.path = path
        self.totals = totals
        self.duration = duration
        """Milliseconds."""
        self.failures = failures
        self.at = at
        self.broken = 0
        """How many of the failures say that the file could not be collected."""


def is_collection_error(test_file: str, failure: "TestFailure") -> bool:
    """Whether a failure is a file that could not be collected, going by what it says itself.

    It is named like its file (that is pytest's node id for one), or its message or traceback has
    pytest's words. An ImportError alone is none: a test may well fail with one.
    """
    name = failure.name
    if name and name in (test_file, failure.file):
        return True
    traceback = failure.traceback
    return _says_collection(failure.message) or bool(traceback and _says_collection(traceback))


def _says_collection(text: str) -> bool:
    said = text[:_MAX_READ].casefold()
    # Mostly neither word is in it.
    return ("collect" in said or "importing" in said) and any(w in said for w in _COLLECTION)


def trimmed(traceback: str) -> str:
    """A traceback's beginning and end, in lines of a bounded length."""
    if len(traceback) > 2 * _MAX_READ:
        traceback = f"{traceback[:_MAX_READ]}\n{traceback[-_MAX_READ:]}"
    lines = [line[:MAX_TRACEBACK_LINE].rstrip() for line in traceback.splitlines()]
    if len(lines) > MAX_TRACEBACK_LINES:
        head = MAX_TRACEBACK_LINES // 4
        tail = MAX_TRACEBACK_LINES - head - 1
        missing = len(lines) - head - tail
        lines = [*lines[:head], f"… {missing:,} lines left out …", *lines[-tail:]]
    return "\n".join(lines)
