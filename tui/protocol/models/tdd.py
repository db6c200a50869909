"""Test-driven development: phases, test results, coverage (topics `tdd:{agentId}:…`)."""

from typing import Annotated, Literal

from pydantic import AfterValidator

from tui.protocol.models.base import Event, Identifier, Moment, Time, Whole, WireModel
from tui.protocol.vocabulary import TddPhase, canonical

PhaseText = Annotated[str, AfterValidator(canonical(TddPhase))]


class TestTotals(WireModel):
    __test__ = False

    total: Whole
    passing: Whole
    failing: Whole
    skipped: Whole


class TestFileTotals(TestTotals):
    duration: Time
    """Milliseconds."""


class Coverage(WireModel):
    """Percentages; one that was not measured is absent."""

    lines: float | None = None
    branches: float | None = None
    functions: float | None = None
    statements: float | None = None


class TestFailure(WireModel):
    __test__ = False

    name: str
    message: str
    file: str | None = None
    line: Whole | None = None
    traceback: str | None = None


class FileCoverage(WireModel):
    path: str
    lines: float
    """Percent."""
    uncovered_lines: tuple[Whole, ...] = ()


class TddPhaseChangeData(WireModel):
    agent_id: Identifier
    task_id: str
    previous_phase: PhaseText | None
    current_phase: PhaseText
    test_results: TestTotals | None = None
    coverage: Coverage | None = None
    duration: Time | None = None
    """Milliseconds that the previous phase took."""
    timestamp: Moment | None = None


class TestResultData(WireModel):
    __test__ = False

    agent_id: Identifier
    task_id: str
    test_file: Identifier
    results: TestFileTotals
    failures: tuple[TestFailure, ...] | None = None


class CoverageUpdateData(WireModel):
    agent_id: Identifier
    task_id: str
    coverage: Coverage
    uncovered_lines: tuple[Whole, ...] | None = None
    file: str | None = None
    """The file that `uncovered_lines` speaks of."""
    files: tuple[FileCoverage, ...] | None = None


class TddPhaseChangeEvent(Event):
    type: Literal["tdd_phase_change"] = "tdd_phase_change"
    data: TddPhaseChangeData


class TestResultEvent(Event):
    __test__ = False

    type: Literal["test_result"] = "test_result"
    data: TestResultData


class CoverageUpdateEvent(Event):
    type: Literal["coverage_update"] = "coverage_update"
    data: CoverageUpdateData
