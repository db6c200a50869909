"""The one module that knows how `websockets` moves bytes, and what it must be guarded against.

Parts of it that are not documented are used, since they are worth a factor of ten: a message that
came whole is taken before it is parsed, any other in `process_event`, both without a queue and a
coroutine's turn, and what is sent is written to the transport as it is
(`tests/functional/server/test_wire.py` fails where an upgrade changes them). Whatever the shortcuts
do not take goes the documented way, through `recv`.

Its keepalive does not notice a reader that stalls, and then `send` and `close` wait for ever: see
`stalled`. Its log shows tokens at DEBUG, and a traceback where a peer misbehaves: so it has a
logger of its own.
"""

import asyncio
import logging
from typing import Any, Protocol

from websockets.asyncio.server import ServerConnection
from websockets.frames import Frame, Opcode
from websockets.frames import apply_mask as unmask  # type: ignore[attr-defined]
from websockets.protocol import Event, State

from tui.protocol.frames import Splitter
from tui.server.auth import Access
from tui.server.limits.admission import Admission, Visit

STALL_SECONDS = 10.0
# An enum's members are slow to look up.
_TEXT, _BINARY, _CONT, _CLOSE = Opcode.TEXT, Opcode.BINARY, Opcode.CONT, Opcode.CLOSE
_OPEN = State.OPEN


class Client(Protocol):
    """Whoever is served through the socket."""

    @property
    def is_ready(self) -> bool:
        """Whether it takes the next frame now."""

    def receive(self, frame: bytes) -> None:
        """Take a frame."""

    def pause(self) -> None:
        """There is no other frame for now."""

    def written(self) -> None:
        """The socket takes more."""

    def lost(self) -> None:
        """The socket is gone."""


_NOBODY = Visit("", is_exempt=False)


class Socket(ServerConnection):
    """A client's socket. What the handshake told of it comes first, then its `client`."""

    visit = _NOBODY
    access: Access | None = None
    gzip = False
    writable = False
    """Whether it takes more now."""
    _client: Client | None = None
    _queued = 0
    """Messages that were not taken at once, and which those behind them must not overtake."""
    _is_handed_on = False
    """Whether the first of these is with whoever asked for the next message."""
    _drained: asyncio.Future[None] | None = None
    _buffered = 0
    _buffered_since = 0.0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._frames = Splitter(masked=True)

    def serve(self, client: Client) -> None:
        """From now on what comes is the client's, and what is written reaches it."""
        self._client = client
        self._buffered_since = self.loop.time()
        self.writable = self.protocol.state is State.OPEN and not self.paused

    @property
    def is_served(self) -> bool:
        """Whether its handshake is done, and somebody has it."""
        return self._client is not None

    def take_up_to(self, size: int) -> None:
        """From the next frame on, a message of more bytes ends the connection with 1009."""
        self.protocol.max_message_size = size

    def data_received(self, data: bytes) -> None:
        protocol, client, parse = self.protocol, self._client, super().data_received
        for buffer, start, payload, end in self._frames.split(data, protocol.max_message_size):
            if (
                payload
                and client is not None
                and not self._queued
                and protocol.state is _OPEN
                and client.is_ready
            ):
                client.receive(unmask(buffer[payload:end], buffer[payload - 4 : payload]))
            else:
                parse(buffer[start:end])
        if client is not None:
            client.pause()

    def send_data(self) -> None:
        super().send_data()
        if self.protocol.state is not State.OPEN:
            self.writable = False  # a close has been sent: nothing may follow it

    def process_event(self, event: Event) -> None:
        if type(event) is Frame:
            opcode = event.opcode
            if opcode is _TEXT or opcode is _BINARY:
                if event.fin:
                    client = self._client
                    if client is not None and not self._queued and client.is_ready:
                        client.receive(bytes(event.data))
                        return
                    self._queued += 1
            elif opcode is _CONT:
                self._queued += event.fin
            elif opcode is _CLOSE:
                self.writable = False
        super().process_event(event)

    async def next_message(self) -> bytes:
        """A message that was not taken at once; raises ConnectionClosed.

        To be called again once the client has received it, and not before.
        """
        if self._is_handed_on:
            self._queued -= 1
            self._is_handed_on = False
        message = await self.recv(decode=False)
        self._is_handed_on = True
        return message

    def write(self, data: bytes) -> None:
        """Send whole frames, while it is writable."""
        self.transport.write(data)

    async def drained(self) -> None:
        """Wait until it is writable: for ever, once it is closed."""
        while not self.writable:
            if self._drained is None or self._drained.done():
                self._drained = self.loop.create_future()
            await asyncio.shield(self._drained)

    def pause_writing(self) -> None:
        super().pause_writing()
        self.writable = False

    def resume_writing(self) -> None:
        super().resume_writing()
        self._buffered_since = self.loop.time()
        self.writable = self._client is not None and self.protocol.state is State.OPEN
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)
        if self._client is not None:
            self._client.written()

    def stalled(self, now: float) -> bool:
        """Whether the peer has taken nothing for long, though something was waiting."""
        waiting = self.transport.get_write_buffer_size()
        # More than before says nothing: pings and pongs are written whether it reads or not.
        if waiting == 0 or waiting < self._buffered:
            self._buffered_since = now
        self._buffered = waiting
        return now - self._buffered_since > STALL_SECONDS

    async def leave(self, code: int, reason: str) -> None:
        """The closing handshake."""
        self.writable = False
        await self.close(code, reason)

    async def hang_up(self, code: int, reason: str) -> None:
        """Say why, and end it without the peer's part, who may not read any more."""
        self.writable = False
        if self.protocol.state is State.OPEN:
            self.protocol.send_close(code, reason)
            self.send_data()
            self.transport.write_eof()
        await self.wait_closed()

    def abort(self) -> None:
        """End it now; what was not sent is lost."""
        self.writable = False
        self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self.writable = False
        super().connection_lost(exc)
        if self._client is not None:
            self._client.lost()


def admitted(admission: Admission, open_: set[Socket]) -> type[Socket]:
    """Sockets that are counted from their first byte on, so that a stop ends them all."""

    class Admitted(Socket):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            open_.add(self)
            peer = transport.get_extra_info("peername")
            visit = admission.arrive(peer[0] if peer else "")
            if visit is None:
                self.transport.abort()
            else:
                self.visit = visit

        def connection_lost(self, exc: Exception | None) -> None:
            open_.discard(self)
            super().connection_lost(exc)
            if self.visit is not _NOBODY:
                admission.leave(self.visit)

    return Admitted


def quiet_logger() -> logging.Logger:
    """A logger for `websockets` that says faults only, each in one line."""
    logger = logging.getLogger("tui.server.websockets")
    logger.setLevel(logging.WARNING)
    if not logger.filters:
        logger.addFilter(_without_traceback)
    return logger


def _without_traceback(record: logging.LogRecord) -> bool:
    vars(record).pop("websocket", None)  # an object, of no use in a line
    if record.exc_info and (fault := record.exc_info[1]):
        record.msg = f"{record.getMessage()}: {type(fault).__name__}: {fault}"
        record.args = None
        record.exc_info = None
    return True
