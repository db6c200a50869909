"""Events written as key=value."""

from typing import Any

import pytest

from tests.unit.protocol.samples import DATA
from tui.cli.assignments import event_data, oddities
from tui.cli.form import Form

AGENT = ("agentId=coder-1", "agentType=coder", "status=busy")
NOW = 1_700_000_000_000.0


def data(type_: str, *assignments: str) -> dict[str, Any]:
    return event_data(type_, assignments, NOW)


def test_dots_lead_into_objects_and_values_are_json_where_they_are() -> None:
    assert data("agent_status", *AGENT, "currentTask.id=t", "currentTask.progress=40.5") == {
        "agentId": "coder-1",
        "agentType": "coder",
        "status": "busy",
        "currentTask": {"id": "t", "progress": 40.5},
    }
    log = ("agentId=a", "level=info", "message=m")
    for written, meant in (
        ("true", True),
        ("null", None),
        ("[1,{}]", [1, {}]),
        ('{"a":1}', {"a": 1}),
        ('"40"', "40"),
        ("4 0", "4 0"),
        ("", ""),
        ("a=b", "a=b"),
    ):
        assert data("agent_log", *log, f"context={written}")["context"] == meant


def test_where_the_field_is_for_text_a_number_is_text() -> None:
    found = data("agent_log", "agentId=7", "level=info", "message=1e3", "context=7")
    assert (found["agentId"], found["message"], found["context"]) == ("7", "1e3", 7)
    digits = "1" * 30
    assert data("agent_log", "agentId=a", "level=info", f"message={digits}")["message"] == digits


def test_a_time_that_is_needed_is_now_unless_it_is_given() -> None:
    log = ("agentId=a", "level=info", "message=m")
    assert data("agent_log", *log)["timestamp"] == NOW
    assert data("agent_log", *log, "timestamp=5")["timestamp"] == 5
    assert "timestamp" not in data("agent_status", *AGENT)


@pytest.mark.parametrize(
    ("type_", "assignments", "said"),
    [
        ("agent_stauts", AGENT, ("'agent_stauts' is no event type", "agent_status, ")),
        ("ping", (), ("'ping' is no event type",)),
        ("agent_log", ("message",), ("'message' is no key=value",)),
        ("agent_log", ("=x",), ("'=x' is no key=value",)),
        ("agent_log", ("a..b=x",), ("is no key=value",)),
        ("agent_log", ("message=a", "message=b"), ("message is given twice", "message=[…]")),
        ("agent_log", ("context=1", "context.a=2"), ("context.a: ", "another value")),
        ("agent_log", ("context.a=1", "context=2"), ("context: ", "another value")),
        (
            "agent_status",
            AGENT[:2],
            ("agent_status: status: Field required", "needs_input", "agentType, status, prev"),
        ),
        (
            "agent_status",
            (*AGENT, "currentTask.progress=40"),
            ("currentTask.id: Field required", "currentTask has id, type?, title?"),
        ),
        (
            "agent_task_update",
            ("agentId=a", "taskId=t", "taskType=x", "status=failed", "progress=lots"),
            ("progress: Input should be a valid number", "progress, details?"),
        ),
        (
            "agent_log",
            ("agentId=a", "level=info", "message=m", f"context.n={2**64}"),
            ("context.n: a whole number beyond 64 bits cannot be sent; write it as text",),
        ),
        (
            "workflow_started",
            ("workflowId=w", "workflowType=t", "initiator=i", "steps=[{}]", "estimatedDuration=1"),
            ("steps.0.id: Field required", "steps.0 has id, name?"),
        ),
    ],
)
def test_what_cannot_be_an_event_is_said_with_what_could(
    type_: str, assignments: tuple[str, ...], said: tuple[str, ...]
) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        data(type_, *assignments)
    for text in said:
        assert text in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_nobody_knows_is_found_and_what_is_only_written_otherwise_is_not() -> None:
    found = data(
        "agent_status",
        *("agentId=a", "agentType=REVIEWER", "currentStatus=bussy"),
        *("prgress=4", "currentTask.id=t", "currentTask.titel=x", "metrics.cpuUsage=3"),
    )
    status, task, progress = sorted(oddities("agent_status", found), reverse=True)
    assert status.startswith("status: 'bussy' is none of idle, busy, ")
    assert progress.startswith("currentTask.titel is no field that we know; currentTask has id, ")
    assert task.startswith("prgress is no field that we know; agent_status has agentId, ")


@pytest.mark.parametrize("type_", DATA)
def test_nothing_is_odd_about_what_every_type_is_made_of(type_: str) -> None:
    their_own = ("additions ", "deletions ")
    assert [one for one in oddities(type_, DATA[type_]) if not one.startswith(their_own)] == []
    assert Form(type_).names()
