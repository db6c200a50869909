"""What readers of the wire forgive, table by table, and how they name what they do not."""

import time
from operator import attrgetter
from typing import Any

import orjson
import pytest

from tests.unit.protocol.samples import (
    DATA,
    DOCUMENT_AGENT_STATUS,
    DOCUMENT_TDD_PHASE_CHANGE,
    sample,
)
from tui.protocol.codec import decode_message, encode
from tui.protocol.errors import ErrorCode, ProtocolError
from tui.protocol.models import (
    AgentStatusEvent,
    Control,
    Event,
    LockedEvent,
    SubscribeMessage,
    SubscriptionUpdateMessage,
    TddPhaseChangeEvent,
    UnknownMessage,
)
from tui.protocol.models.control import Position


def read(envelope: dict[str, Any]) -> Any:
    return decode_message(orjson.dumps(envelope))


def refusal(envelope: Any) -> ProtocolError:
    with pytest.raises(ProtocolError) as caught:
        read(envelope)
    return caught.value


def test_the_documents_own_samples() -> None:
    status = decode_message(DOCUMENT_AGENT_STATUS)
    assert isinstance(status, AgentStatusEvent)
    assert status.data.current_task is not None
    assert status.data.current_task.progress == 65
    assert status.data.current_task.start_time == 1703774300000
    assert status.data.metrics is not None
    assert status.data.metrics.uptime == 86400
    assert status.metadata is not None
    assert status.metadata.source == "agent-monitor"

    phase = decode_message(DOCUMENT_TDD_PHASE_CHANGE)
    assert isinstance(phase, TddPhaseChangeEvent)
    assert (phase.data.previous_phase, phase.data.current_phase) == ("red", "green")
    assert phase.data.test_results is not None
    assert phase.data.test_results.passing == 45
    assert phase.data.coverage is not None
    assert phase.data.coverage.functions == 100
    assert phase.metadata is None

    for raw in (DOCUMENT_AGENT_STATUS, DOCUMENT_TDD_PHASE_CHANGE):
        message = decode_message(raw)
        assert isinstance(message, Event)
        assert orjson.loads(encode(message)) == orjson.loads(raw)


@pytest.mark.parametrize("type_", sorted(DATA))
def test_an_ordinary_event_of_each_type(type_: str) -> None:
    message = read(sample(type_))
    assert isinstance(message, Event)
    assert message.type == type_


@pytest.mark.parametrize(
    ("type_", "field", "attribute", "spellings", "expected"),
    [
        ("agent_status", "status", "status", ("idle", "IDLE", "Idle"), "idle"),
        (
            "agent_status",
            "status",
            "status",
            ("needs_input", "needs-input", "NEEDS_INPUT", "needsInput"),
            "needs_input",
        ),
        (
            "agent_status",
            "agentType",
            "agent_type",
            ("code-reviewer", "code_reviewer", "CODE_REVIEWER", "reviewer", "Reviewer"),
            "code-reviewer",
        ),
        ("agent_status", "previousStatus", "previous_status", ("BUSY", "bu-sy"), "busy"),
        ("agent_task_update", "status", "status", ("IN-PROGRESS", "inprogress"), "in_progress"),
        ("agent_task_update", "status", "status", ("canceled", "CANCELLED"), "cancelled"),
        ("agent_log", "level", "level", ("WARN", "warning", "WARNING"), "warn"),
        ("tdd_phase_change", "currentPhase", "current_phase", ("RED", "Red"), "red"),
        ("workflow_step_complete", "stepType", "step_type", ("SUB_WORKFLOW",), "subworkflow"),
        ("system_notification", "level", "level", ("WARNING", "Warning"), "warning"),
        ("system_alert", "severity", "severity", ("CRITICAL",), "critical"),
    ],
)
def test_enums_match_loosely(
    type_: str, field: str, attribute: str, spellings: tuple[str, ...], expected: str
) -> None:
    for spelling in spellings:
        assert attrgetter(attribute)(read(sample(type_, **{field: spelling})).data) == expected


@pytest.mark.parametrize(
    ("type_", "field", "attribute"),
    [
        ("agent_status", "status", "status"),
        ("agent_status", "agentType", "agent_type"),
        ("agent_task_update", "status", "status"),
        ("agent_log", "level", "level"),
        ("tdd_phase_change", "currentPhase", "current_phase"),
        ("workflow_step_complete", "stepType", "step_type"),
        ("system_notification", "level", "level"),
        ("system_alert", "severity", "severity"),
        ("deployment_status", "status", "status"),
    ],
)
def test_unknown_enum_values_stay_as_they_are(type_: str, field: str, attribute: str) -> None:
    data = read(sample(type_, **{field: "Half-Asleep"})).data
    assert attrgetter(attribute)(data) == "Half-Asleep"


@pytest.mark.parametrize(
    ("date", "milliseconds"),
    [
        (1749472496789, 1749472496789),
        (1749472496789.5, 1749472496789.5),
        ("2025-06-09T12:34:56.789Z", 1749472496789),
        ("2025-06-09T12:34:56.789000+00:00", 1749472496789),
        ("2025-06-09T14:34:56.789+02:00", 1749472496789),
        ("2025-06-09T12:34:56.789", 1749472496789),
        ("2025-06-09 12:34:56Z", 1749472496000),
        ("2025-06-09", 1749427200000),
        ("1970-01-01T00:00:00Z", 0),
    ],
)
def test_dates_are_iso_or_milliseconds(date: object, milliseconds: float) -> None:
    assert read(sample("agent_log", timestamp=date)).data.timestamp == milliseconds
    rollout = read(sample("deployment_status", estimatedCompletion=date))
    assert rollout.data.estimated_completion == milliseconds


def test_a_date_without_a_zone_is_utc_wherever_we_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    time.tzset()
    try:
        message = read(sample("agent_log", timestamp="2025-06-09T12:34:56.789"))
    finally:
        monkeypatch.undo()
        time.tzset()
    assert message.data.timestamp == 1749472496789


@pytest.mark.parametrize(
    "date", ["", "yesterday", "2025-13-01", "1749472496789", "0" * 5000, True, None, [], "24:00"]
)
def test_other_dates_are_refused_by_name(date: object) -> None:
    error = refusal(sample("agent_log", timestamp=date))
    assert (error.code, error.field) == (ErrorCode.INVALID_MESSAGE, "data.timestamp")


def test_current_status_is_status() -> None:
    data = {"agentId": "a", "agentType": "coder", "currentStatus": "BUSY", "previousStatus": "idle"}
    message = read(sample("agent_status") | {"data": data})
    assert message.data.status == "busy"
    both = read(sample("agent_status", status="idle", currentStatus="busy"))
    assert both.data.status == "idle"


def test_error_is_message() -> None:
    only_error = {"agentId": "a", "error": "ToolTimeout"}
    assert read(sample("agent_error") | {"data": only_error}).data.message == "ToolTimeout"
    assert read(sample("agent_error")).data.message == "pytest did not finish in 120 s"


@pytest.mark.parametrize(
    ("type_", "data"),
    [
        ("agent_status", {"agentId": "a", "agentType": "coder", "status": "idle"}),
        ("agent_metric", {"agentId": "a", "metrics": {}, "timestamp": 1}),
        ("agent_error", {"agentId": "a", "message": "m"}),
        (
            "tdd_phase_change",
            {"agentId": "a", "taskId": "t", "previousPhase": None, "currentPhase": "red"},
        ),
        ("coverage_update", {"agentId": "a", "taskId": "t", "coverage": {}}),
        ("workflow_failed", {"workflowId": "w", "error": "e"}),
    ],
)
def test_optional_fields_may_be_missing_or_null(type_: str, data: dict[str, Any]) -> None:
    message = read({"id": "x", "type": type_, "timestamp": 1, "data": data})
    assert isinstance(message, Event)
    absent = [
        name
        for name in type(message.data).model_fields
        if name not in message.data.model_fields_set
    ]
    assert all(getattr(message.data, name) is None for name in absent)
    assert isinstance(read(sample(type_) | {"data": data, "metadata": None}), Event)


@pytest.mark.parametrize(
    "envelope",
    [
        {"type": "ping"},
        {"type": "ping", "data": {}},
        {"type": "ping", "data": None},
        {"type": "disconnect"},
        {"type": "auth_success"},
        {"type": "connect", "data": {"clientId": "c"}},
        {"type": "auth_request", "data": {"type": "api-key", "token": "t"}},
        {"type": "subscribe", "data": {"subscriptionId": "s", "resource": "agent"}},
        {"type": "error", "data": {"error": "Invalid message format", "details": "id: missing"}},
    ],
)
def test_control_messages_need_no_id_nor_timestamp(envelope: dict[str, Any]) -> None:
    message = read(envelope)
    assert isinstance(message, Control)
    assert not isinstance(message, UnknownMessage)
    assert orjson.loads(encode(message)) == envelope


@pytest.mark.parametrize("field", ["id", "timestamp", "data"])
def test_events_may_lack_nothing_of_their_envelope(field: str) -> None:
    envelope = sample("agent_log")
    del envelope[field]
    error = refusal(envelope)
    assert (error.code, error.field) == (ErrorCode.INVALID_MESSAGE, field)
    assert error.message_id == envelope.get("id")


@pytest.mark.parametrize(
    ("envelope", "field"),
    [
        (sample("agent_log", agentId=5), "data.agentId"),
        (sample("agent_log", agentId=""), "data.agentId"),
        (sample("agent_log", agentId="x" * 257), "data.agentId"),
        (sample("agent_status", metrics={"cpuUsage": "45"}), "data.metrics.cpuUsage"),
        (sample("workflow_started", steps=[{"id": "a"}, {}]), "data.steps.1.id"),
        (sample("test_result", failures=[{"name": "n"}]), "data.failures.0.message"),
        (sample("coverage_update", uncoveredLines=[1, 2.5]), "data.uncoveredLines.1"),
        (sample("agent_log") | {"timestamp": "now"}, "timestamp"),
        (sample("agent_log") | {"timestamp": True}, "timestamp"),
        (sample("agent_log") | {"metadata": []}, "metadata"),
        (sample("agent_log") | {"metadata": {"correlationId": 1}}, "metadata.correlationId"),
        (sample("agent_log") | {"type": 5}, "type"),
        (sample("agent_log") | {"type": []}, "type"),
        ({"id": "evt-1"}, "type"),
    ],
)
def test_an_error_names_the_field_and_the_message(envelope: dict[str, Any], field: str) -> None:
    error = refusal(envelope)
    assert (error.code, error.field) == (ErrorCode.INVALID_MESSAGE, field)
    assert error.message.startswith(f"{field}: ")
    assert error.message_id == envelope["id"]


@pytest.mark.parametrize("value", [None, True, 5, "text", []])
def test_what_is_no_object_is_refused(value: object) -> None:
    with pytest.raises(ProtocolError):
        read(value)  # type: ignore[arg-type] # that is the point


@pytest.mark.parametrize("id_", [None, 5, ""])
def test_an_id_that_is_none_is_not_reported(id_: object) -> None:
    assert refusal(sample("agent_log") | {"id": id_, "data": {}}).message_id is None


def test_encrypted_events_are_locked() -> None:
    locked = read(sample("agent_log") | {"data": "b3BhcXVl", "metadata": {"encrypted": True}})
    assert isinstance(locked, LockedEvent)
    assert locked.data == "b3BhcXVl"
    for not_locked in (False, None):
        metadata = {"encrypted": not_locked}
        assert not isinstance(read(sample("agent_log") | {"metadata": metadata}), LockedEvent)
    assert refusal(sample("agent_log") | {"data": "b3BhcXVl"}).field == "data"
    mentioned = read(sample("agent_log", message='it said "encrypted"', encrypted=True))
    assert not isinstance(mentioned, LockedEvent)
    assert isinstance(read({"type": "novelty", "metadata": {"encrypted": True}}), UnknownMessage)


def test_an_encrypted_event_still_needs_its_envelope() -> None:
    envelope = sample("agent_log") | {"data": "x", "metadata": {"encrypted": True}}
    del envelope["timestamp"]
    assert refusal(envelope).field == "timestamp"


def test_v1_control_messages() -> None:
    subscribe = read(
        {
            "type": "subscribe",
            "data": {
                "subscriptions": [{"subscriptionId": "s", "resource": "*"}],
                "resume": {"agent": {"epoch": "e", "offset": 7}, "since": 1703775135000},
                "snapshot": "always",
            },
        }
    )
    assert isinstance(subscribe, SubscribeMessage)
    assert subscribe.data.resume == {
        "agent": Position(epoch="e", offset=7),
        "since": 1703775135000,
    }
    gap = read(
        {
            "type": "subscription_update",
            "data": {"status": "gap", "resource": "agent", "lost": {"from": 4, "to": 9}},
        }
    )
    assert isinstance(gap, SubscriptionUpdateMessage)
    assert gap.data.lost is not None
    assert (gap.data.lost.from_, gap.data.lost.to) == (4, 9)
    assert refusal({"type": "subscribe", "data": {"snapshot": "maybe"}}).field == "data.snapshot"


LATEST = 8.64e15  # JavaScript's last date


@pytest.mark.parametrize(
    ("place", "field"),
    [
        ({"type": "ping", "timestamp": "T"}, "timestamp"),
        ({"type": "novelty", "timestamp": "T"}, "timestamp"),
        (sample("system_alert") | {"timestamp": "T"}, "timestamp"),
        (
            sample("agent_log") | {"timestamp": "T", "metadata": {"encrypted": True}},
            "timestamp",
        ),
        (sample("agent_log", timestamp="T"), "data.timestamp"),
        (sample("workflow_complete", duration="T"), "data.duration"),
        (sample("workflow_started", estimatedDuration="T"), "data.estimatedDuration"),
        (sample("agent_metric", metrics={"uptime": "T"}), "data.metrics.uptime"),
        ({"type": "error", "data": {"error": "x", "retryAfterMs": "T"}}, "data.retryAfterMs"),
    ],
)
def test_times_beyond_every_calendar_are_refused_by_name(place: dict[str, Any], field: str) -> None:
    raw = orjson.dumps(place)
    for fine in (LATEST, -LATEST):
        decode_message(raw.replace(b'"T"', str(fine).encode()))
    for bad in (b"8.7e15", b"-8.7e15", b"1e300"):
        with pytest.raises(ProtocolError) as caught:
            decode_message(raw.replace(b'"T"', bad))
        assert (caught.value.code, caught.value.field) == (ErrorCode.INVALID_MESSAGE, field)


def test_messages_cannot_be_changed() -> None:
    message = read(sample("agent_log"))
    with pytest.raises(ValueError, match="frozen"):
        message.data.message = "other"
