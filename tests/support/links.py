"""A connection in virtual time, between two asyncio protocols: two pipes, and an end of each.

A pipe delays, splits, throttles, holds back, and is cut after any byte. It holds as many bytes as
its window, as the buffers of two kernels do; what does not fit waits in the sender's transport,
which then pauses its protocol by asyncio's rules.
"""

import asyncio
import errno
from collections import deque
from collections.abc import Callable
from contextvars import Context, copy_context
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any

from tests.support.machines import Machine, MachineLoop

if TYPE_CHECKING:
    from tests.support.network import NetworkServer

Arrival = Callable[["End", int], None]
"""Is shown each piece that arrives, by its size; 0 is the end of the stream."""
HIGH_WATER = 64 * 1024
"""asyncio's own."""
FEW = 16
"""Pieces of one write, where they are as large as may be."""


@dataclass(frozen=True, slots=True)
class Weather:
    """How a link behaves by itself."""

    latency: float = 0.001
    """Seconds, one way, at least."""
    jitter: float = 0.0
    """Seconds on top, at most."""
    piece: int | None = None
    """The largest piece that arrives at once, bytes; None: as it was written."""
    window: int = 256 * 1024
    """Bytes that are under way, or wait to be read, before the sender waits."""
    rate: float = float("inf")
    """Bytes a second."""


FAIR = Weather()


class Link:
    """A client and a server, and a pipe each way between them."""

    def __init__(
        self,
        loop: MachineLoop,
        number: int,
        listener: "NetworkServer",
        weather: Weather,
        dice: Random,
        address: tuple[str, int],
        on_arrival: Arrival,
    ) -> None:
        self.number = number
        self.machine = Machine.present()
        self.listener = listener
        to_server = Pipe(loop, weather, dice, on_arrival)
        to_client = Pipe(loop, weather, dice, on_arrival)
        here = ("127.0.0.1", 40_000 + self.number)
        self.client = End(self, loop, to_server, to_client, copy_context(), here, address)
        self.server = End(self, loop, to_client, to_server, listener.context, address, here)
        self.pipes = (to_server, to_client)

    @property
    def is_over(self) -> bool:
        return self.client.is_lost and self.server.is_lost

    def hold(self) -> None:
        """Nothing arrives, either way, until `release`."""
        for pipe in self.pipes:
            pipe.hold()

    def release(self) -> None:
        for pipe in self.pipes:
            pipe.release()

    def cut(self, error: int = errno.ECONNRESET) -> None:
        """Both ends find the connection reset, and what was under way is gone."""
        for pipe in self.pipes:
            pipe.drop()
        for end in (self.client, self.server):
            end.lose(ConnectionResetError(error, "reset"))


class Pipe:
    """The bytes from one end to the other, in order."""

    def __init__(
        self, loop: MachineLoop, weather: Weather, dice: Random, on_arrival: Arrival
    ) -> None:
        self.weather = weather
        # No two of the same length: whom a server writes to first, of many at once, is chance.
        self._latency = weather.latency + dice.random() * 1e-5
        self.sender: End
        self.receiver: End
        self.cut_after: int | None = None
        """After so many further bytes the link is cut, or the pipe stalls."""
        self.stall: float | None = None
        """How long it stalls then (seconds); None: the link is cut."""
        self.is_held = False
        self._on_arrival = on_arrival
        self._loop = loop
        self._dice = dice
        self._arrivals: deque[tuple[float, bytes | None]] = deque()
        """When what arrives: bytes, none of them at the end of the stream, or a reset (None)."""
        self._under_way = 0
        self._last = 0.0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def room(self) -> int:
        """How much it takes now; little by little is not worth it."""
        window = self.weather.window
        room = window - self._under_way
        return room if room >= window // 4 else 0

    def put(self, data: bytes) -> None:
        self._under_way += len(data)
        for piece in self._split(data):
            weather = self.weather
            at = self._loop.time() + self._latency + weather.jitter * self._dice.random()
            self._last = max(at, self._last) + len(piece) / weather.rate
            self._arrivals.append((self._last, piece))
        self._go_on()

    def end(self) -> None:
        """Nothing more will come."""
        self._append(b"")

    def reset(self) -> None:
        """What is under way is gone, and the receiver is told so."""
        self.drop()
        self._append(None)

    def taken(self, size: int) -> None:
        """The receiver has read so much."""
        self._under_way -= size
        self._loop.call_soon(self.sender.send, context=self.sender.context)

    def hold(self) -> None:
        self.is_held = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def release(self) -> None:
        self.is_held = False
        self._go_on()

    def drop(self) -> None:
        self._arrivals.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _append(self, last: bytes | None) -> None:
        self._last = max(self._last, self._loop.time() + self._latency)
        self._arrivals.append((self._last, last))
        self._go_on()

    def _split(self, data: bytes) -> list[bytes]:
        most = self.weather.piece
        if most is None:
            return [data]
        most = max(most, len(data) // FEW)
        pieces = []
        while data:
            size = self._dice.randint(1, most)
            pieces.append(data[:size])
            data = data[size:]
        return pieces

    def _go_on(self) -> None:
        if self._arrivals and self._timer is None and not self.is_held:
            # The network is on no machine: it goes on while they sleep.
            self._timer = self._loop.call_at(self._arrivals[0][0], self._arrive, context=Context())

    def _arrive(self) -> None:
        self._timer = None
        piece = self._arrivals.popleft()[1]
        if piece is None:
            self.receiver.lose(ConnectionResetError(errno.ECONNRESET, "reset"))
            return
        if self.cut_after is not None and piece:
            piece, rest = piece[: self.cut_after], piece[self.cut_after :]
            if rest:
                self._arrivals.appendleft((self._loop.time(), rest))
            self.cut_after -= len(piece)
        self._on_arrival(self.receiver, len(piece))
        self.receiver.arrived(piece)
        if self.cut_after == 0:
            self.cut_after = None
            if self.stall is None:  # once it was read
                self._loop.call_soon(self.receiver.link.cut, context=Context())
            else:
                self.hold()
                self._loop.call_later(self.stall, self.release, context=Context())
        self._go_on()


class End(asyncio.Transport):
    """One end of a link: the transport that its protocol knows."""

    def __init__(
        self,
        link: Link,
        loop: MachineLoop,
        out: Pipe,
        in_: Pipe,
        context: Context,
        name: tuple[str, int],
        peer: tuple[str, int],
    ) -> None:
        super().__init__({"sockname": name, "peername": peer})
        self.link = link
        self.context = context
        self.is_attached = False
        self.is_lost = False
        """Whether its protocol knows that the connection is over."""
        self._loop = loop
        self._out = out
        self._in = in_
        out.sender = in_.receiver = self
        self._protocol: Any = None
        self._buffer = bytearray()
        self._arrived: deque[bytes] = deque()
        self._high, self._low = HIGH_WATER, HIGH_WATER // 4
        self._is_protocol_paused = False
        self._is_paused = False
        self._is_reading = False
        self._has_ended = False
        self._is_closing = False
        self._is_going = False

    def begin(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = protocol
        protocol.connection_made(self)
        self._read_soon()

    # What arrives.

    def arrived(self, piece: bytes) -> None:
        if self._is_going:
            if piece:  # nobody is there any more, and the other end is told so
                self.link.cut(errno.EPIPE)
            return
        self._arrived.append(piece)
        self._read_soon()

    def lose(self, error: OSError) -> None:
        self._force_close(error)

    def _read_soon(self) -> None:
        if self._arrived and not self._is_reading and not self._is_paused and self._protocol:
            self._is_reading = True
            self._loop.call_soon(self._read, context=self.context)

    def _read(self) -> None:
        self._is_reading = False
        if self._is_paused or self._is_closing or not self._arrived:
            return
        piece = self._arrived.popleft()
        if piece:
            self._in.taken(len(piece))
            self._protocol.data_received(piece)
        elif not self._protocol.eof_received():
            self.close()
        self._read_soon()

    def pause_reading(self) -> None:
        self._is_paused = True

    def resume_reading(self) -> None:
        self._is_paused = False
        self._read_soon()

    def is_reading(self) -> bool:
        return not (self._is_paused or self._is_closing)

    # What is written.

    def write(self, data: Any) -> None:
        if self._has_ended:
            raise RuntimeError("Cannot call write() after write_eof()")
        if self._is_going or not data:
            return
        self._buffer += data
        self.send()
        if len(self._buffer) > self._high and not self._is_protocol_paused:
            self._is_protocol_paused = True
            self._protocol.pause_writing()

    def send(self) -> None:
        """Give to the pipe what it takes."""
        if self._is_going or not self._buffer:
            return
        size = self._out.room
        if size:
            data = bytes(self._buffer[:size])
            del self._buffer[:size]
            self._out.put(data)
        if self._is_protocol_paused and len(self._buffer) <= self._low:
            self._is_protocol_paused = False
            self._protocol.resume_writing()
        if not self._buffer:
            if self._is_closing:
                self._go(None)
            elif self._has_ended:
                self._out.end()

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        if self._is_closing or self._has_ended:
            return
        self._has_ended = True
        if not self._buffer:
            self._out.end()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self._high = high if high is not None else 4 * low if low is not None else HIGH_WATER
        self._low = low if low is not None else self._high // 4

    def get_write_buffer_size(self) -> int:
        return len(self._buffer)

    def get_write_buffer_limits(self) -> tuple[int, int]:
        return self._low, self._high

    # The end.

    def is_closing(self) -> bool:
        return self._is_closing

    def close(self) -> None:
        if not self._is_closing:
            self._is_closing = True
            if not self._buffer:
                self._go(None)

    def abort(self) -> None:
        self._force_close(None)

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        protocol: asyncio.BaseProtocol = self._protocol
        return protocol

    def _force_close(self, error: OSError | None) -> None:
        self._buffer.clear()
        self._is_closing = True
        self._go(error)

    def _go(self, error: OSError | None) -> None:
        if self._is_going:
            return
        self._is_going = True
        if error is None:
            if any(self._arrived):  # what was not read makes it a reset
                self._out.reset()
            elif not self._has_ended:
                self._out.end()
        if self._protocol is None:
            self.is_lost = True
        else:
            self._loop.call_soon(self._lost, error, context=self.context)

    def _lost(self, error: OSError | None) -> None:
        self.is_lost = True
        try:
            self._protocol.connection_lost(error)
        finally:
            if self.is_attached:
                self.link.listener.detach()
