"""What every model of the wire shares, and the small types they are made of.

Models are frozen, read camelCase, keep unknown fields, and take numbers only where JSON has
numbers. They are built on first use (`defer_build`), since a program that has yet to paint its
first frame should not wait for them.
"""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

from tui.protocol.limits import MAX_ID


class WireModel(BaseModel):
    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="allow",
        alias_generator=to_camel,
        validate_by_alias=True,
        validate_by_name=True,
        serialize_by_alias=True,
        allow_inf_nan=False,
        defer_build=True,
    )


def milliseconds(value: Any) -> Any:
    """An ISO-8601 string as Unix milliseconds (UTC where it names no zone); anything else as is."""
    if not isinstance(value, str):
        return value
    try:
        moment = datetime.fromisoformat(value[:64])
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return moment.timestamp() * 1000
    except (ValueError, OverflowError) as error:
        raise ValueError("not an ISO-8601 date, nor a number of milliseconds") from error


Time = Annotated[float, Field(ge=-8.64e15, le=8.64e15)]
"""A point in time or a length of it; beyond JavaScript's range of dates (in milliseconds, some
270,000 years) calendars and clocks fail."""

Moment = Annotated[Time, BeforeValidator(milliseconds)]
"""A date inside `data`: ISO-8601 or milliseconds on the wire, Unix milliseconds here."""

Whole = Annotated[int, Field(ge=-(2**63), lt=2**63)]
"""A whole number; beyond 64 bits JSON writers and readers disagree, ours among them."""

EnvelopeId = Annotated[str, StringConstraints(min_length=1, max_length=MAX_ID)]
Identifier = Annotated[str, StringConstraints(min_length=1, max_length=256)]
"""An id that becomes a segment of a topic, or part of a state key."""


class Metadata(WireModel):
    version: str | None = None
    source: str | None = None
    correlation_id: str | None = None
    compressed: bool | None = None
    """True in a frame that was gzipped."""
    encrypted: bool | None = None
    """True where `data` is opaque: routed, shown as locked, never parsed."""
    offset: Whole | None = None
    """v1: the event's place in its stream, from 1."""
    replayed: bool | None = None
    """v1: sent again because a resume asked for it."""
    conflated: Whole | None = None
    """v1: how many older events of its state key this one stands for."""


class Event(WireModel):
    """The envelope of an event. `timestamp` is Unix time in milliseconds."""

    id: EnvelopeId
    type: str
    timestamp: Time
    data: Any
    metadata: Metadata | None = None


class Control(WireModel):
    """The envelope of a control message, whose id, timestamp and metadata may be missing."""

    id: EnvelopeId | None = None
    type: str
    timestamp: Time | None = None
    data: Any = None
    metadata: Metadata | None = None


class UnknownMessage(Control):
    """A message of a type that this version does not know: kept, counted, shown as it is."""


class LockedEvent(Event):
    """An event whose `data` is encrypted (`metadata.encrypted`), and so opaque to us."""
