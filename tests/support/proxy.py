"""A TCP relay that does to connections what networks do, and worse.

What it does to one connection is said on its `Link`, or on one of its directions; what becomes of
the next ones, on the `Proxy`.
"""

import asyncio
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import Self

_RESET = struct.pack("ii", 1, 0)
BUFFER = 64 * 1024
"""What is taken from a side that is held up, here and in the kernel: some more than this."""
LONGEST = 0.02
"""Seconds between two writes of what is throttled."""


class Flow:
    """One direction of a link. What is set takes effect with the next bytes."""

    def __init__(
        self, source: asyncio.StreamReader, to: asyncio.StreamWriter, reset: Callable[[], None]
    ) -> None:
        self._source = source
        self._to = to
        self._reset = reset
        self._room: int | None = None
        self._flows = asyncio.Event()
        self._flows.set()
        self.vanishes = False
        """Whether bytes, and the end too, are swallowed, while the connection stays open."""
        self.rate: float | None = None
        """Bytes a second at the most."""
        self.piece: Callable[[], int] | None = None
        """How many bytes the next write has."""
        to.transport.set_write_buffer_limits(0)  # so that what was passed on has left

    def cut(self, after: int) -> None:
        """Reset the link once so many more bytes have come this way."""
        self._room = after
        if after <= 0:
            self._reset()

    def stall(self) -> None:
        """Take nothing more, until `resume`."""
        self._flows.clear()

    def resume(self) -> None:
        self._flows.set()

    def finish(self) -> None:
        """Send FIN; what comes behind it is lost."""
        if not self.vanishes and not self._to.is_closing():
            self._to.write_eof()
        self.vanishes = True

    async def copy(self) -> None:
        """Pass bytes on until the source ends."""
        try:
            while data := await self._source.read(BUFFER):
                while data:
                    await self._flows.wait()
                    size = self.piece() if self.piece else len(data)
                    if self.rate:
                        size = min(size, max(1, int(self.rate * LONGEST)))
                    await self._pass(data[:size])
                    data = data[size:]
            self.finish()
        except OSError:
            self._reset()

    async def _pass(self, piece: bytes) -> None:
        if self._room is not None:
            piece = piece[: self._room]
            self._room -= len(piece)
        if not self.vanishes:
            self._to.write(piece)
            await self._to.drain()
        if self._room == 0:
            self._reset()
        # Without its turn of the loop a reader in the same one would find the pieces joined.
        await asyncio.sleep(len(piece) / self.rate if self.rate else 0)


class Link:
    """One connection through the relay."""

    def __init__(
        self,
        client: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        server: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        self._writers = client[1], server[1]
        self.to_client = Flow(server[0], client[1], self.reset)
        self.to_server = Flow(client[0], server[1], self.reset)
        self.flows = self.to_client, self.to_server

    def reset(self) -> None:
        """Send RST to both sides."""
        for writer in self._writers:
            if not writer.transport.is_closing():
                link = writer.get_extra_info("socket")
                link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                writer.transport.abort()

    async def run(self) -> None:
        """Until both sides have ended."""
        try:
            await asyncio.gather(*(flow.copy() for flow in self.flows))
        finally:
            for writer in self._writers:
                writer.close()
                with suppress(OSError):
                    await writer.wait_closed()


class Proxy:
    """Relays connections to `host:port`; a context manager."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._held: socket.socket | None = None
        self._server: asyncio.Server | None = None
        self._relaying: set[asyncio.Task[None]] = set()
        self.port = 0
        self.links: list[Link] = []
        """Those that are open, the oldest first."""
        self.accepted_at: list[float] = []
        """When connections came (the loop's time)."""
        self.turns_away = False
        """Whether connections are accepted only to be closed."""
        self.on_link: Callable[[Link], None] = lambda _: None
        """Called with each new link, before its first byte."""

    async def __aenter__(self) -> Self:
        # This one never listens: it keeps the port ours while nobody does.
        self._held = _bound(0)
        self.port = self._held.getsockname()[1]
        await self.listen()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.refuse()
        if self._held is not None:
            self._held.close()
        for link in self.links:
            for flow in link.flows:
                flow.resume()
            link.reset()
        for task in self._relaying:
            task.cancel()
        await asyncio.gather(*self._relaying, return_exceptions=True)

    async def listen(self) -> None:
        self._server = await asyncio.start_server(
            self._accept, sock=_bound(self.port), limit=BUFFER
        )

    def refuse(self) -> None:
        """Stop to listen, until `listen`; the links there are stay."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def reset(self) -> None:
        """Reset all links."""
        for link in self.links:
            link.reset()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        self.accepted_at.append(loop.time())
        if self.turns_away:
            writer.close()
            return
        task = loop.create_task(self._relay(reader, writer))
        self._relaying.add(task)
        task.add_done_callback(self._relaying.discard)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        outward = socket.socket()
        outward.setblocking(False)
        outward.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        try:
            await asyncio.get_running_loop().sock_connect(outward, self._target)
            server = await asyncio.open_connection(sock=outward, limit=BUFFER)
        except BaseException as error:
            outward.close()
            writer.transport.abort()
            if isinstance(error, OSError):
                return
            raise
        link = Link((reader, writer), server)
        self.links.append(link)
        try:
            self.on_link(link)
            await link.run()
        finally:
            self.links.remove(link)


def _bound(port: int) -> socket.socket:
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    one.bind(("127.0.0.1", port))
    return one
