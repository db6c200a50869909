"""The recent past of one stream, bounded by bytes."""

from collections import deque
from itertools import islice

from tui.server.brokers import OVERHEAD, Page, Stored


class Ring:
    """Events with consecutive offsets; the oldest leave when `capacity` bytes are exceeded."""

    def __init__(self, capacity: int, last: int = 0) -> None:
        self.last = last
        """The newest offset, kept or not; 0 before the first."""
        self._room = capacity
        self._events: deque[Stored] = deque()

    def append(self, event: Stored) -> None:
        self._events.append(event)
        self.last = event.offset
        self._room -= len(event.plain) + OVERHEAD
        while self._room < 0:
            self._room += len(self._events.popleft().plain) + OVERHEAD

    @property
    def first(self) -> int:
        """The oldest offset that is kept; one above `last` where none is."""
        return self.last - len(self._events) + 1

    def read(self, after: int, limit: int) -> Page:
        page: list[Stored] = []
        size = 0
        for event in islice(self._events, max(0, after + 1 - self.first), None):
            size += len(event.plain)
            if page and size > limit:
                break
            page.append(event)
        return Page(page, self.first)

    def since(self, moment: float) -> int | None:
        """The newest kept offset from before `moment`; None where there is none.

        Found from the end, so that it takes no longer than what is asked for, and a clock that was
        set back misleads nobody: what was stored after an event is not older than it.
        """
        return next((e.offset for e in reversed(self._events) if e.time < moment), None)
