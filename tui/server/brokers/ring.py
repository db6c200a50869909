"""The recent past of one stream, bounded by bytes."""

from bisect import bisect_left
from collections import deque
from itertools import islice

from tui.server.brokers import Page, Stored


class Ring:
    """Events with consecutive offsets; the oldest leave when `capacity` bytes are exceeded."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._events: deque[Stored] = deque()
        self._size = 0
        self.last = 0
        """The newest offset, kept or not; 0 before the first."""

    def append(self, event: Stored) -> None:
        self._events.append(event)
        self.last = event.offset
        self._size += event.size
        while self._size > self._capacity and self._events:
            self._size -= self._events.popleft().size

    @property
    def first(self) -> int:
        """The oldest offset that is kept; one above `last` where none is."""
        return self.last - len(self._events) + 1

    def read(self, after: int, limit: int) -> Page:
        page: list[Stored] = []
        size = 0
        for event in islice(self._events, max(0, after + 1 - self.first), None):
            size += len(event.v1)
            if page and size > limit:
                break
            page.append(event)
        return Page(page, self.first)

    def since(self, moment: float) -> int:
        """The offset before the first kept event that was stored at `moment` or later."""
        return self.first - 1 + bisect_left(self._events, moment, key=lambda event: event.time)
