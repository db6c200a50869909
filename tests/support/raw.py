"""A WebSocket client by hand (RFC 6455), which can do what no library lets one do.

It stops reading, writes half a frame, resets the connection, and costs little: thousands of them
fit into one process. Its frames are masked with zeros, so that they are readable as they are.
"""

import asyncio
import os
import socket
import struct
from base64 import b64encode
from collections.abc import Sequence
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

from tests.support.frames import messages

TEXT, BINARY, CLOSE, PING, PONG = 0x81, 0x82, 0x88, 0x89, 0x8A
ABORTED = 1006
"""The close code of a connection that ended without a close frame."""
_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER: closing sends RST."""


def masked(payload: bytes, head: int = TEXT) -> bytes:
    """A client's frame."""
    size = len(payload)
    if size < 126:
        length = bytes([0x80 | size])
    elif size < 65_536:
        length = b"\xfe" + struct.pack("!H", size)
    else:
        length = b"\xff" + struct.pack("!Q", size)
    return bytes([head]) + length + bytes(4) + payload


def handshake(
    url: str, token: str | None, *, v1: bool = False, headers: Sequence[str] = ()
) -> bytes:
    """The request that opens a WebSocket at `url`."""
    parts = urlsplit(url)
    lines = [
        f"GET {parts.path or '/'}{'?' if parts.query else ''}{parts.query} HTTP/1.1",
        f"Host: {parts.netloc}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {b64encode(os.urandom(16)).decode()}",
        "Sec-WebSocket-Version: 13",
        *([f"Authorization: Bearer {token}"] if token else []),
        *(["Sec-WebSocket-Protocol: autosdlc.v1"] if v1 else []),
        *headers,
    ]
    return "\r\n".join([*lines, "", ""]).encode()


class Ending(NamedTuple):
    """How a connection ended, by the server's word."""

    code: int = ABORTED
    reason: str = ""


class RawSocket(asyncio.Protocol):
    """One connection, which a context manager ends. Pings are answered as long as it reads."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport
        self.status: int | None = None
        """The handshake's HTTP status."""
        self.ending: Ending | None = None
        self.received = 0
        """Bytes so far."""
        self._buffer = bytearray()
        self._frames: list[bytes] = []
        self._messages: list[dict[str, Any]] = []
        self._said: Ending | None = None
        self._news = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()

    # Asked for by the caller.

    async def opened(self) -> bool:
        """Wait for the server's answer to the handshake; whether it is 101."""
        while self.status is None and self.ending is None:
            await self._wait()
        return self.status == 101

    async def frame(self) -> bytes | None:
        """The next payload; None once the connection has ended."""
        while not self._frames:
            if self.ending is not None:
                return None
            await self._wait()
        return self._frames.pop(0)

    async def message(self) -> dict[str, Any]:
        """The next message, batches taken apart. Raises ConnectionError once it has ended."""
        while not self._messages:
            payload = await self.frame()
            if payload is None:
                raise ConnectionError(f"closed: {self.ending}")
            self._messages = messages([payload])
        return self._messages.pop(0)

    async def ended(self) -> Ending:
        """Wait for the end, whatever comes before it."""
        while self.ending is None:
            await self._wait()
        return self.ending

    def send(self, payload: bytes, head: int = TEXT) -> None:
        self.transport.write(masked(payload, head))

    async def drained(self) -> None:
        """Wait until most of what was written is in the kernel's hands."""
        await self._writable.wait()

    def stall(self) -> None:
        """Read nothing more, until `resume`."""
        self.transport.pause_reading()

    def resume(self) -> None:
        self.transport.resume_reading()

    def close(self) -> None:
        """End without a word."""
        self.transport.close()

    def reset(self) -> None:
        """End with a TCP reset."""
        if self.ending is None:
            link = self.transport.get_extra_info("socket")
            link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self.transport.abort()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.reset()
        await self.ended()

    async def _wait(self) -> None:
        self._news.clear()
        await self._news.wait()

    # Called by the event loop.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def data_received(self, data: bytes) -> None:
        self.received += len(data)
        self._buffer += data
        if self.status is None:
            head, end, rest = self._buffer.partition(b"\r\n\r\n")
            if not end:
                return
            self.status = int(head.split(b" ", 2)[1])
            self._buffer = rest if self.status == 101 else bytearray()
        while (found := _first_frame(self._buffer)) is not None:
            opcode, payload, length = found
            del self._buffer[:length]
            self._take(opcode, payload)
        self._news.set()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self.ending = self._said or Ending()
        self._news.set()
        self._writable.set()

    def _take(self, head: int, payload: bytes) -> None:
        if head == PING:
            self.send(payload, PONG)
        elif head == CLOSE:
            code = int.from_bytes(payload[:2], "big") if payload else 1005
            self._said = Ending(code, payload[2:].decode())
            self.send(payload[:2], CLOSE)
        elif head in (TEXT, BINARY):
            self._frames.append(payload)


def _first_frame(data: bytearray) -> tuple[int, bytes, int] | None:
    """Its first byte, payload and length in all; None where it has not all come."""
    if len(data) < 2:
        return None
    size, at = data[1], 2
    if size == 126:
        size, at = int.from_bytes(data[2:4], "big"), 4
    elif size == 127:
        size, at = int.from_bytes(data[2:10], "big"), 10
    if len(data) < at + size:
        return None
    return data[0], bytes(data[at : at + size]), at + size


async def connect(url: str, *, receive_buffer: int | None = None) -> RawSocket:
    """A connection on which nothing has been said yet.

    `receive_buffer` (bytes) bounds what the kernel takes for a reader that stalls.
    """
    loop = asyncio.get_running_loop()
    parts = urlsplit(url)
    link = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    link.setblocking(False)
    if receive_buffer is not None:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    try:
        await loop.sock_connect(link, (parts.hostname, parts.port))
        _, raw = await loop.create_connection(RawSocket, sock=link)
    except BaseException:
        link.close()
        raise
    return raw


async def open_raw(
    url: str,
    token: str | None,
    *,
    v1: bool = False,
    receive_buffer: int | None = None,
    headers: Sequence[str] = (),
) -> RawSocket:
    """A socket whose handshake is done. Raises ConnectionError where it was refused."""
    raw = await connect(url, receive_buffer=receive_buffer)
    raw.transport.write(handshake(url, token, v1=v1, headers=headers))
    is_open = False
    try:
        is_open = await raw.opened()
    finally:
        if not is_open:
            raw.reset()
    if not is_open:
        raise ConnectionError(f"the handshake was answered with {raw.status}")
    return raw
