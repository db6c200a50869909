"""What an event says, in a word and a few more, for a line of its own.

The texts are as they came: whoever prints them makes them harmless.
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import orjson

from tui.protocol import models as m
from tui.protocol.models.agent import AgentMetrics
from tui.protocol.models.base import Control, Event
from tui.protocol.models.tdd import Coverage, TestTotals
from tui.widgets.cells import age

_FAILURES = 3
"""Failed tests that are named."""


class Summary(NamedTuple):
    word: str
    """How it stands: a status, a phase, a level; empty where there is no such word."""
    text: str = ""


def summarize(event: Event | Control) -> Summary:
    """Of what this version does not know, the data as it is."""
    if isinstance(event, m.LockedEvent):
        return Summary("locked", "its data is encrypted")
    tell = _BY_TYPE.get(type(event))
    return tell(event.data) if tell else Summary("", _plain(event.data))


def _agent_status(data: Any) -> Summary:
    task = data.current_task
    doing = _joined(task and (task.title or task.id), _percent(task and task.progress))
    return Summary(data.status, _listed(data.reason, doing))


def _agent_task_update(data: Any) -> Summary:
    return Summary(
        data.status, _joined(data.task_id, f"({data.task_type})", _percent(data.progress))
    )


def _agent_log(data: Any) -> Summary:
    return Summary(data.level.upper(), data.message)


def _agent_metric(data: Any) -> Summary:
    metrics: AgentMetrics = data.metrics
    memory = metrics.memory_usage
    return Summary(
        "",
        _listed(
            _figure("cpu", metrics.cpu_usage, " %"),
            _figure("memory", None if memory is None else round(memory / 2**20), " MiB"),
            _figure("queue", metrics.task_queue_depth),
            _figure("response", metrics.response_time, " ms"),
        ),
    )


def _agent_error(data: Any) -> Summary:
    code = f"({data.code})" if data.code else None
    return Summary("ERROR", _joined(data.message, code))


def _tdd_phase_change(data: Any) -> Summary:
    before = f"after {data.previous_phase}" if data.previous_phase else None
    lasted = f"for {age(data.duration)}" if before and data.duration is not None else None
    tests = data.test_results and _tests(data.test_results)
    return Summary(data.current_phase, _listed(_joined(before, lasted), tests))


def _test_result(data: Any) -> Summary:
    failed = data.results.failing > 0
    said = f"{data.test_file}: {_tests(data.results)}"
    names = [failure.name for failure in data.failures or ()]
    if names:
        more = len(names) - _FAILURES
        said += ": " + _listed(*names[:_FAILURES], f"{more} more" if more > 0 else None)
    return Summary("failed" if failed else "passed", said)


def _coverage_update(data: Any) -> Summary:
    coverage: Coverage = data.coverage
    kinds = ("lines", "branches", "functions", "statements")
    return Summary("", _listed(*(_figure(kind, getattr(coverage, kind), " %") for kind in kinds)))


def _workflow_started(data: Any) -> Summary:
    steps = f"{len(data.steps)} step{'s' if len(data.steps) != 1 else ''}"
    return Summary(
        data.workflow_type,
        f"{steps}, about {age(data.estimated_duration)}, asked for by {data.initiator}",
    )


def _workflow_step_complete(data: Any) -> Summary:
    following = f"then {data.next_step}" if data.next_step else None
    return Summary(data.step_id, _listed(_plain(data.result), age(data.duration), following))


def _workflow_complete(data: Any) -> Summary:
    return Summary("complete", _listed(_plain(data.result), age(data.duration)))


def _workflow_failed(data: Any) -> Summary:
    step = f"in step {data.step_id}" if data.step_id else None
    return Summary("failed", _listed(data.error, step))


def _system_notification(data: Any) -> Summary:
    return Summary(data.level.upper(), f"{data.title}: {data.message}")


def _system_alert(data: Any) -> Summary:
    word = "resolved" if data.resolved else data.severity.upper()
    return Summary(word, f"{data.title}: {data.description}")


def _deployment_status(data: Any) -> Summary:
    parts = _listed(*(f"{one.name} {one.status}" for one in data.components))
    where = _joined(data.environment, _percent(data.progress))
    return Summary(data.status, _listed(where, parts))


def _github_update(data: Any) -> Summary:
    checks = getattr(data, "checks", None)
    return Summary(
        data.state,
        _listed(
            f"#{data.number} {data.action}: {data.title}",
            checks and f"checks {checks.passed} passed, {checks.failed} failed",
            getattr(data, "review_decision", None),
        ),
    )


def _github_workflow_update(data: Any) -> Summary:
    on = f"on {data.branch}" if data.branch else None
    return Summary(data.conclusion or data.status, _joined(data.workflow, on))


_BY_TYPE: dict[type, Callable[[Any], Summary]] = {
    m.AgentStatusEvent: _agent_status,
    m.AgentTaskUpdateEvent: _agent_task_update,
    m.AgentLogEvent: _agent_log,
    m.AgentMetricEvent: _agent_metric,
    m.AgentErrorEvent: _agent_error,
    m.TddPhaseChangeEvent: _tdd_phase_change,
    m.TestResultEvent: _test_result,
    m.CoverageUpdateEvent: _coverage_update,
    m.WorkflowStartedEvent: _workflow_started,
    m.WorkflowStepCompleteEvent: _workflow_step_complete,
    m.WorkflowCompleteEvent: _workflow_complete,
    m.WorkflowFailedEvent: _workflow_failed,
    m.SystemNotificationEvent: _system_notification,
    m.SystemAlertEvent: _system_alert,
    m.DeploymentStatusEvent: _deployment_status,
    m.GithubIssueUpdateEvent: _github_update,
    m.GithubPrUpdateEvent: _github_update,
    m.GithubWorkflowUpdateEvent: _github_workflow_update,
}


def _tests(totals: TestTotals) -> str:
    if totals.failing:
        return f"{totals.failing} of {totals.total} failed"
    return f"{totals.passing} of {totals.total} passed"


def _percent(progress: float | None) -> str | None:
    return None if progress is None else f"{progress:g} %"


def _figure(name: str, value: float | None, unit: str = "") -> str | None:
    return None if value is None else f"{name} {value:.4g}{unit}"


def _plain(value: Any) -> str:
    if isinstance(value, str):
        return value
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError:  # a whole number beyond 64 bits
        return str(value)


def _joined(*parts: str | None) -> str:
    return " ".join(_said(parts))


def _listed(*parts: str | None) -> str:
    return ", ".join(_said(parts))


def _said(parts: Iterable[str | None]) -> Iterable[str]:
    return (part for part in parts if part)
