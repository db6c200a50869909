"""Hypothesis strategies for everything the wire may carry, as JSON values in canonical form.

Canonical: dates in milliseconds, enums in their known spelling (or text that no enum knows), so
that what is read and written again must be equal to what was drawn, field by field.
"""

from enum import StrEnum
from typing import Any

from hypothesis import strategies as st

from tui.protocol.catalog import EVENTS, MessageType
from tui.protocol.vocabulary import (
    AgentStatus,
    AgentType,
    LogLevel,
    NoticeLevel,
    Severity,
    StepType,
    TaskStatus,
    TddPhase,
    canonical,
)

Json = Any
Strategy = st.SearchStrategy[Any]
Record = st.SearchStrategy[dict[str, Any]]

CHARACTERS = st.characters(exclude_categories=["Cs"])
TEXT = st.text(CHARACTERS, max_size=20)
IDS = st.text(CHARACTERS, min_size=1, max_size=40)
WHOLE = st.integers(-(2**63), 2**63 - 1)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53)
TIMES = st.floats(-8.64e15, 8.64e15) | st.integers(-8_640_000_000_000_000, 8_640_000_000_000_000)
BOOLS = st.booleans()
SCALARS = st.none() | BOOLS | WHOLE | st.floats(allow_nan=False, allow_infinity=False) | TEXT
JSON: Strategy = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
EXTRAS: Record = st.dictionaries(TEXT.map(lambda name: f"x-{name}"), JSON, max_size=2)
"""Fields that no version knows."""


def record(required: dict[str, Strategy], optional: dict[str, Strategy] | None = None) -> Record:
    """An object with its required fields, some optional ones (null at times), and unknown ones."""
    maybe = {name: st.none() | strategy for name, strategy in (optional or {}).items()}
    known = st.fixed_dictionaries(required, optional=maybe)
    return st.builds(lambda extras, fields: extras | fields, EXTRAS, known)


def many(items: Strategy) -> Strategy:
    return st.lists(items, max_size=3)


def open_enum(enum: type[StrEnum]) -> Strategy:
    read = canonical(enum)
    return st.sampled_from([member.value for member in enum]) | TEXT.filter(lambda t: read(t) == t)


_TASK = record({"id": TEXT}, {"type": TEXT, "title": TEXT, "progress": NUMBERS, "startTime": TIMES})
_METRICS = record(
    {},
    dict.fromkeys(
        ("cpuUsage", "memoryUsage", "tasksCompleted", "taskQueueDepth"),
        NUMBERS,
    )
    | {"uptime": TIMES, "responseTime": TIMES},
)
_TOTALS: dict[str, Strategy] = dict.fromkeys(("total", "passing", "failing", "skipped"), WHOLE)
_COVERAGE = record({}, dict.fromkeys(("lines", "branches", "functions", "statements"), NUMBERS))
_FAILURE = record({"name": TEXT, "message": TEXT}, {"file": TEXT, "line": WHOLE, "traceback": TEXT})
_FILE = record({"path": TEXT, "lines": NUMBERS, "uncoveredLines": many(WHOLE)})
_STEP = record(
    {"id": TEXT},
    {"name": TEXT, "type": open_enum(StepType), "agent": TEXT, "dependencies": many(TEXT)},
)
_ISSUE: dict[str, Strategy] = {
    "repository": IDS,
    "number": WHOLE,
    "title": TEXT,
    "action": TEXT,
    "state": TEXT,
}
_ISSUE_MAYBE: dict[str, Strategy] = {"url": TEXT, "sender": TEXT, "labels": many(TEXT)}

EVENT_DATA: dict[str, Record] = {
    "agent_status": record(
        {"agentId": IDS, "agentType": open_enum(AgentType), "status": open_enum(AgentStatus)},
        {
            "previousStatus": open_enum(AgentStatus),
            "reason": TEXT,
            "currentTask": _TASK,
            "metrics": _METRICS,
            "timestamp": TIMES,
        },
    ),
    "agent_task_update": record(
        {
            "agentId": IDS,
            "taskId": TEXT,
            "taskType": TEXT,
            "status": open_enum(TaskStatus),
            "progress": NUMBERS,
        },
        {"details": JSON},
    ),
    "agent_log": record(
        {"agentId": IDS, "level": open_enum(LogLevel), "message": TEXT, "timestamp": TIMES},
        {"context": JSON},
    ),
    "agent_metric": record({"agentId": IDS, "metrics": _METRICS, "timestamp": TIMES}),
    "agent_error": record(
        {"agentId": IDS, "message": TEXT},
        {
            "code": TEXT,
            "taskId": TEXT,
            "stack": TEXT,
            "recoverable": BOOLS,
            "timestamp": TIMES,
        },
    ),
    "tdd_phase_change": record(
        {
            "agentId": IDS,
            "taskId": TEXT,
            "previousPhase": st.none() | open_enum(TddPhase),
            "currentPhase": open_enum(TddPhase),
        },
        {
            "testResults": record(_TOTALS),
            "coverage": _COVERAGE,
            "duration": TIMES,
            "timestamp": TIMES,
        },
    ),
    "test_result": record(
        {
            "agentId": IDS,
            "taskId": TEXT,
            "testFile": IDS,
            "results": record(_TOTALS | {"duration": TIMES}),
        },
        {"failures": many(_FAILURE)},
    ),
    "coverage_update": record(
        {"agentId": IDS, "taskId": TEXT, "coverage": _COVERAGE},
        {"uncoveredLines": many(WHOLE), "file": TEXT, "files": many(_FILE)},
    ),
    "workflow_started": record(
        {
            "workflowId": IDS,
            "workflowType": TEXT,
            "initiator": TEXT,
            "steps": many(_STEP),
            "estimatedDuration": TIMES,
        },
        {"parameters": JSON},
    ),
    "workflow_step_complete": record(
        {
            "workflowId": IDS,
            "stepId": IDS,
            "stepType": open_enum(StepType),
            "result": JSON,
            "duration": TIMES,
        },
        {"nextStep": TEXT},
    ),
    "workflow_complete": record(
        {"workflowId": IDS, "result": JSON, "duration": TIMES},
        {"outputs": JSON, "metrics": JSON},
    ),
    "workflow_failed": record(
        {"workflowId": IDS, "error": TEXT}, {"stepId": TEXT, "duration": TIMES}
    ),
    "system_notification": record(
        {"level": open_enum(NoticeLevel), "title": TEXT, "message": TEXT},
        {"actions": many(record({"label": TEXT})), "persistent": BOOLS},
    ),
    "system_alert": record(
        {
            "alertId": IDS,
            "severity": open_enum(Severity),
            "title": TEXT,
            "description": TEXT,
            "affectedComponents": many(TEXT),
            "recommendedActions": many(TEXT),
        },
        {"resolved": BOOLS},
    ),
    "deployment_status": record(
        {
            "deploymentId": IDS,
            "environment": TEXT,
            "status": TEXT,
            "progress": NUMBERS,
            "components": many(record({"name": TEXT, "status": TEXT})),
        },
        {"estimatedCompletion": TIMES},
    ),
    "github_issue_update": record(_ISSUE, _ISSUE_MAYBE),
    "github_pr_update": record(
        _ISSUE,
        _ISSUE_MAYBE
        | {
            "draft": BOOLS,
            "merged": BOOLS,
            "reviewDecision": TEXT,
            "checks": record({"passed": WHOLE, "failed": WHOLE, "pending": WHOLE}),
        },
    ),
    "github_workflow_update": record(
        {"repository": IDS, "workflow": TEXT, "runId": WHOLE | TEXT, "status": TEXT},
        {"conclusion": TEXT, "branch": TEXT, "url": TEXT},
    ),
}

_POSITION = record({"epoch": TEXT, "offset": WHOLE})
_POSITIONS = st.dictionaries(TEXT, _POSITION, max_size=2)
_SPEC: dict[str, Strategy] = {
    "subscriptionId": IDS,
    "resource": TEXT,
    "resourceId": TEXT,
    "events": many(TEXT),
}
_LIMITS = record({}, {"maxMessageBytes": WHOLE, "maxSubscriptions": WHOLE})
CONTROL_DATA: dict[str, Strategy] = {
    "connect": record(
        {"clientId": TEXT},
        {
            "protocol": WHOLE,
            "serverTime": TIMES,
            "heartbeatMs": TIMES,
            "limits": _LIMITS,
        },
    ),
    "disconnect": st.none() | record({}, {"reason": TEXT}),
    "ping": st.none() | record({}, {"timestamp": TIMES}),
    "pong": st.none() | record({}, {"timestamp": TIMES, "positions": _POSITIONS}),
    "error": record({"error": TEXT}, {"code": TEXT, "details": JSON, "retryAfterMs": TIMES}),
    "auth_request": record({"type": TEXT, "token": TEXT}),
    "auth_success": st.none() | record({}, {"permissions": many(TEXT), "limits": _LIMITS}),
    "auth_failure": st.none() | record({}, {"code": TEXT, "reason": TEXT}),
    "subscribe": record(
        {},
        _SPEC
        | {
            "subscriptions": many(record({}, _SPEC)),
            "resume": st.dictionaries(TEXT, _POSITION | TIMES, max_size=2),
            "snapshot": st.sampled_from(["auto", "always", "never"]),
        },
    ),
    "unsubscribe": record({"subscriptionId": IDS}),
    "subscription_update": record(
        {"status": TEXT},
        {
            "subscriptionIds": many(TEXT),
            "subscriptionId": TEXT,
            "positions": _POSITIONS,
            "recovered": BOOLS,
            "reason": TEXT,
            "resource": TEXT,
            "lost": record({"from": WHOLE, "to": WHOLE}),
            "epoch": TEXT,
            "offset": WHOLE,
            "state": many(st.dictionaries(TEXT, JSON, max_size=3)),
            "more": BOOLS,
        },
    ),
    "publish_ack": record({"ids": many(TEXT)}),
}

METADATA = record(
    {},
    {
        "version": TEXT,
        "source": TEXT,
        "correlationId": TEXT,
        "compressed": BOOLS,
        "encrypted": st.just(value=False),
        "offset": WHOLE,
        "replayed": BOOLS,
        "conflated": WHOLE,
    },
)
ENVELOPE_IDS = st.text(CHARACTERS, min_size=1, max_size=128)
_TYPES = frozenset(MessageType)


def event(type_: str) -> Record:
    """A valid event of one type."""
    return record(
        {
            "id": ENVELOPE_IDS,
            "type": st.just(type_),
            "timestamp": TIMES,
            "data": EVENT_DATA[type_],
        },
        {"metadata": METADATA},
    )


def control(type_: str) -> Record:
    """A valid control message of one type, with or without the fields that it may lack."""
    return record(
        {"type": st.just(type_), "data": CONTROL_DATA[type_]},
        {"id": ENVELOPE_IDS, "timestamp": TIMES, "metadata": METADATA},
    )


EVENT_MESSAGES = st.sampled_from(sorted(EVENT_DATA)).flatmap(event)
CONTROL_MESSAGES = st.sampled_from(sorted(CONTROL_DATA)).flatmap(control)
UNKNOWN_MESSAGES = record(
    {"type": TEXT.filter(lambda type_: type_ not in _TYPES)},
    {"id": ENVELOPE_IDS, "timestamp": TIMES, "data": JSON, "metadata": METADATA},
)
LOCKED_EVENTS = record(
    {
        "id": ENVELOPE_IDS,
        "type": st.sampled_from([str(type_) for type_ in EVENTS]),
        "timestamp": TIMES,
        "data": JSON,
        "metadata": record({"encrypted": st.just(value=True)}, {"source": TEXT}),
    }
)
MESSAGES = EVENT_MESSAGES | CONTROL_MESSAGES | UNKNOWN_MESSAGES | LOCKED_EVENTS
