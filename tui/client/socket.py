"""A client's WebSocket, which hands its frames over as they come in, all of one read together.

A parser, a queue and a coroutine's turn for each frame would cost as much as to validate what is in
it. So a message that came whole is taken before it is parsed, and any other in `process_event`,
which the library does not document: `test_socket.py` fails where an upgrade changes it.

A large frame may take longer over a slow link than a link may be silent: so it tells when data
comes in, and not only when a message is whole. What is as small as a ping or a pong says nothing:
a proxy on the way may send them, though nobody is behind it.
"""

from collections import deque
from collections.abc import Callable
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.frames import Frame, Opcode
from websockets.protocol import Event, State

from tui.protocol.frames import Splitter

CONTROL_FRAME = 2 + 125
"""Bytes of a control frame at most (RFC 6455, 5.5), not masked."""
MAX_WAITING = 16
"""Frames that may wait to be taken: with more, nothing is read, so that the server sees it."""
TOGETHER = 256 * 1024
"""Bytes of single frames that are decoded together, and with the last of them some more."""
# An enum's members are slow to look up.
_TEXT, _BINARY, _CONT = Opcode.TEXT, Opcode.BINARY, Opcode.CONT
_OPEN = State.OPEN


class Socket(ClientConnection):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._splitter = Splitter(masked=False)
        self._frames: deque[bytes] = deque()
        """Whole messages that nobody has taken yet."""
        self._fragments: bytearray | None = None
        """The message that is to be continued."""
        self._on_data: Callable[[], None] | None = None
        self._on_frames: Callable[[], None] | None = None
        self._is_ignored = False

    def serve(self, on_data: Callable[[], None], on_frames: Callable[[], None]) -> None:
        """Call `on_data` when data comes in, and `on_frames` when there are frames to `take`."""
        self._on_data, self._on_frames = on_data, on_frames
        if self._frames:
            on_frames()

    @property
    def has_frames(self) -> bool:
        return bool(self._frames)

    def take(self) -> list[bytes]:
        """The next frames, to be decoded together.

        Single objects come with what follows them; what may unfold (a batch, a gzipped frame)
        comes alone.
        """
        frames, size = self._frames, 0
        taken = []
        if frames and not _is_single(frames[0]):
            taken.append(frames.popleft())
        else:
            while frames and size < TOGETHER and _is_single(frames[0]):
                size += len(frames[0])
                taken.append(frames.popleft())
        if len(frames) <= MAX_WAITING:
            self.transport.resume_reading()
        return taken

    def ignore(self) -> None:
        """Nobody wants what still comes, but the closing handshake."""
        self._is_ignored = True
        self._frames.clear()
        self.transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        if self._on_data and len(data) > CONTROL_FRAME:
            self._on_data()
        protocol, parse = self.protocol, super().data_received
        for buffer, start, payload, end in self._splitter.split(data, protocol.max_message_size):
            if payload and protocol.state is _OPEN and not self._is_ignored:
                self._frames.append(buffer[payload:end])
            else:
                parse(buffer[start:end])
        if self._frames and self._on_frames:
            self._on_frames()
        if len(self._frames) > MAX_WAITING:
            self.transport.pause_reading()

    def process_event(self, event: Event) -> None:
        if type(event) is not Frame:
            super().process_event(event)
            return
        opcode = event.opcode
        if opcode is _TEXT or opcode is _BINARY or opcode is _CONT:
            if not self._is_ignored:
                self._put(event)
        else:
            super().process_event(event)

    def _put(self, frame: Frame) -> None:
        if self._fragments is None:
            if frame.fin:
                self._frames.append(bytes(frame.data))
            else:
                self._fragments = bytearray(frame.data)
            return
        self._fragments += frame.data
        if frame.fin:
            self._frames.append(bytes(self._fragments))
            self._fragments = None


def _is_single(frame: bytes) -> bool:
    return frame.startswith(b"{")
