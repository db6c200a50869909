"""Where a decoded event goes: its topic, and the key under which its state is kept."""

from tui.protocol.catalog import EVENTS
from tui.protocol.models.base import Event, LockedEvent
from tui.protocol.topics import Topic


def topic_of(event: Event) -> Topic:
    """The event's topic; where `data` has no say (notifications, locked events), by its source."""
    spec = EVENTS[event.type]
    if spec.id_field and not isinstance(event, LockedEvent):
        return Topic(spec.resource, getattr(event.data, spec.id_field), spec.event)
    source = event.metadata.source if event.metadata else None
    return Topic(spec.resource, source or "unknown", spec.event)


def state_key(event: Event) -> str | None:
    """The key under which the newest event of its type is kept; None for history only.

    The workflow run's end (`complete`, `failed`) has keys of its own type, like every other.
    """
    spec = EVENTS[event.type]
    if spec.key is None or isinstance(event, LockedEvent):
        return None
    # The unit separator cannot be confused with anything inside an id that people see.
    return "\x1f".join(str(getattr(event.data, field) or "") for field in spec.key)
