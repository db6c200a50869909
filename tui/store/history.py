"""The newest events as they came, for whoever wants to see one raw."""

from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui.protocol.models import Message

MAX_EVENTS = 1_000


class History:
    def __init__(self, limit: int = MAX_EVENTS) -> None:
        self._events: deque[Message] = deque(maxlen=limit)

    def add(self, event: "Message") -> None:
        self._events.append(event)

    def __len__(self) -> int:
        return len(self._events)

    def about(self, field: str, value: str, most: int = 50) -> "list[Message]":
        """The newest events whose data says `value` in `field` (`agent_id`), newest first."""
        return list(islice(self._about(field, value), most))

    def find(self, id_: str) -> "Message | None":
        """The event of that id, if it is still kept."""
        return next((event for event in reversed(self._events) if event.id == id_), None)

    def _about(self, field: str, value: str) -> "Iterator[Message]":
        return (e for e in reversed(self._events) if getattr(e.data, field, None) == value)
