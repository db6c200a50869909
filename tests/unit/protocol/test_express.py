"""The short way of an event through a server: it takes what the models take, and says the same."""

import json
from copy import deepcopy
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.protocol.samples import DATA, sample
from tests.unit.protocol.strategies import MESSAGES
from tui.protocol.codec import decode_message, may_hold_nan
from tui.protocol.errors import ProtocolError
from tui.protocol.express import Draft, accept
from tui.protocol.limits import MAX_DEPTH
from tui.protocol.models import Event, LockedEvent


def by_its_model(raw: bytes) -> Draft | None:
    """What the models make of it; None where it is no event, or one that is not to be read."""
    try:
        event = decode_message(raw, max_depth=MAX_DEPTH)
        if not isinstance(event, Event) or isinstance(event, LockedEvent):
            return None
        return Draft.of(event, raw)
    except ProtocolError:
        return None


@given(MESSAGES)
def test_a_valid_message_goes_where_its_model_says(envelope: dict[str, Any]) -> None:
    raw = orjson.dumps(envelope)
    # A text that has the word Infinity in it wants a closer look.
    wanted = None if may_hold_nan(raw) else by_its_model(raw)
    assert accept(raw, max_depth=MAX_DEPTH) == wanted


WRONG: list[Any] = [None, "", "x", -1, 2.5, 10**30, True, [], {}, "x" * 300, {"id": 1}, [{}]]


@given(st.sampled_from(sorted(DATA)), st.data())
def test_what_a_model_refuses_is_refused_here(type_: str, data: st.DataObject) -> None:
    envelope = sample(type_)
    for _ in range(data.draw(st.integers(1, 2))):
        place = data.draw(st.sampled_from([envelope, envelope["data"]]))
        name = data.draw(st.sampled_from(sorted(place)))
        place[name] = deepcopy(data.draw(st.sampled_from(WRONG)))
        if not (isinstance(envelope["data"], dict) and envelope["data"]):
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


def from_(source: str, **more: Any) -> dict[str, Any]:
    return sample("system_notification") | {"id": "m-1", "metadata": {"source": source} | more}


def run(**more: Any) -> dict[str, Any]:
    return sample("github_workflow_update", repository="a/b", **more) | {"id": "m-1"}


@pytest.mark.parametrize(
    ("fits", "too_long", "field"),
    [
        (from_("x" * 256), from_("x" * 257), "metadata.source"),
        (
            from_("\u00e4" * 256, encrypted=True),
            from_("\u00e4" * 257, encrypted=True),
            "metadata.source",
        ),
        (
            run(workflow="ci", branch="x" * 1017),
            run(workflow="ci", branch="x" * 1018),
            "data.branch",
        ),
        (
            run(workflow="x" * 1019, branch=None),
            run(workflow="x" * 1020, branch=None),
            "data.workflow",
        ),
    ],
)
def test_what_an_event_is_kept_by_has_a_limit(
    fits: dict[str, Any], too_long: dict[str, Any], field: str
) -> None:
    raw = orjson.dumps(fits)
    event = decode_message(raw)
    assert isinstance(event, Event)
    draft = Draft.of(event, raw)
    assert accept(raw, max_depth=MAX_DEPTH) == (None if isinstance(event, LockedEvent) else draft)
    raw = orjson.dumps(too_long)
    assert accept(raw, max_depth=MAX_DEPTH) is None
    event = decode_message(raw)
    assert isinstance(event, Event)
    with pytest.raises(ProtocolError, match=field) as raised:
        Draft.of(event, raw)
    refused = raised.value
    assert (refused.code, refused.field, refused.message_id) == ("invalid_message", field, "m-1")


def test_an_event_that_goes_by_its_data_may_name_any_source() -> None:
    raw = orjson.dumps(sample("agent_log") | {"metadata": {"source": "x" * 1000}})
    assert accept(raw, max_depth=MAX_DEPTH) == by_its_model(raw) is not None
