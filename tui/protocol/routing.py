"""Where a decoded event goes: its topic, and the key under which its state is kept."""

from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any, cast

from tui.protocol.catalog import EVENTS
from tui.protocol.models.base import Event, LockedEvent
from tui.protocol.topics import Topic

_Fields = Callable[[Any], Any]
_KEYS: dict[str, _Fields | None] = {
    name: attrgetter(*spec.key) if spec.key else None for name, spec in EVENTS.items()
}


def topic_of(event: Event) -> Topic:
    """The event's topic; where `data` has no say (notifications, locked events), by its source."""
    spec = EVENTS[event.type]
    if spec.id_field and type(event) is not LockedEvent:
        return Topic(spec.resource, getattr(event.data, spec.id_field), spec.event)
    source = event.metadata.source if event.metadata else None
    return Topic(spec.resource, source or "unknown", spec.event)


def state_key(event: Event) -> str | None:
    """The key under which the newest event of its type is kept; None for history only."""
    key = key_fields(event)
    return key if key is None or isinstance(key, str) else join_key(key)


def key_fields(event: Event) -> str | tuple[object, ...] | None:
    """What the state key is made of: it tells keys of one type apart, and costs less."""
    fields = _KEYS[event.type]
    if fields is None or type(event) is LockedEvent:
        return None
    return cast("str | tuple[object, ...]", fields(event.data))


def join_key(parts: Iterable[object]) -> str:
    """The state key of several fields."""
    # The unit separator cannot be confused with anything inside an id that people see.
    return "\x1f".join("" if part is None else str(part) for part in parts)
