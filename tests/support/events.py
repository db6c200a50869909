"""Real events, validated like any publisher's."""

from itertools import count
from typing import Any

from tui.protocol.codec import build_event
from tui.protocol.models import Message

START = 1_700_000_000_000.0
"""When the tests' stories begin (Unix ms)."""
_numbers = count(1)


def event(type_: str, data: dict[str, Any], at: float = 0.0, source: str = "test") -> Message:
    """An event `at` seconds after START."""
    return build_event(
        type_, data, id_=f"evt-{next(_numbers)}", timestamp=START + at * 1000, source=source
    )


def status(agent: str, state: str, at: float = 0.0, **more: Any) -> Message:
    data = {"agentId": agent, "agentType": "coder", "status": state, **more}
    return event("agent_status", data, at)


def log(agent: str, message: str, at: float = 0.0, level: str = "info") -> Message:
    data = {"agentId": agent, "level": level, "message": message, "timestamp": START + at * 1000}
    return event("agent_log", data, at)


def results(
    agent: str, file: str, passing: int, failures: tuple[str, ...] = (), at: float = 0.0
) -> Message:
    """A test file's result; `failures` are the names of the tests that failed."""
    totals = {
        "total": passing + len(failures),
        "passing": passing,
        "failing": len(failures),
        "skipped": 0,
        "duration": 250.0,
    }
    failed = [{"name": n, "message": "assert 3 == 2", "file": file, "line": 7} for n in failures]
    data = {
        "agentId": agent,
        "taskId": "t-1",
        "testFile": file,
        "results": totals,
        "failures": failed,
    }
    return event("test_result", data, at)


def phase(agent: str, before: str, now: str, at: float = 0.0, **more: Any) -> Message:
    data = {"agentId": agent, "taskId": "t-1", "previousPhase": before, "currentPhase": now, **more}
    return event("tdd_phase_change", data, at)


def alert(key: str, severity: str, at: float = 0.0, **more: Any) -> Message:
    data = {
        "alertId": key,
        "severity": severity,
        "title": f"Alert {key}",
        "description": "84 < 85",
        "affectedComponents": [],
        "recommendedActions": [],
        **more,
    }
    return event("system_alert", data, at)
