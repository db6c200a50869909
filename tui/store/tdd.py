"""Each agent's test-driven cycle, folded from phases, test results and coverage."""

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from tui.store.bounds import cut

if TYPE_CHECKING:
    from tui.protocol.models.tdd import (
        Coverage,
        CoverageUpdateEvent,
        TddPhaseChangeEvent,
        TestFailure,
        TestResultEvent,
        TestTotals,
    )

MAX_FILES = 2_000
"""Test files kept for an agent."""
MAX_CYCLES = 5_000
"""Agents kept."""
MAX_FAILURES = 100
"""Failures kept of a file, and shown of an agent."""
MAX_COVERED = 200
MAX_UNCOVERED = 1_000
"""Files and lines of a coverage report."""


class Totals(NamedTuple):
    total: int = 0
    passing: int = 0
    failing: int = 0
    skipped: int = 0

    @classmethod
    def of(cls, totals: "TestTotals") -> "Totals":
        return cls(totals.total, totals.passing, totals.failing, totals.skipped)

    def plus(self, other: "Totals", times: int = 1) -> "Totals":
        # Field by field: a generator over both costs five times as much, at every file's result.
        return Totals(
            self.total + times * other.total,
            self.passing + times * other.passing,
            self.failing + times * other.failing,
            self.skipped + times * other.skipped,
        )


NOTHING = Totals()


class Failure(NamedTuple):
    """A failed test; what its traceback says stays with the event."""

    name: str
    message: str
    """Its first line."""
    where: str
    """`file:line`, as far as they are known."""

    @classmethod
    def of(cls, test_file: str, failure: "TestFailure") -> "Failure":
        file = cut(failure.file or test_file)
        lines = cut(failure.message).splitlines()
        where = f"{file}:{failure.line}" if failure.line else file
        return cls(cut(failure.name), lines[0] if lines else "", where)


class CoveredFile(NamedTuple):
    path: str
    lines: float
    """Percent."""
    uncovered: tuple[int, ...]


class PhaseSpan(NamedTuple):
    """One past phase; `duration` in milliseconds."""

    phase: str
    duration: float


@dataclass(slots=True)
class TestFile:
    __test__ = False

    path: str
    totals: Totals
    duration: float
    """Milliseconds."""
    failures: tuple[Failure, ...]
    at: float


@dataclass(slots=True)
class Cycle:
    """One agent's cycle."""

    agent_id: str
    task_id: str = ""
    phase: str = ""
    since: float = 0.0
    seen: float = 0.0
    past: deque[PhaseSpan] = field(default_factory=lambda: deque(maxlen=64))
    count: int = 0
    """Completed rounds: how often red followed green or refactor."""
    totals: Totals = NOTHING
    summed: Totals = NOTHING
    """The newest results of all files, added up as they come."""
    duration: float = 0.0
    """Milliseconds that those took."""
    tested_at: float = 0.0
    files: dict[str, TestFile] = field(default_factory=dict)
    passing_trend: deque[float] = field(default_factory=lambda: deque(maxlen=16))
    """The share of passing tests after each change, 0–1."""
    coverage: "Coverage | None" = None
    previous_coverage: "Coverage | None" = None
    covered_files: tuple[CoveredFile, ...] = ()
    """The worst first."""

    def keep(self, file: TestFile) -> None:
        self.files[file.path] = file
        self.summed = self.summed.plus(file.totals)
        self.duration += file.duration

    def drop(self, path: str) -> None:
        file = self.files.pop(path, None)
        if file is not None:
            self.summed = self.summed.plus(file.totals, -1)
            self.duration -= file.duration

    @property
    def failures(self) -> list[Failure]:
        """Those of the newest file first."""
        files = sorted((f for f in self.files.values() if f.failures), key=lambda f: -f.at)
        return [failure for file in files for failure in file.failures][:MAX_FAILURES]


class Cycles:
    """All cycles, by agent id."""

    def __init__(self) -> None:
        self.by_agent: OrderedDict[str, Cycle] = OrderedDict()

    def current(self) -> Cycle | None:
        """The cycle to show: one that is red before others, then the newest heard of."""
        return max(
            self.by_agent.values(),
            key=lambda c: (c.totals.failing > 0, c.seen),
            default=None,
        )

    def failing(self) -> int:
        return sum(cycle.totals.failing for cycle in self.by_agent.values())

    def on_phase(self, event: "TddPhaseChangeEvent") -> None:
        data = event.data
        cycle = self._of(data.agent_id, data.task_id, event.timestamp)
        phase = cut(data.current_phase)
        if cycle.phase != phase:
            previous = cycle.phase or cut(data.previous_phase)
            duration = data.duration
            if duration is None and cycle.phase:
                duration = event.timestamp - cycle.since
            if previous and duration is not None:
                cycle.past.append(PhaseSpan(previous, duration))
            if data.current_phase == "red" and previous in ("green", "refactor"):
                cycle.count += 1
            cycle.phase = phase
            cycle.since = event.timestamp
        if data.test_results is not None:
            if data.test_results.failing == 0:
                # The run has passed: a failure left from a file that is no more is none.
                for file in cycle.files.values():
                    file.failures = ()
            self._count(cycle, Totals.of(data.test_results), event.timestamp)
        if data.coverage is not None:
            self._cover(cycle, data.coverage)

    def on_result(self, event: "TestResultEvent") -> None:
        data = event.data
        cycle = self._of(data.agent_id, data.task_id, event.timestamp)
        cycle.drop(data.test_file)
        if len(cycle.files) >= MAX_FILES:
            cycle.drop(next(iter(cycle.files)))
        cycle.keep(
            TestFile(
                data.test_file,
                Totals.of(data.results),
                data.results.duration,
                tuple(Failure.of(data.test_file, f) for f in (data.failures or ())[:MAX_FAILURES]),
                event.timestamp,
            )
        )
        self._count(cycle, cycle.summed, event.timestamp)

    def on_coverage(self, event: "CoverageUpdateEvent") -> None:
        data = event.data
        cycle = self._of(data.agent_id, data.task_id, event.timestamp)
        self._cover(cycle, data.coverage)
        if data.files is not None:
            worst = sorted(data.files, key=lambda f: f.lines)[:MAX_COVERED]
            cycle.covered_files = tuple(
                CoveredFile(cut(f.path), f.lines, f.uncovered_lines[:MAX_UNCOVERED]) for f in worst
            )

    def _of(self, agent_id: str, task_id: str, at: float) -> Cycle:
        cycle = self.by_agent.get(agent_id)
        if cycle is None:
            if len(self.by_agent) >= MAX_CYCLES:
                self.by_agent.popitem(last=False)
            cycle = self.by_agent[agent_id] = Cycle(agent_id, since=at)
        else:
            self.by_agent.move_to_end(agent_id)
        cycle.task_id = cut(task_id)
        cycle.seen = max(cycle.seen, at)
        return cycle

    def _count(self, cycle: Cycle, totals: Totals, at: float) -> None:
        cycle.tested_at = at
        if totals == cycle.totals:
            return
        cycle.totals = totals
        ran = totals.passing + totals.failing
        cycle.passing_trend.append(totals.passing / ran if ran else 0.0)

    def _cover(self, cycle: Cycle, coverage: "Coverage") -> None:
        if coverage != cycle.coverage:
            cycle.previous_coverage = cycle.coverage
            cycle.coverage = coverage
