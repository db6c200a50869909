"""What a server needs to know of an event, without its model being built.

Whoever only passes an event on has to know that it is valid, and where it goes. The validator here
is made of the models' own schema, so it takes what they take; it leaves out what it costs to make
objects of it, which is nearly half. What it does not take, `codec.decode_message` explains.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple, cast

from pydantic import TypeAdapter, ValidationError
from pydantic_core import CoreSchema, SchemaValidator

from tui.protocol import codec
from tui.protocol.catalog import EVENTS
from tui.protocol.envelope import keep
from tui.protocol.models import Known
from tui.protocol.models.base import Event
from tui.protocol.routing import join_key, state_key, topic_of
from tui.protocol.topics import Topic


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
        """From the event's model; raises ProtocolError where `raw` cannot be sent on."""
        return cls(keep(raw), event.id, event.type, topic_of(event), state_key(event))


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
    key = None
    if fields is not None:
        key = data[fields[0]] if len(fields) == 1 else join_key(data.get(one) for one in fields)
    return Draft(keep(raw), event["id"], type_, Topic(resource, id_, name), key)


@cache
def _validator() -> SchemaValidator:
    schema = TypeAdapter(Known).core_schema
    return SchemaValidator(cast("CoreSchema", _without_models(schema)))


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
