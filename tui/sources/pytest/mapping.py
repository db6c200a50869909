"""A test run's outcomes in, events out. Pure.

How a run shows:

- `agent_status` is `busy` with the run as the current task while it lasts, then `idle`: failing
  tests are what a run is there to find, and the phase says so. `error` is for a run that could not
  do its work (collection, usage, internal error), because then a person must look.
- `test_result` for each file as it ends. Expected failures count as skipped, unexpected passes as
  passing; how many there were of either is added as `xfailed`, `xpassed` and `errors`.
- `tdd_phase_change` after each run that shows a phase. It is sent when the phase is the same, too:
  only it carries the run's totals, and whoever came later learns the phase.
- `coverage_update` with what was measured. coverage.py counts lines by statement, so `statements`
  would be `lines` again and is left out; `functions` is the share that was entered.
- `agent_error` where the run itself broke, and one `agent_log` line at the end.

Texts are cleaned and bounded here, so that each event can be written, whatever a test printed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tui.protocol.catalog import MessageType
from tui.protocol.vocabulary import AgentStatus, AgentType, LogLevel, TddPhase
from tui.sources.pytest.phases import Ending
from tui.sources.pytest.tally import Counts, Failure, FileOutcome
from tui.sources.pytest.trim import fitting, one_line, path_text, traceback_text

Event = tuple[str, dict[str, Any]]
"""Type and data."""

MAX_ERRORS = 20
"""Collection errors reported one by one."""


@dataclass(frozen=True, slots=True)
class Run:
    """Whose run it is, and what it is called."""

    agent: str
    task: str
    title: str
    started: float
    """Unix milliseconds."""


@dataclass(frozen=True, slots=True)
class FileCoverage:
    path: str
    lines: float
    """Percent."""
    uncovered: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Measured:
    """Coverage of a run in percent; None where it was not measured."""

    lines: float | None = None
    branches: float | None = None
    functions: float | None = None
    files: tuple[FileCoverage, ...] = ()


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """What is said at the end."""

    ending: Ending
    counts: Counts
    seconds: float
    collection_errors: int = 0
    exit_code: int = 0
    waiting: int = 0
    """Tests that failed before and did not run this time."""
    done: int = 0
    expected: int = 0


@dataclass(frozen=True, slots=True)
class PhaseChange:
    previous: TddPhase | None
    current: TddPhase
    duration: float | None
    """Milliseconds that the previous phase took; None where it goes on."""


def progress(run: Run, percent: float) -> Event:
    """The run goes on; at 0 percent, it begins."""
    return MessageType.AGENT_STATUS, {
        "agentId": run.agent,
        "agentType": AgentType.TESTER,
        "status": AgentStatus.BUSY,
        "currentTask": {
            "id": run.task,
            "type": "test",
            "title": run.title,
            "progress": round(percent, 1),
            "startTime": run.started,
        },
    }


def test_result(run: Run, file: FileOutcome) -> Event:
    def build(failures: int, message: int, traceback: int) -> dict[str, Any]:
        return {
            "agentId": run.agent,
            "taskId": run.task,
            "testFile": path_text(file.path) or "?",
            "results": _totals(file.counts) | {"duration": round(file.duration, 3)},
            "failures": [_failure(f, message, traceback) for f in file.failures[:failures]],
        }

    return MessageType.TEST_RESULT, fitting(
        build,
        (100, 1000, 8000),
        (100, 500, 3000),
        (100, 300, 1000),
        (100, 200, 300),
        (50, 200, 200),
        (15, 150, 0),
    )


def coverage_update(run: Run, measured: Measured) -> Event:
    """The files with the most uncovered lines come first, and stay where not all can."""
    worst = sorted(measured.files, key=lambda f: (-len(f.uncovered), f.path))

    def build(files: int, lines: int) -> dict[str, Any]:
        return {
            "agentId": run.agent,
            "taskId": run.task,
            "coverage": _coverage(measured),
            "files": [
                {
                    "path": path_text(file.path),
                    "lines": file.lines,
                    "uncoveredLines": list(file.uncovered[:lines]),
                }
                for file in worst[:files]
            ],
        }

    return MessageType.COVERAGE_UPDATE, fitting(
        build, (200, 500), (200, 100), (200, 40), (200, 10), (100, 20), (30, 20)
    )


def phase_change(
    run: Run, change: PhaseChange, counts: Counts, measured: Measured | None, now: float
) -> Event:
    """`now` in Unix milliseconds."""
    data: dict[str, Any] = {
        "agentId": run.agent,
        "taskId": run.task,
        "previousPhase": change.previous,
        "currentPhase": change.current,
        "testResults": _totals(counts),
        "timestamp": now,
    }
    if measured is not None:
        data["coverage"] = _coverage(measured)
    if change.duration is not None:
        data["duration"] = round(change.duration)
    return MessageType.TDD_PHASE_CHANGE, data


def collection_errors(run: Run, errors: Sequence[Failure]) -> list[Event]:
    """One `agent_error` a file that could not be collected."""
    return [_error(run, "collection_error", error) for error in errors[:MAX_ERRORS]]


def internal_error(run: Run, message: str, traceback: str) -> Event:
    return _error(run, "internal_error", Failure("pytest", message, traceback=traceback))


def ended(run: Run, outcome: RunOutcome, now: float) -> list[Event]:
    """The log line and the agent's last status; `now` in Unix milliseconds."""
    summary = describe(outcome)
    log: dict[str, Any] = {
        "agentId": run.agent,
        "level": _level(outcome),
        "message": f"pytest: {summary} in {outcome.seconds:.2f}s",
        "context": {"taskId": run.task, "exitCode": outcome.exit_code},
        "timestamp": now,
    }
    broken = outcome.ending in (Ending.COLLECTION, Ending.USAGE, Ending.INTERNAL)
    status: dict[str, Any] = {
        "agentId": run.agent,
        "agentType": AgentType.TESTER,
        "status": AgentStatus.ERROR if broken else AgentStatus.IDLE,
        "previousStatus": AgentStatus.BUSY,
        "reason": summary,
    }
    return [(MessageType.AGENT_LOG, log), (MessageType.AGENT_STATUS, status)]


def vanished(agent: str) -> Event:
    """The run has ended without a word, so that nobody else will say it is not busy any more."""
    return MessageType.AGENT_STATUS, {
        "agentId": agent,
        "agentType": AgentType.TESTER,
        "status": AgentStatus.ERROR,
        "previousStatus": AgentStatus.BUSY,
        "reason": "no more word from pytest: it was killed, or it crashed",
    }


def describe(outcome: RunOutcome) -> str:
    """`3 failed, 139 passed`, with what else must be known to read it rightly."""
    counts = outcome.counts
    numbers = (
        (counts.failed, "failed"),
        (counts.error, "error" if counts.error == 1 else "errors"),
        (counts.passed, "passed"),
        (counts.skipped, "skipped"),
        (counts.xfailed, "xfailed"),
        (counts.xpassed, "xpassed"),
    )
    text = ", ".join(f"{number} {word}" for number, word in numbers if number)
    match outcome.ending:
        case Ending.NO_TESTS:
            text = text or "no tests ran"
        case Ending.COLLECTION:
            errors = outcome.collection_errors
            said = f"collection failed: {errors} error{'' if errors == 1 else 's'}"
            text = f"{said}; {text}" if text else said
        case Ending.INTERRUPTED:
            said = f"interrupted after {outcome.done} of {outcome.expected} tests"
            text = f"{said}; {text}" if text else said
        case Ending.USAGE | Ending.INTERNAL:
            text = f"{outcome.ending}; {text}" if text else str(outcome.ending)
        case Ending.COMPLETE:
            text = text or "no tests ran"
            if outcome.exit_code and not counts.failing:
                text += f", but pytest ended with exit code {outcome.exit_code}"
    if outcome.waiting and not counts.failing:
        some = "1 test" if outcome.waiting == 1 else f"{outcome.waiting} tests"
        text += f" ({some} that failed before did not run)"
    return text


def _level(outcome: RunOutcome) -> LogLevel:
    if outcome.ending in (Ending.COLLECTION, Ending.USAGE, Ending.INTERNAL):
        return LogLevel.ERROR
    content = outcome.ending is Ending.COMPLETE and not outcome.exit_code and not outcome.waiting
    return LogLevel.INFO if content and not outcome.counts.failing else LogLevel.WARN


def _totals(counts: Counts) -> dict[str, Any]:
    totals = {
        "total": counts.total,
        "passing": counts.passing,
        "failing": counts.failing,
        "skipped": counts.not_run,
    }
    rare = {"errors": counts.error, "xfailed": counts.xfailed, "xpassed": counts.xpassed}
    return totals | {name: number for name, number in rare.items() if number}


def _coverage(measured: Measured) -> dict[str, float]:
    values = {
        "lines": measured.lines,
        "branches": measured.branches,
        "functions": measured.functions,
    }
    return {name: value for name, value in values.items() if value is not None}


def _failure(failure: Failure, message: int, traceback: int) -> dict[str, Any]:
    data: dict[str, Any] = {
        "name": one_line(failure.name, 200),
        "message": one_line(failure.message, message),
    }
    if failure.file is not None:
        data["file"] = path_text(failure.file)
    if failure.line is not None:
        data["line"] = failure.line
    if traceback and failure.traceback:
        data["traceback"] = traceback_text(failure.traceback, traceback)
    return data


def _error(run: Run, code: str, error: Failure) -> Event:
    data: dict[str, Any] = {
        "agentId": run.agent,
        "message": f"{one_line(error.name, 200)}: {one_line(error.message, 500)}",
        "code": code,
        "taskId": run.task,
        "recoverable": True,
    }
    if error.traceback:
        data["stack"] = traceback_text(error.traceback, 6000)
    return MessageType.AGENT_ERROR, data
