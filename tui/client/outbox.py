"""What was published and the server has not got yet, in order. Pure: no I/O, no clock of its own.

With v1 an event stays until it is acknowledged or finally refused, and one batch is under way at a
time. A plain server says nothing of what it takes, so there one after the other goes out, and they
stay until `taken` (`receipts` tells when). What is still under way when the connection is lost goes
out again on the next, under the same ids.

Its size is bounded: over it the oldest events that are not under way are dropped and counted, and
so is what has waited for too long. With a spool, what waits is in a file as well.
"""

import logging
from collections import OrderedDict, deque
from collections.abc import Iterable, Sequence
from itertools import islice, takewhile
from typing import NamedTuple, Protocol

from tui.protocol.codec import join
from tui.protocol.limits import MAX_RECEIVE_PUBLISHER
from tui.protocol.text import clean

log = logging.getLogger(__name__)

MAX_BATCH = 500
"""Events in one frame."""
ANSWER = 30.0
"""How long what was sent may go unanswered (seconds)."""


class OutboxError(Exception):
    """An event was not taken, and is the caller's still; the message says why."""


class Waiting(NamedTuple):
    encoded: bytes
    added: float
    """When it was published (Unix seconds)."""


class Spool(Protocol):
    """A second place for what waits, which outlives the process."""

    def load(self) -> Iterable[tuple[str, Waiting]]:
        """What an earlier process has left, in order. Raises OutboxError."""

    def add(self, id_: str, event: Waiting) -> None:
        """Raises OutboxError where it is not kept."""

    def forget(self, ids: Iterable[str]) -> None:
        """Never raises: what is not forgotten is sent twice, and stored once."""


class Outbox:
    def __init__(
        self, limit: int, max_age: float = float("inf"), spool: Spool | None = None
    ) -> None:
        """`limit` in bytes, `max_age` in seconds. Raises OutboxError where `spool` does."""
        self.limit = limit
        self._max_age = max_age
        self._spool = spool
        self._events: OrderedDict[str, Waiting] = OrderedDict(() if spool is None else spool.load())
        self._under_way: dict[str, int] = {}
        """What was handed out, in that order; plain: after how many marks."""
        self._marks = 0
        self._unsent: deque[str] | None = None
        """Plain: what is not under way, and perhaps some that is gone; None: not known just now."""
        self._batch: tuple[str, ...] = ()
        self._hold_until = 0.0
        self.max_message = MAX_RECEIVE_PUBLISHER
        """The largest message that the server takes (bytes), as far as it has said so."""
        self.size = sum(len(event.encoded) for event in self._events.values())
        """Bytes of encoded events."""
        self.dropped = 0
        """Events lost because the outbox was full, or they were too old."""
        self.refused = 0
        """Events the server refused for good."""
        self._sent_at = float("inf")
        """When the batch under way was handed out (monotonic seconds)."""

    def __len__(self) -> int:
        return len(self._events)

    @property
    def hold_until(self) -> float:
        """Until when nothing is handed out, because the server asked for time."""
        return self._hold_until

    def has_room(self, size: int) -> bool:
        """Whether an event of so many bytes fits without another being dropped."""
        return not self._events or self.size + size <= self.limit

    def add(self, id_: str, encoded: bytes, now: float = 0.0) -> None:
        """Queue one event; the same id again replaces the first, in its place.

        `now` is in Unix seconds. Raises OutboxError where the spool does not keep it.
        """
        event = Waiting(encoded, now)
        if self._spool is not None:
            self._spool.add(id_, event)
        replaced = self._events.get(id_)
        self.size += len(encoded) - (len(replaced.encoded) if replaced else 0)
        self._events[id_] = event
        if self._unsent is not None and (
            not replaced or self._under_way.pop(id_, None) is not None
        ):
            self._unsent.append(id_)
        dropped = []
        while self.size > self.limit and len(self._events) > len(self._under_way) + 1:
            dropped.append(next(one for one in self._events if one not in self._under_way))
            self._forget(dropped[-1:])
        self.dropped += len(dropped)

    def expire(self, now: float) -> None:
        """Drop what has waited too long at `now` (Unix seconds)."""
        horizon = now - self._max_age
        old = []
        for id_, event in self._events.items():
            if event.added > horizon or id_ in self._under_way:
                break
            old.append(id_)
        if old:
            log.warning("%d events waited too long for a server, and are dropped", len(old))
            self._forget(old)
            self.dropped += len(old)

    def keep_to(self, max_message: int) -> None:
        """Note the largest message that the server takes; what is larger is refused for good.

        Sent all the same, it would cost the connection (1009), and so all the others.
        """
        self.max_message = max_message
        large = [id_ for id_, one in self._events.items() if len(one.encoded) > max_message]
        for id_ in large:
            log.warning("%s: not sent; the server takes %d bytes", clean(id_, 128), max_message)
        self._forget(large)
        self.refused += len(large)

    def next_batch(self, now: float) -> bytes | None:
        """v1: the next frame, an event at least; None while one is under way or on hold."""
        if self._under_way or not self._events or now < self._hold_until:
            return None
        members: list[bytes] = []
        length = 1
        for id_, (encoded, _) in islice(self._events.items(), MAX_BATCH):
            length += len(encoded) + 1
            if members and length > self.max_message:
                break
            members.append(encoded)
            self._under_way[id_] = 0
        self._batch = tuple(self._under_way)
        self._sent_at = now
        return join(members)

    def next_single(self, now: float) -> bytes | None:
        """Plain: the oldest event that is not under way, which it is from now on."""
        if not self._events or now < self._hold_until:
            return None
        if self._unsent is None:
            self._unsent = deque(id_ for id_ in self._events if id_ not in self._under_way)
        while self._unsent:
            id_ = self._unsent.popleft()
            if id_ in self._events and id_ not in self._under_way:
                self._under_way[id_] = self._marks
                return self._events[id_].encoded
        return None

    def mark(self) -> int:
        """Plain: what stands for all that was handed out up to now."""
        self._marks += 1
        return self._marks - 1

    def taken(self, mark: int) -> None:
        """Plain: what was handed out up to a mark, and not refused since, is with the server."""
        under_way = self._under_way
        self._forget(list(takewhile(lambda id_: under_way[id_] <= mark, under_way)))

    def acknowledged(self, ids: Iterable[str]) -> None:
        self._forget([id_ for id_ in ids if id_ in self._events])

    def refuse(self, id_: str, *, final: bool, until: float = 0.0) -> bool:
        """Note that one event was refused, for good or `until` later; False: it is not ours."""
        if id_ not in self._events:
            return False
        if final:
            self._forget([id_])
            self.refused += 1
        else:
            self._under_way.pop(id_, None)
            self._unsent = None
            self._hold_until = max(self._hold_until, until)
        return True

    def sent_at_index(self, index: int) -> str | None:
        """The id at `index` of the frame under way; None where there is none, or it is answered."""
        id_ = self._batch[index] if 0 <= index < len(self._batch) else None
        return id_ if id_ in self._under_way else None

    def connection_lost(self) -> None:
        """Nothing is under way any more: the next connection sends it again."""
        self._under_way.clear()
        self._unsent = None
        self._hold_until = 0.0
        self._sent_at = float("inf")

    @property
    def answer_due(self) -> float:
        """v1: when the batch under way has gone unanswered for too long (monotonic seconds)."""
        return self._sent_at + ANSWER if self._under_way else float("inf")

    def resume(self, now: float) -> None:
        """v1: answers are read again; the time in which they could not be does not count."""
        if self._under_way:
            self._sent_at = now

    def _forget(self, ids: Sequence[str]) -> None:
        for id_ in ids:
            self.size -= len(self._events.pop(id_).encoded)
            self._under_way.pop(id_, None)
        if self._spool is not None and ids:
            self._spool.forget(ids)
