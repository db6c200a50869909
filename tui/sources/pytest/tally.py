"""What came of each test, file by file, while the reports of a run come in. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

MAX_FAILURES_OF_A_FILE = 100
MAX_FAILURES_OF_A_RUN = 1_000
"""Beyond these, failures are counted only."""


class Outcome(StrEnum):
    """What pytest says of a test; `error` is a failure in its setup or teardown."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    SKIPPED = "skipped"
    XFAILED = "xfailed"
    XPASSED = "xpassed"

    @property
    def bad(self) -> bool:
        return self in (Outcome.FAILED, Outcome.ERROR)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a test failed. Texts are as pytest gave them: of any length, with anything in them."""

    name: str
    message: str
    file: str | None = None
    line: int | None = None
    """From 1."""
    traceback: str = ""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many tests came out how; each test counts once, by the worst that happened to it."""

    passed: int = 0
    failed: int = 0
    error: int = 0
    skipped: int = 0
    xfailed: int = 0
    xpassed: int = 0

    @classmethod
    def of(cls, outcomes: Iterable[Outcome]) -> "Counts":
        counted = dict.fromkeys(Outcome, 0)
        for outcome in outcomes:
            counted[outcome] += 1
        return cls(**{outcome.value: number for outcome, number in counted.items()})

    @property
    def passing(self) -> int:
        return self.passed + self.xpassed

    @property
    def failing(self) -> int:
        return self.failed + self.error

    @property
    def not_run(self) -> int:
        """Skipped, or expected to fail: neither says whether the code is right."""
        return self.skipped + self.xfailed

    @property
    def total(self) -> int:
        return self.passing + self.failing + self.not_run


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """The results of one test file; `duration` in milliseconds, of its tests alone."""

    path: str
    counts: Counts
    duration: float
    failures: tuple[Failure, ...] = ()


@dataclass(slots=True)
class _File:
    waiting: set[str] = field(default_factory=set)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    duration: float = 0.0
    changed: bool = False


class Tally:
    """The tests of one run, by the file that their node id begins with."""

    def __init__(self) -> None:
        self._files: dict[str, _File] = {}
        self._expected: set[str] = set()
        self._done: set[str] = set()
        self._failures = 0

    def expect(self, node_ids: Iterable[str]) -> None:
        """Name the tests to come; workers of a distributed run may each name the same ones."""
        for node_id in node_ids:
            if node_id not in self._expected:
                self._expected.add(node_id)
                self._file(node_id).waiting.add(node_id)

    def add(
        self, node_id: str, outcome: Outcome, seconds: float, failure: Failure | None = None
    ) -> None:
        """One stage of a test (setup, call or teardown) that says something about it."""
        file = self._file(node_id)
        file.changed = True
        file.duration += seconds * 1000
        known = file.outcomes.get(node_id)
        if known is None or (outcome.bad and not known.bad):
            file.outcomes[node_id] = outcome
        full = (
            len(file.failures) >= MAX_FAILURES_OF_A_FILE or self._failures >= MAX_FAILURES_OF_A_RUN
        )
        if failure is not None and not full:
            file.failures.append(failure)
            self._failures += 1

    def spend(self, node_id: str, seconds: float) -> None:
        """A stage that took time and decided nothing: a setup or teardown that went well."""
        self._file(node_id).duration += seconds * 1000

    def finish(self, node_id: str) -> FileOutcome | None:
        """The test is over; the outcome of its file where it was the last one waited for."""
        self._done.add(node_id)
        file = self._file(node_id)
        file.waiting.discard(node_id)
        return None if file.waiting or not file.changed else self._hand_out(node_id, file)

    def left(self) -> list[FileOutcome]:
        """Files that have results not handed out yet, as after `-x`."""
        return [self._hand_out(name, file) for name, file in self._files.items() if file.changed]

    @property
    def progress(self) -> float:
        """Percent of the expected tests that are over."""
        return 100 * len(self._done) / len(self._expected) if self._expected else 0.0

    @property
    def done(self) -> int:
        return len(self._done)

    @property
    def expected(self) -> int:
        return len(self._expected)

    @property
    def counts(self) -> Counts:
        return Counts.of(o for file in self._files.values() for o in file.outcomes.values())

    @property
    def outcomes(self) -> dict[str, Outcome]:
        return {node: o for file in self._files.values() for node, o in file.outcomes.items()}

    def has_failed(self, node_id: str) -> bool:
        known = self._file(node_id).outcomes.get(node_id)
        return known is not None and known.bad

    def _file(self, node_id: str) -> _File:
        return self._files.setdefault(file_of(node_id), _File())

    def _hand_out(self, node_id: str, file: _File) -> FileOutcome:
        file.changed = False
        return FileOutcome(
            file_of(node_id),
            Counts.of(file.outcomes.values()),
            file.duration,
            tuple(file.failures),
        )


def file_of(node_id: str) -> str:
    """`tests/test_a.py` of `tests/test_a.py::TestB::test_c[x::y]`."""
    return node_id.partition("::")[0]


def name_of(node_id: str) -> str:
    """`TestB::test_c[x::y]` of the same; the file where that is all there is."""
    return node_id.partition("::")[2] or node_id
