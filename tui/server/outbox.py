"""What waits to be written to one connection: bounded, so that no reader grows our memory.

While the socket takes what it is given, all that waits is written as one piece, and nothing here
costs more than a list. What a socket does not take waits in a backlog.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from tui.protocol.limits import MAX_SEND
from tui.server.backlog import Backlog, Message
from tui.server.flush import Batch, Flush, Shared
from tui.server.framing import batch_frames, gzip_frame, text_frame
from tui.server.metrics import Metrics
from tui.server.peer import Link

CAPACITY = 1024 * 1024
"""Bytes that may wait for one reader."""
PATIENCE_SECONDS = 10.0
"""How long anything may wait for one reader."""
SLICE = 64 * 1024
"""How much of a backlog is given to a socket at a time."""


class PlainOutbox:
    """Frames in order. Nothing can be left out for these readers: one too slow is `too_slow`.

    `offer` takes an event's frame, as it is the same for all readers of the layer.
    """

    def __init__(
        self,
        link: Link,
        flush: Flush,
        too_slow: Callable[[], None],
        *,
        gzip: bool = False,
        capacity: int = CAPACITY,
    ) -> None:
        self._link = link
        self._flush = flush
        self._too_slow = too_slow
        self._frame = gzip_frame if gzip else text_frame
        self._capacity = capacity
        self._pending: list[bytes] = []
        self._sized = 0
        self._size = 0
        self._waiting_since: float | None = None
        self.offer: Callable[[bytes], None] = self._pending.append

    def put(self, message: bytes) -> None:
        self._pending.append(self._frame(message))
        self._flush.soon(self)

    def flush(self, shared: Shared) -> None:
        del shared
        pending = self._pending
        if not pending:
            return
        if self._link.writable:
            data = pending[0] if len(pending) == 1 else b"".join(pending)
            pending.clear()
            self._sized = self._size = 0
            self._waiting_since = None
            self._link.write(data)
            return
        now = self._flush.time()
        if self._waiting_since is None:
            self._waiting_since = now
        if self.size > self._capacity or now - self._waiting_since > PATIENCE_SECONDS:
            self._too_slow()

    def clear(self) -> None:
        self._pending.clear()
        self._sized = self._size = 0
        self._waiting_since = None

    @property
    def size(self) -> int:
        self._size += sum(map(len, self._pending[self._sized :]))
        self._sized = len(self._pending)
        return self._size

    @property
    def count(self) -> int:
        return len(self._pending)


class V1Outbox:
    """Messages in order, joined to batches; conflated, and then dropped, where they are too many.

    Streams that are held get nothing here: their events are read from the broker (`catchup`).
    `overflow` is told which streams lost events, and from which offset on.
    """

    def __init__(
        self,
        link: Link,
        flush: Flush,
        overflow: Callable[[Mapping[str, int]], None],
        metrics: Metrics,
        *,
        gzip: bool = False,
        frame: int = MAX_SEND,
        capacity: int = CAPACITY,
    ) -> None:
        self._link = link
        self._flush = flush
        self._overflow = overflow
        self._gzip = gzip
        self._frame = frame
        self._capacity = capacity
        self._held: frozenset[str] = frozenset()
        self._pending: list[Message] = []
        self._metrics = metrics
        self._backlog = Backlog(metrics)
        self.offer: Callable[[Message], None] = self._pending.append

    def put(self, message: bytes) -> None:
        self._pending.append(Message(message))
        self._flush.soon(self)

    def write(self, messages: Sequence[bytes]) -> None:
        """Send history, which does not wait here unless something has come since `drained`."""
        if self.count or not self._link.writable:
            self._pending.extend(map(Message, messages))
            self._flush.soon(self)
        elif messages:
            self._link.write(batch_frames(messages, gzip=self._gzip, limit=self._frame))

    async def drained(self) -> None:
        """Wait until all that waited was written, and the socket takes more."""
        while True:
            await self._link.drained()
            self._flush.now(self)
            if self._link.writable and not self.count:
                return

    def hold(self, resources: Iterable[str]) -> None:
        """Let these streams' events be, and no others'."""
        self._held = frozenset(resources)
        self.offer = self._offer_others if self._held else self._pending.append

    def flush(self, shared: Shared) -> None:
        if self._backlog or not self._link.writable:
            self._write_backlog()
        elif self._pending:
            self._write_pending(shared)

    def clear(self) -> None:
        self._pending.clear()
        self._backlog.drop()

    @property
    def size(self) -> int:
        return self._backlog.size + sum(len(one.v1) for one in self._pending)

    @property
    def count(self) -> int:
        return len(self._backlog) + len(self._pending)

    def _offer_others(self, message: Message) -> None:
        if message.event is None or message.event.topic.resource not in self._held:
            self._pending.append(message)

    def _write_pending(self, shared: Shared) -> None:
        wanted = (self._gzip, *map(id, self._pending))
        batch = shared.get(wanted)
        if batch is None:
            messages = [one.v1 for one in self._pending]
            frames = batch_frames(messages, gzip=self._gzip, limit=self._frame)
            batch = shared[wanted] = Batch(tuple(self._pending), frames)
        batch.readers += 1
        self._pending.clear()
        self._link.write(batch.frames)

    def _write_backlog(self) -> None:
        backlog, now = self._backlog, self._flush.time()
        for message in self._pending:
            backlog.add(message, now)
        self._pending.clear()
        while backlog and self._link.writable:
            taken = backlog.take(SLICE)
            messages = [one.v1 for one in taken]
            self._link.write(batch_frames(messages, gzip=self._gzip, limit=self._frame))
            for v1, event in taken:
                if event is not None:
                    self._metrics.sent(event.type, len(v1))
        if self._is_over(now):
            backlog.conflate()
            if self._is_over(now):
                lost, answers = backlog.drop()
                if lost:
                    self._overflow(lost)
                # Behind what was said of the loss: a pong among them tells how far all was sent.
                self._pending.extend(answers)

    def _is_over(self, now: float) -> bool:
        return self._backlog.size > self._capacity or self._backlog.age(now) > PATIENCE_SECONDS
