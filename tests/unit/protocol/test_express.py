"""The short way of an event through a server: it takes what the models take, and says the same."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.protocol.samples import DATA, sample
from tests.unit.protocol.strategies import MESSAGES
from tui.protocol.codec import decode_message
from tui.protocol.errors import ProtocolError
from tui.protocol.express import Draft, accept
from tui.protocol.limits import MAX_DEPTH
from tui.protocol.models import Event, LockedEvent


def by_its_model(raw: bytes) -> Draft | None:
    """What the models make of it; None where it is no event, or one that is not to be read."""
    try:
        event = decode_message(raw, max_depth=MAX_DEPTH)
    except ProtocolError:
        return None
    if not isinstance(event, Event) or isinstance(event, LockedEvent):
        return None
    return Draft.of(event, raw)


@given(MESSAGES)
def test_a_valid_message_goes_where_its_model_says(envelope: dict[str, Any]) -> None:
    raw = orjson.dumps(envelope)
    assert accept(raw, max_depth=MAX_DEPTH) == by_its_model(raw)


WRONG: list[Any] = [None, "", "x", -1, 2.5, 10**30, True, [], {}, "x" * 300, {"id": 1}, [{}]]


@given(st.sampled_from(sorted(DATA)), st.data())
def test_what_a_model_refuses_is_refused_here(type_: str, data: st.DataObject) -> None:
    envelope = sample(type_)
    for _ in range(data.draw(st.integers(1, 2))):
        place = data.draw(st.sampled_from([envelope, envelope["data"]]))
        name = data.draw(st.sampled_from(sorted(place)))
        place[name] = data.draw(st.sampled_from(WRONG))
        if not isinstance(envelope.get("data"), dict):
            break
    raw = json.dumps(envelope).encode()
    assert accept(raw, max_depth=MAX_DEPTH) == by_its_model(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"null",
        b'{"type":"ping"}',
        b'{"type":"agent_log"}',
        b'{"type":"of_tomorrow","id":"e","timestamp":1,"data":{}}',
        b'{"id":"e","type":"agent_log","timestamp":NaN,"data":{}}',
    ],
)
def test_what_is_no_valid_event_wants_a_closer_look(raw: bytes) -> None:
    assert accept(raw, max_depth=MAX_DEPTH) is None


def test_opaque_and_deep_events_want_a_closer_look() -> None:
    fine = sample("agent_log")
    assert accept(orjson.dumps(fine), max_depth=MAX_DEPTH)
    locked = fine | {"metadata": {"encrypted": True}}
    assert accept(orjson.dumps(locked), max_depth=MAX_DEPTH) is None
    deep: Any = "x"
    for _ in range(MAX_DEPTH):
        deep = [deep]
    assert accept(orjson.dumps(fine | {"extra": deep}), max_depth=MAX_DEPTH) is None
