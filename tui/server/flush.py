"""When what waits for readers is written.

One `send()` costs more than all else that is done for a delivery, so under load what comes within
15 ms is written as one piece. But not where that would only delay: an event after a quiet moment
goes out at once, as it does where readers are few, or where nothing more comes before the readers
have this (a publisher that waits for its own event). At 200 events/s to 100 readers 15 ms instead
of 10 make 2.5 times the document's server's deliveries of 1.7; at one event at a time to as many
they cost nothing.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Any, Protocol

from tui.server.backlog import Message
from tui.server.metrics import Metrics

GATHER_SECONDS = 0.015
GATHER_BYTES = 16 * 1024
"""Events of so many bytes in all are worth a write of their own."""
FEW_READERS = 8
IMPATIENT_FLUSHES = 100
"""How often it does not wait after it waited in vain."""


class Timer(Protocol):
    """What `call_soon` and `call_later` give."""

    def cancel(self) -> None: ...


class Loop(Protocol):
    """The part of an event loop that is needed here."""

    def time(self) -> float: ...

    def call_soon(self, callback: Callable[..., Any], *args: Any) -> Timer: ...

    def call_later(self, delay: float, callback: Callable[..., Any], *args: Any) -> Timer: ...


class Batch:
    """Messages in the frames that are the same for all who get just these."""

    __slots__ = ("frames", "messages", "readers")

    def __init__(self, messages: Sequence[Message], frames: bytes) -> None:
        self.messages = messages
        self.frames = frames
        self.readers = 0
        """To how many it was written."""


class Shared(dict[tuple[int, ...], Batch]):
    """What was encoded in this flush, by the identity of its parts: mostly many want the same.

    The parts are kept in it, so that no identity is used a second time meanwhile.
    """


class Reader(Protocol):
    """Whoever has something to write."""

    def flush(self, shared: Shared) -> None: ...


class Flush:
    """One for a server; `soon` and `gather` say who has something to write, `now` writes it."""

    def __init__(self, loop: Loop, metrics: Metrics | None = None) -> None:
        self._loop = loop
        self._metrics = metrics or Metrics()
        self._urgent: set[Reader] = set()
        self._gathered: set[Reader] = set()
        self._bursts = 0
        self._size = 0
        self._timer: Timer | None = None
        self._waits = False
        self._last = float("-inf")
        self._was_many = False
        self._impatience = 0

    def time(self) -> float:
        """Seconds of the loop's own clock, which is never set back."""
        return self._loop.time()

    def soon(self, reader: Reader) -> None:
        """The reader has an answer to get, and what else waits for it."""
        if not self._urgent:
            self._loop.call_soon(self._flush_urgent)
        self._urgent.add(reader)

    def gather(self, readers: Collection[Reader], size: int) -> None:
        """The readers have events of `size` bytes to get."""
        if not readers:
            return
        self._gathered.update(readers)
        self._bursts += 1
        self._size += size
        if self._timer is None:
            self._schedule()
        elif self._waits and self._size > GATHER_BYTES:
            self._timer.cancel()
            self._waits = False
            self._timer = self._loop.call_soon(self._flush_gathered)

    def now(self, reader: Reader) -> None:
        """Let it write what it has, as far as its socket takes it."""
        self._flush((reader,))

    def _schedule(self) -> None:
        wait = self._last + GATHER_SECONDS - self._loop.time() if self._was_many else 0.0
        if self._impatience:
            self._impatience -= 1
            wait = 0.0
        self._waits = wait > 0
        if self._waits:
            self._timer = self._loop.call_later(wait, self._flush_gathered)
        else:
            self._timer = self._loop.call_soon(self._flush_gathered)

    def _flush_gathered(self) -> None:
        if self._waits and self._bursts == 1:
            self._impatience = IMPATIENT_FLUSHES
        readers, self._gathered = self._gathered, set()
        self._was_many = len(readers) > FEW_READERS
        self._bursts = self._size = 0
        self._timer = None
        self._flush(readers)
        self._last = self._loop.time()

    def _flush_urgent(self) -> None:
        readers, self._urgent = self._urgent, set()
        self._flush(readers)

    def _flush(self, readers: Collection[Reader]) -> None:
        shared = Shared()
        faults = []
        for reader in readers:
            try:
                reader.flush(shared)
            except Exception as fault:  # noqa: BLE001 - the others have no part in it
                faults.append(fault)
        if shared:
            self._count(shared)
        if faults:
            raise ExceptionGroup("readers that could not be written to", faults)

    def _count(self, shared: Shared) -> None:
        """The events; answers, and history, were counted when they were made."""
        sent = self._metrics.sent
        for batch in shared.values():
            for v1, event in batch.messages:
                if event is not None:
                    sent(event.type, len(v1), batch.readers)
