"""The one module that knows how `websockets` moves bytes, and what it must be guarded against.

Its keepalive does not notice a reader that stalls, and then `send` and `close` wait for ever: so
each of them has a deadline here, and past it the connection is aborted. Its log shows tokens at
DEBUG, and a traceback where a peer misbehaves: so it has a logger of its own.
"""

import asyncio
import logging
from collections.abc import Iterable

from websockets.asyncio.server import ServerConnection

from tui.server.auth import Access

SEND_SECONDS = 10.0
CLOSE_SECONDS = 2.0


class Socket(ServerConnection):
    """A connection that carries what its handshake was given."""

    access: Access | None = None


class Writer:
    """Writes frames to one connection, or ends it."""

    def __init__(self, socket: ServerConnection) -> None:
        self._socket = socket
        self._deadline: asyncio.Timeout | None = None

    async def write(self, frames: Iterable[bytes]) -> None:
        """Send each as a text frame; raises TimeoutError where the reader has stalled."""
        try:
            async with asyncio.timeout(SEND_SECONDS) as self._deadline:
                for frame in frames:
                    await self._socket.send(frame, text=True)
        finally:
            self._deadline = None

    def hurry(self) -> None:
        """Give a write that is under way no more time than a close has."""
        deadline = self._deadline
        if deadline is None or deadline.expired():
            return
        soon = asyncio.get_running_loop().time() + CLOSE_SECONDS
        deadline.reschedule(min(soon, deadline.when() or soon))

    async def close(self, code: int, reason: str) -> None:
        """The closing handshake; raises TimeoutError where the peer has no part in it."""
        async with asyncio.timeout(CLOSE_SECONDS):
            await self._socket.close(code, reason)

    def abort(self) -> None:
        self._socket.transport.abort()


def quiet_logger() -> logging.Logger:
    """A logger for `websockets` that never goes below INFO, and says each fault in one line."""
    logger = logging.getLogger("tui.server.websockets")
    logger.setLevel(logging.INFO)
    if not logger.filters:
        logger.addFilter(_without_traceback)
    return logger


def _without_traceback(record: logging.LogRecord) -> bool:
    if record.exc_info and (fault := record.exc_info[1]):
        record.msg = f"{record.getMessage()}: {type(fault).__name__}: {fault}"
        record.args = None
        record.exc_info = None
    return True
