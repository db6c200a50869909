"""The recent past of one stream, bounded by bytes."""

from tui.server.brokers import OVERHEAD, Page, Stored

SLACK = 64
"""The part of the capacity, as its inverse, that is made free at a time."""


class Ring:
    """Events with consecutive offsets; the oldest leave when `capacity` bytes are exceeded.

    Kept in a list, so that a page is found as soon in the middle as at an end.
    """

    def __init__(self, capacity: int, last: int = 0) -> None:
        self.last = last
        """The newest offset, kept or not; 0 before the first."""
        self._room = capacity
        self._slack = capacity // SLACK
        self._events: list[Stored] = []

    def append(self, event: Stored) -> None:
        self._events.append(event)
        self.last = event.offset
        self._room -= len(event.plain) + OVERHEAD
        if self._room < 0:
            self._make_room()

    @property
    def first(self) -> int:
        """The oldest offset that is kept; one above `last` where none is."""
        return self.last - len(self._events) + 1

    def read(self, after: int, limit: int) -> Page:
        page: list[Stored] = []
        size = 0
        for at in range(max(0, after + 1 - self.first), len(self._events)):
            event = self._events[at]
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

    def _make_room(self) -> None:
        """For some time: what stays is moved each time."""
        room, slack, gone = self._room, self._slack, 0
        for event in self._events:
            if room >= slack:
                break
            room += len(event.plain) + OVERHEAD
            gone += 1
        self._room = room
        del self._events[:gone]
