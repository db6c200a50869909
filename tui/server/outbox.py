"""What waits to be written to one connection: bounded, so that no reader grows our memory."""

import asyncio
from collections.abc import Callable, Iterable
from typing import NamedTuple

from tui.protocol import codec
from tui.protocol.errors import CloseCode
from tui.protocol.limits import MAX_SEND

CAPACITY = 1024 * 1024


class Closing(NamedTuple):
    code: CloseCode
    reason: str
    dropped: bool
    """Whether what was queued has been thrown away."""


class Outbox:
    """Messages in order, until they are taken or are more than `capacity` bytes.

    A reader that is that far behind is closed: in this version nothing is conflated. So that it is
    never the answers to what a client says that close it, `room` is waited for before more is read.
    `wake` is called whenever there is something to do for the writer.
    """

    def __init__(
        self, wake: Callable[[], None], *, batches: bool, capacity: int = CAPACITY
    ) -> None:
        self.closing: Closing | None = None
        self._wake = wake
        self._batches = batches
        self._capacity = capacity
        self._messages: list[bytes] = []
        self._size = 0
        self._room = asyncio.Event()
        self._room.set()

    def put(self, message: bytes) -> None:
        if self.closing:
            return
        self._messages.append(message)
        self._size += len(message)
        if self._size > self._capacity:
            self.close(CloseCode.SLOW_READER, "reading too slowly", drop=True)
        elif self._size > self._capacity // 2:
            self._room.clear()
        self._wake()

    def take(self) -> list[bytes]:
        """All that waits, as frames."""
        messages, self._messages, self._size = self._messages, [], 0
        self._room.set()
        return frames(messages, batches=self._batches)

    def close(self, code: CloseCode, reason: str, *, drop: bool = False) -> None:
        """Take nothing more; the first reason given stands."""
        if self.closing is None:
            self.closing = Closing(code, reason, drop)
            if drop:
                self._messages.clear()
            self._room.set()
            self._wake()

    async def room(self) -> None:
        """Wait until half the capacity is free, or nothing is taken any more."""
        await self._room.wait()


def frames(messages: Iterable[bytes], *, batches: bool, limit: int = MAX_SEND) -> list[bytes]:
    """Messages as frames: one each, or joined to arrays of at most `limit` bytes."""
    if not batches:
        return list(messages)
    joined: list[bytes] = []
    batch: list[bytes] = []
    size = 0
    for message in messages:
        if batch and size + len(message) + 2 > limit:
            joined.append(codec.join(batch))
            batch, size = [], 0
        batch.append(message)
        size += len(message) + 1
    if batch:
        joined.append(codec.join(batch))
    return joined
