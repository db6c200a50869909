"""What a server needs to know of an event, without its model being built.

Whoever only passes an event on has to know that it is valid, and where it goes. The validator here
is made of the models' own schema, so it takes what they take; it leaves out what it costs to make
objects of it, which is nearly half. What it does not take, `codec.decode_message` explains.
"""

from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any, NamedTuple, cast

from pydantic import ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import CoreSchema, SchemaValidator

from tui.protocol import codec
from tui.protocol.catalog import EVENTS
from tui.protocol.envelope import keep
from tui.protocol.errors import ErrorCode, ProtocolError
from tui.protocol.limits import MAX_FILTER
from tui.protocol.models.base import Event, milliseconds
from tui.protocol.routing import join_key, state_key, topic_of
from tui.protocol.topics import Topic

MAX_KEY = 1024
"""The longest state key (characters): fields such as a branch may be of any length."""


_new = tuple.__new__
"""A named tuple's own takes twice as long."""


class Draft(NamedTuple):
    """An accepted event on its way into a stream."""

    kept: bytes
    """As `envelope.keep` leaves it."""
    id: str
    type: str
    topic: Topic
    key: str | None
    """The state key; None for history only."""

    @classmethod
    def of(cls, event: Event, raw: bytes) -> "Draft":
        """From the event's model; raises ProtocolError where `raw` cannot be sent on.

        So it is where the topic's id is longer than a filter may be, or the state key than MAX_KEY:
        both are kept in memory.
        """
        topic, key = topic_of(event), state_key(event)
        if len(topic.id) > MAX_FILTER:  # of all ids, only this one may be of any length
            raise _too_long(event, "metadata.source", MAX_FILTER)
        if key is not None and len(key) > MAX_KEY:
            fields = EVENTS[event.type].key or ()
            longest = max(fields, key=lambda field: len(str(getattr(event.data, field))))
            raise _too_long(event, f"data.{to_camel(longest)}", MAX_KEY)
        return cls(keep(raw), event.id, event.type, topic, key)


def accept(raw: bytes, *, max_depth: int) -> Draft | None:
    """The same without a model; None for all that wants a closer look, such as what is no event."""
    if codec.may_hold_nan(raw) or raw.count(b"{") + raw.count(b"[") > max_depth:
        return None
    try:
        event = _validator().validate_json(raw, by_alias=True, by_name=False)
    except (ValidationError, RecursionError, OverflowError):
        return None
    type_, metadata = event["type"], event.get("metadata")
    spec = EVENTS.get(type_)
    if spec is None or (metadata is not None and metadata.get("encrypted")):
        return None
    _, resource, id_field, name, fields, _ = spec
    data = event["data"]
    source = metadata.get("source") if metadata else None
    id_ = data[id_field] if id_field else source or "unknown"
    if len(id_) > MAX_FILTER:
        return None
    key = None
    if fields is not None:
        key = data[fields[0]] if len(fields) == 1 else join_key(data.get(one) for one in fields)
        if len(key) > MAX_KEY:
            return None
    return _new(Draft, (keep(raw), event["id"], type_, _topic(resource, id_, name), key))


_topic = lru_cache(4096)(Topic)
"""Many events have the same."""


def _too_long(event: Event, field: str, most: int) -> ProtocolError:
    said = f"{field}: events are kept by it, so it has at most {most} characters"
    return ProtocolError(ErrorCode.INVALID_MESSAGE, said, field=field, message_id=event.id)


@cache
def _validator() -> SchemaValidator:
    return SchemaValidator(cast("CoreSchema", _without_models(codec.known_schema())))


def warm_up() -> None:
    """Build the validator now, rather than at the first event."""
    _validator()


def _without_models(schema: Any) -> Any:
    """A schema whose models are dictionaries that ignore what they don't know."""
    if isinstance(schema, list):
        return [_without_models(part) for part in schema]
    if not isinstance(schema, Mapping):
        return schema
    if schema.get("type") == "model":
        ref = {"ref": schema["ref"]} if "ref" in schema else {}
        config = {"config": schema["config"] | {"extra_fields_behavior": "ignore"}}
        return _without_models(schema["schema"]) | ref | config
    if schema.get("function", {}).get("function") is milliseconds:
        # Mostly a date is a number, and needs no word of Python's.
        number = schema["schema"]
        return {"type": "union", "choices": [number, schema], "mode": "left_to_right"}
    if schema.get("type") == "model-fields":
        fields = {name: _field(field) for name, field in schema["fields"].items()}
        return {"type": "typed-dict", "fields": fields, "extra_behavior": "ignore"}
    return {
        name: part if name in ("metadata", "function") else _without_models(part)
        for name, part in schema.items()
    }


def _field(field: Mapping[str, Any]) -> dict[str, Any]:
    schema = field["schema"]
    required = schema["type"] != "default"
    alias = {"validation_alias": field["validation_alias"]} if "validation_alias" in field else {}
    inner = _without_models(schema if required else schema["schema"])
    return {"type": "typed-dict-field", "schema": inner, "required": required} | alias
