"""What schedules are made of: filters, events, and what nobody should send."""

import random
from collections.abc import Sequence
from typing import Any

from tests.support.frames import frame
from tui.protocol.topics import Filter

STATES = ("agent_status", "agent_metric", "agent_task_update", "deployment_status")
"""Of these only the newest may be given to a slow reader."""
STORIES = ("agent_log", "tdd_phase_change", "workflow_complete", "system_alert")
FILTERS = (
    Filter("agent"),
    Filter("agent", "a"),
    Filter("agent", "*", ("status", "metric")),
    Filter("agent", "b*"),
    Filter("tdd"),
    Filter("workflow", "a"),
    Filter("system"),
    Filter("deployment", "c"),
    Filter(),
    Filter("*", "d"),
    Filter("*", "*", ("*status",)),
)
HOSTILE = (
    b"",
    b"{",
    b"[",
    b"[1,null,{}]",
    b"\x1f\x8b broken",
    b'{"type":"subscribe"}',
    b'{"type":"subscribe","data":{"resourceId":"%b"}}' % (b"*" * 257),
    b'{"type":"unsubscribe","data":{"subscriptionId":"nobody\'s"}}',
    b'{"type":"nonsense"}',
    b'{"type":"agent_log","data":' + b"[" * 40 + b"]" * 40 + b"}",
    b"[" + b",".join([b"{}"] * 1001) + b"]",
    b"x" * 300_000,
    b'{"type":"auth_request","data":{"type":"jwt","token":"wrong"}}',
    b'{"type":"connect","data":{}}',
)


def event(id_: str, type_: str, dice: random.Random, sizes: Sequence[int]) -> bytes:
    """An event of one of four, with a text of one of these sizes (bytes)."""
    data = _DATA[type_](dice.choice("abcd"), "x" * dice.choice(sizes))
    more: dict[str, Any] = {"metadata": {"version": "1.0"}} if dice.random() < 0.5 else {}
    return frame(type_, data, id_, timestamp=1, **more)


_DATA: dict[str, Any] = {
    "agent_status": lambda who, text: {
        "agentId": who,
        "agentType": "coder",
        "status": "busy",
        "reason": text,
    },
    "agent_metric": lambda who, text: {
        "agentId": who,
        "metrics": {"cpuUsage": 1, "note": text},
        "timestamp": 1,
    },
    "agent_task_update": lambda who, text: {
        "agentId": who,
        "taskId": "t",
        "taskType": text,
        "status": "pending",
        "progress": 1,
    },
    "agent_log": lambda who, text: {
        "agentId": who,
        "level": "info",
        "message": text,
        "timestamp": 1,
    },
    "tdd_phase_change": lambda who, text: {
        "agentId": who,
        "taskId": text,
        "previousPhase": "red",
        "currentPhase": "green",
    },
    "workflow_complete": lambda who, text: {"workflowId": who, "result": text, "duration": 1},
    "system_alert": lambda who, text: {
        "alertId": who,
        "severity": "low",
        "title": text,
        "description": "",
        "affectedComponents": [],
        "recommendedActions": [],
    },
    "deployment_status": lambda who, text: {
        "deploymentId": who,
        "environment": text,
        "status": "pending",
        "progress": 1,
        "components": [],
    },
}
