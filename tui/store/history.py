"""The newest events as they came, for whoever wants to see one raw."""

from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui.protocol.models import Message

MAX_EVENTS = 1_000
MAX_BYTES = 2 * 1024 * 1024
"""Bytes of JSON, which take ten times as much once they are read, and hostile ones more."""


class History:
    def __init__(self) -> None:
        self._events: deque[Message] = deque()
        self._sizes: deque[int] = deque()
        self._bytes = 0

    def add(self, event: "Message", size: int = 0) -> None:
        """Keep it, `size` bytes of JSON, and of those before it as many as there is room for."""
        events, sizes = self._events, self._sizes
        events.append(event)
        sizes.append(size)
        self._bytes += size
        while len(events) > MAX_EVENTS or (self._bytes > MAX_BYTES and len(events) > 1):
            events.popleft()
            self._bytes -= sizes.popleft()

    def __len__(self) -> int:
        return len(self._events)

    def about(self, field: str, value: str, most: int = 50) -> "list[Message]":
        """The newest events whose data says `value` in `field` (`agent_id`), newest first."""
        return list(islice(self._about(field, value), most))

    def _about(self, field: str, value: str) -> "Iterator[Message]":
        return (e for e in reversed(self._events) if getattr(e.data, field, None) == value)
