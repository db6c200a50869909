"""Red, green, refactor: the coder's test-driven cycle, and the alert that watches its coverage."""

from typing import Any

from tui.protocol.catalog import MessageType
from tui.protocol.vocabulary import Severity, TddPhase
from tui.sources.demo.cast import CODER, TESTER
from tui.sources.demo.features import Case, Feature
from tui.sources.demo.repository import Coverage, Suite, TestFile
from tui.sources.demo.stage import Stage


class Cycle:
    """All of it is the coder's (`agentId`), whoever runs the tests: a phase belongs to a task."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.suite = Suite()
        self.coverage = Coverage(stage.rng)
        self.task_id = "task-788"
        self._phase: TddPhase | None = None
        self._phase_since = 0.0
        self._passed_before = 0

    def phase(self, phase: TddPhase, source: str = CODER) -> None:
        stage = self._stage
        data: dict[str, Any] = {
            "agentId": CODER,
            "taskId": self.task_id,
            "previousPhase": self._phase.value if self._phase else None,
            "currentPhase": phase.value,
            "testResults": self.suite.totals(),
            "coverage": self.coverage.figures(),
            "timestamp": stage.milliseconds(),
        }
        if self._phase:
            data["duration"] = stage.milliseconds(stage.now - self._phase_since)
        self._phase, self._phase_since = phase, stage.now
        stage.emit(MessageType.TDD_PHASE_CHANGE, source, data)

    def open_file(self, feature: Feature) -> None:
        """A test file for a feature's cases; where there is one already, they come on top."""
        file = self.suite.files.setdefault(feature.test_file, TestFile(0))
        self._passed_before = file.passing

    def run(self, feature: Feature, passing: int, of: int, source: str = CODER) -> None:
        """Run the feature's tests: the last cases of `of` are those that still fail."""
        file = self.suite.files[feature.test_file]
        file.passing, file.failing = self._passed_before + passing, of - passing
        failing = feature.cases[passing:of]
        line = 14 + 9 * passing
        failures = [_failure(feature, case, line + 9 * place) for place, case in enumerate(failing)]
        self.report(feature.test_file, failures, source)

    def report(
        self, path: str, failures: list[dict[str, Any]] | None = None, source: str = CODER
    ) -> None:
        """A file's last result, said once more."""
        data: dict[str, Any] = {
            "agentId": CODER,
            "taskId": self.task_id,
            "testFile": path,
            "results": self.suite.results(path),
        }
        if failures:
            data["failures"] = failures
        self._stage.emit(MessageType.TEST_RESULT, source, data)

    def measure(self, path: str, lines: float = 0.0) -> None:
        """Coverage after tests that brought it to `lines` percent, with `path` looked at."""
        self.coverage.raise_to(lines)
        data = {"agentId": CODER, "taskId": self.task_id} | self.coverage.report(path)
        self._stage.emit(MessageType.COVERAGE_UPDATE, TESTER, data)


def _failure(feature: Feature, case: Case, line: int) -> dict[str, Any]:
    kind = case.message.partition(":")[0]
    return {
        "name": case.name,
        "message": case.message,
        "file": feature.test_file,
        "line": line,
        "traceback": (
            f"    def {case.name}(client, ledger):\n"
            f">       {case.code}\n"
            f"E       {case.message}\n\n"
            f"{feature.test_file}:{line}: {kind}"
        ),
    }


class Alert:
    """Something wrong that is raised once, and later resolved."""

    def __init__(
        self,
        stage: Stage,
        severity: Severity,
        title: str,
        description: str,
        affected: tuple[str, ...],
        actions: tuple[str, ...],
    ) -> None:
        self._stage = stage
        self._data = {
            "alertId": f"alert-{stage.number('alert', 31)}",
            "severity": severity.value,
            "title": title,
            "description": description,
            "affectedComponents": list(affected),
            "recommendedActions": list(actions),
        }
        stage.emit(MessageType.SYSTEM_ALERT, "monitor", dict(self._data))

    def resolve(self, description: str) -> None:
        data = self._data | {"description": description, "resolved": True}
        self._stage.emit(MessageType.SYSTEM_ALERT, "monitor", data)
