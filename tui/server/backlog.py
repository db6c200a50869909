"""What a v1 reader has yet to be given while its socket takes nothing, and how it is made less."""

from collections import OrderedDict
from itertools import count
from typing import NamedTuple

from tui.protocol import envelope
from tui.protocol.catalog import EVENTS
from tui.server.brokers import Stored
from tui.server.metrics import Metrics

_OVERHEAD = 100
"""What an entry takes beside its bytes; few of them are a reader's own, but all count."""


class Message(NamedTuple):
    """What one reader gets: an event, or an answer to it alone."""

    v1: bytes
    event: Stored | None = None


class _Entry(NamedTuple):
    message: Message
    since: float
    first: int
    """The offset of the oldest event that it stands for; an answer's is 0."""
    conflated: int = 0

    @property
    def size(self) -> int:
        return len(self.message.v1) + _OVERHEAD


class Backlog:
    """Messages in order, with when they came."""

    def __init__(self, metrics: Metrics) -> None:
        self.size = 0
        """Bytes, with what Python needs for them."""
        self._metrics = metrics
        self._entries: OrderedDict[object, _Entry] = OrderedDict()
        self._numbers = count()
        self._conflating = False
        self._answers = 0

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, message: Message, now: float) -> None:
        self._add(_Entry(message, now, message.event.offset if message.event else 0))

    def age(self, now: float) -> float:
        """Seconds that the first message has waited."""
        first = next(iter(self._entries.values()), None)
        return now - first.since if first else 0.0

    def conflate(self) -> None:
        """Keep only the newest event of each state key, now and until the backlog is empty."""
        if not self._conflating:
            entries = list(self._entries.values())
            self._clear()
            self._conflating = True
            for entry in entries:
                self._add(entry)

    def take(self, size: int) -> list[Message]:
        """The first messages, of `size` bytes in all, one at least where there is one."""
        taken: list[Message] = []
        while self._entries and size > 0:
            _, entry = self._entries.popitem(last=False)
            message, conflated = entry.message, entry.conflated
            self.size -= entry.size
            size -= len(message.v1)
            if conflated:
                message = message._replace(v1=envelope.conflated(message.v1, conflated))
            taken.append(message)
        if not self._entries:
            self._conflating = False
        return taken

    def drop(self) -> tuple[dict[str, int], list[Message]]:
        """Empty it: for each stream that lost events, the first offset lost; and the answers."""
        lost: dict[str, int] = {}
        answers = []
        for entry in self._entries.values():
            if event := entry.message.event:
                resource = event.topic.resource
                lost[resource] = min(entry.first, lost.get(resource, entry.first))
            else:
                answers.append(entry.message)
        self._clear()
        return lost, answers

    def _clear(self) -> None:
        self._entries.clear()
        self.size = 0
        self._conflating = False

    def _add(self, entry: _Entry) -> None:
        event = entry.message.event
        if event is None:
            # A pong says that all before it was sent: nothing may move past it.
            self._answers += 1
        key: object = next(self._numbers)
        if self._conflating and event and event.key is not None and EVENTS[event.type].conflated:
            key = (self._answers, event.type, event.key)
            if older := self._entries.pop(key, None):
                self.size -= older.size
                older_ones = entry.conflated + older.conflated + 1
                entry = entry._replace(first=older.first, conflated=older_ones)
                self._metrics.conflated += 1
        self._entries[key] = entry
        self.size += entry.size
