"""What was published and the server has not got yet, in order. Pure: no I/O, no clock of its own.

With v1 an event stays until it is acknowledged or finally refused, one batch is under way at a
time, and all of it is sent again, under the same ids, on the next connection. A plain server says
nothing, so there an event is done once it is written.

Its size is bounded: over it the oldest events that are not under way are dropped and counted, and
so is what has waited for too long. With a spool, what waits is in a file as well.
"""

import logging
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import NamedTuple, Protocol

from tui.protocol.codec import join
from tui.protocol.limits import MAX_RECEIVE_PUBLISHER
from tui.protocol.text import clean

log = logging.getLogger(__name__)

MAX_BATCH = 500
"""Events in one frame."""


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
        self._limit = limit
        self._max_age = max_age
        self._spool = spool
        self._events: OrderedDict[str, Waiting] = OrderedDict(() if spool is None else spool.load())
        self._under_way: dict[str, None] = {}
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
        self.sent_at: float | None = None
        """When the batch under way was handed out (monotonic seconds)."""

    def __len__(self) -> int:
        return len(self._events)

    @property
    def hold_until(self) -> float:
        """Until when nothing is handed out, because the server asked for time."""
        return self._hold_until

    def has_room(self, size: int) -> bool:
        """Whether an event of so many bytes fits without another being dropped."""
        return not self._events or self.size + size <= self._limit

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
        dropped = []
        while self.size > self._limit and len(self._events) > len(self._under_way) + 1:
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
            self._under_way[id_] = None
        self._batch = tuple(self._under_way)
        self.sent_at = now
        return join(members)

    def next_single(self, now: float) -> bytes | None:
        """Plain: the oldest event, which stays until `written`."""
        if not self._events or now < self._hold_until:
            return None
        id_, (encoded, _) = next(iter(self._events.items()))
        self._under_way[id_] = None
        return encoded

    def written(self) -> None:
        """Plain: the event handed out last is in the socket's hands."""
        self.acknowledged(tuple(self._under_way))

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
            self._hold_until = max(self._hold_until, until)
        return True

    def sent_at_index(self, index: int) -> str | None:
        """The id at `index` of the frame under way; None where there is none, or it is answered."""
        id_ = self._batch[index] if 0 <= index < len(self._batch) else None
        return id_ if id_ in self._under_way else None

    def connection_lost(self) -> None:
        """Nothing is under way any more: the next connection sends it again."""
        self._under_way.clear()
        self._hold_until = 0.0
        self.sent_at = None

    @property
    def waits_for_answer(self) -> bool:
        return bool(self._under_way)

    def _forget(self, ids: Sequence[str]) -> None:
        for id_ in ids:
            self.size -= len(self._events.pop(id_).encoded)
            self._under_way.pop(id_, None)
        if self._spool is not None and ids:
            self._spool.forget(ids)
