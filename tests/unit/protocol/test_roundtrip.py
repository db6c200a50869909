"""What is read is written again as it was: known and unknown, alone, in batches, gzipped."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.protocol.samples import DATA, sample
from tests.unit.protocol.strategies import (
    CONTROL_DATA,
    EVENT_DATA,
    LOCKED_EVENTS,
    MESSAGES,
    UNKNOWN_MESSAGES,
    control,
    event,
)
from tui.protocol.catalog import EVENTS, MessageType
from tui.protocol.codec import build_event, decode, decode_message, deflate, encode, join, split
from tui.protocol.errors import ErrorCode, ProtocolError
from tui.protocol.models import (
    AgentLogEvent,
    Control,
    Event,
    LockedEvent,
    Message,
    UnknownMessage,
)
from tui.protocol.models.agent import AgentStatusData

RELAXED = settings(max_examples=100)
FEW = settings(max_examples=25)


def written(message: Message | ProtocolError) -> Any:
    assert isinstance(message, Event | Control)
    return orjson.loads(encode(message))


@pytest.mark.parametrize("type_", sorted(EVENT_DATA))
@given(draw=st.data())
@FEW
def test_events_survive(type_: str, draw: st.DataObject) -> None:
    envelope = draw.draw(event(type_))
    message = decode_message(orjson.dumps(envelope))
    assert isinstance(message, Event)
    assert written(message) == envelope
    assert decode_message(encode(message)) == message


def test_whole_numbers_of_any_size_are_written_as_they_were_read() -> None:
    raw = b'{"id":"e","type":"brand_new","data":{"n":[%d]}}' % 10**40
    written = encode(decode_message(raw))
    assert json.loads(written) == json.loads(raw)


@pytest.mark.parametrize("type_", sorted(CONTROL_DATA))
@given(draw=st.data())
@FEW
def test_control_messages_survive(type_: str, draw: st.DataObject) -> None:
    envelope = draw.draw(control(type_))
    message = decode_message(orjson.dumps(envelope))
    assert isinstance(message, Control)
    assert written(message) == envelope


def test_the_strategies_cover_every_type() -> None:
    assert set(EVENT_DATA) == set(EVENTS) == set(DATA)
    assert set(EVENT_DATA) | set(CONTROL_DATA) == set(MessageType)


@given(UNKNOWN_MESSAGES)
@RELAXED
def test_unknown_types_are_kept_whole(envelope: dict[str, Any]) -> None:
    message = decode_message(orjson.dumps(envelope))
    assert isinstance(message, UnknownMessage)
    assert written(message) == envelope


@given(LOCKED_EVENTS)
@RELAXED
def test_encrypted_data_is_opaque(envelope: dict[str, Any]) -> None:
    message = decode_message(orjson.dumps(envelope))
    assert isinstance(message, LockedEvent)
    assert message.data == envelope["data"]
    assert written(message) == envelope


@given(st.lists(MESSAGES, min_size=2, max_size=5), st.booleans())
@RELAXED
def test_batches_survive_plain_and_gzipped(envelopes: list[dict[str, Any]], zipped: bool) -> None:
    frame = join([orjson.dumps(envelope) for envelope in envelopes])
    messages = decode(deflate(frame) if zipped else frame)
    assert [written(message) for message in messages] == envelopes
    assert [orjson.loads(member) for member in split(frame)] == envelopes


@given(MESSAGES)
@RELAXED
def test_a_single_message_is_a_frame(envelope: dict[str, Any]) -> None:
    raw = orjson.dumps(envelope)
    assert join([raw]) == raw
    assert split(raw) == [raw]
    [message] = decode(b" \r\n\t" + raw)
    assert written(message) == envelope


def test_an_empty_batch_is_no_message() -> None:
    assert decode(b" [ ] ") == []


def test_fields_named_like_our_own_attributes_are_only_fields() -> None:
    odd = {"agent_id": "other", "model_dump": 1, "__class__": 2, "copy": None, "model_extra": []}
    envelope = sample("agent_log", timestamp=5, **odd)
    message = decode_message(orjson.dumps(envelope))
    assert isinstance(message, AgentLogEvent)
    assert message.data.agent_id == "coder-001"
    assert written(message) == envelope


@pytest.mark.parametrize("type_", sorted(DATA))
def test_events_are_built_from_parts(type_: str) -> None:
    built = build_event(
        type_, DATA[type_], id_="evt-1", timestamp=5.0, source="me", correlation_id="evt-0"
    )
    assert decode_message(encode(built)) == built
    assert (built.id, built.type, built.timestamp) == ("evt-1", type_, 5.0)
    assert built.metadata is not None
    assert built.metadata.version == "1.0"
    assert (built.metadata.source, built.metadata.correlation_id) == ("me", "evt-0")


def test_an_event_is_built_from_a_model_too() -> None:
    data = AgentStatusData(agent_id="a", agent_type="pm", status="idle")
    built = build_event("agent_status", data, id_="evt-1", timestamp=5.0)
    assert orjson.loads(encode(built))["data"] == {
        "agentId": "a",
        "agentType": "pm",
        "status": "idle",
    }


@pytest.mark.parametrize(
    ("type_", "data", "code", "field"),
    [
        ("agent_log", {"agentId": "a"}, ErrorCode.INVALID_MESSAGE, "data.level"),
        ("agent_log", {"agentId": object()}, ErrorCode.INVALID_MESSAGE, None),
        ("agent_log", {"agentId": "\ud800"}, ErrorCode.INVALID_MESSAGE, None),
        ("agent_log", {"agentId": 2**70}, ErrorCode.INVALID_MESSAGE, None),
        ("ping", {}, ErrorCode.UNKNOWN_TYPE, "type"),
        ("coffee_ready", {}, ErrorCode.UNKNOWN_TYPE, "type"),
    ],
)
def test_an_event_that_cannot_be_built_says_why(
    type_: str, data: dict[str, Any], code: ErrorCode, field: str | None
) -> None:
    with pytest.raises(ProtocolError) as caught:
        build_event(type_, data, id_="evt-1", timestamp=5.0)
    assert (caught.value.code, caught.value.field) == (code, field)
