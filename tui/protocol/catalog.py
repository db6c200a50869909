"""The 30 message types: each event's topic, state key, and whether slow readers may skip some."""

from enum import StrEnum
from typing import NamedTuple

SUBPROTOCOL = "autosdlc.v1"
"""The WebSocket subprotocol by which two ends agree to speak v1."""


class MessageType(StrEnum):
    """The document's 29 types, and `publish_ack`, which v1 adds."""

    CONNECT = "connect"
    DISCONNECT = "disconnect"
    PING = "ping"
    PONG = "pong"
    ERROR = "error"
    AUTH_REQUEST = "auth_request"
    AUTH_SUCCESS = "auth_success"
    AUTH_FAILURE = "auth_failure"
    SUBSCRIBE = "subscribe"
    UNSUBSCRIBE = "unsubscribe"
    SUBSCRIPTION_UPDATE = "subscription_update"
    PUBLISH_ACK = "publish_ack"
    AGENT_STATUS = "agent_status"
    AGENT_TASK_UPDATE = "agent_task_update"
    AGENT_LOG = "agent_log"
    AGENT_METRIC = "agent_metric"
    AGENT_ERROR = "agent_error"
    TDD_PHASE_CHANGE = "tdd_phase_change"
    TEST_RESULT = "test_result"
    COVERAGE_UPDATE = "coverage_update"
    WORKFLOW_STARTED = "workflow_started"
    WORKFLOW_STEP_COMPLETE = "workflow_step_complete"
    WORKFLOW_COMPLETE = "workflow_complete"
    WORKFLOW_FAILED = "workflow_failed"
    SYSTEM_NOTIFICATION = "system_notification"
    SYSTEM_ALERT = "system_alert"
    DEPLOYMENT_STATUS = "deployment_status"
    GITHUB_ISSUE_UPDATE = "github_issue_update"
    GITHUB_PR_UPDATE = "github_pr_update"
    GITHUB_WORKFLOW_UPDATE = "github_workflow_update"


class EventSpec(NamedTuple):
    """How one event type is routed and remembered."""

    type: str
    resource: str
    """The topic's first segment, and the name of the stream."""
    id_field: str
    """The field of `data` that is the topic's second segment; empty: `metadata.source`."""
    event: str
    """The topic's third segment."""
    key: tuple[str, ...] | None
    """Fields of `data` that make the state key; None: history only."""
    conflated: bool = False
    """Whether a slow reader may be given the newest of a state key only."""


_AGENT, _WORKFLOW, _REPO = "agent_id", "workflow_id", "repository"
T = MessageType
EVENTS: dict[str, EventSpec] = {
    str(spec.type): spec  # an enum's member would take several times as long to find
    for spec in (
        EventSpec(T.AGENT_STATUS, "agent", _AGENT, "status", (_AGENT,), conflated=True),
        EventSpec(T.AGENT_TASK_UPDATE, "agent", _AGENT, "task_update", (_AGENT,), conflated=True),
        EventSpec(T.AGENT_LOG, "agent", _AGENT, "log", None),
        EventSpec(T.AGENT_METRIC, "agent", _AGENT, "metric", (_AGENT,), conflated=True),
        EventSpec(T.AGENT_ERROR, "agent", _AGENT, "error", None),
        EventSpec(T.TDD_PHASE_CHANGE, "tdd", _AGENT, "phase_change", (_AGENT,)),
        EventSpec(T.TEST_RESULT, "tdd", _AGENT, "test_result", (_AGENT, "test_file")),
        EventSpec(T.COVERAGE_UPDATE, "tdd", _AGENT, "coverage_update", (_AGENT,), conflated=True),
        EventSpec(T.WORKFLOW_STARTED, "workflow", _WORKFLOW, "started", (_WORKFLOW,)),
        EventSpec(
            T.WORKFLOW_STEP_COMPLETE, "workflow", _WORKFLOW, "step_complete", (_WORKFLOW, "step_id")
        ),
        EventSpec(T.WORKFLOW_COMPLETE, "workflow", _WORKFLOW, "complete", (_WORKFLOW,)),
        EventSpec(T.WORKFLOW_FAILED, "workflow", _WORKFLOW, "failed", (_WORKFLOW,)),
        EventSpec(T.SYSTEM_NOTIFICATION, "system", "", "notification", None),
        EventSpec(T.SYSTEM_ALERT, "system", "alert_id", "alert", ("alert_id",)),
        EventSpec(
            T.DEPLOYMENT_STATUS,
            "deployment",
            "deployment_id",
            "status",
            ("deployment_id",),
            conflated=True,
        ),
        EventSpec(T.GITHUB_ISSUE_UPDATE, "github", _REPO, "issue_update", (_REPO, "number")),
        EventSpec(T.GITHUB_PR_UPDATE, "github", _REPO, "pr_update", (_REPO, "number")),
        EventSpec(
            T.GITHUB_WORKFLOW_UPDATE,
            "github",
            _REPO,
            "workflow_update",
            (_REPO, "workflow", "branch"),
        ),
    )
}
"""The 18 event types by name."""

RESOURCES: tuple[str, ...] = tuple(dict.fromkeys(spec.resource for spec in EVENTS.values()))
"""The streams: agent, tdd, workflow, system, deployment, github."""

TYPE_OF: dict[tuple[str, str], str] = {(s.resource, s.event): t for t, s in EVENTS.items()}
"""(`agent`, `status`) -> `agent_status`: the full type of a topic's resource and event."""
