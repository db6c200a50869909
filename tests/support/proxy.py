"""A TCP relay that does to a connection what networks do: cut it anywhere, or hold it up."""

import asyncio
import socket
import struct
from contextlib import suppress
from typing import Self

_RESET = struct.pack("ii", 1, 0)
BUFFER = 64 * 1024
"""What is taken from a server that is held up, here and in the kernel: some more than this."""


class Link:
    """One connection through the relay."""

    def __init__(self, *sides: asyncio.StreamWriter) -> None:
        self._sides = sides
        self._room: int | None = None
        self._flows = asyncio.Event()
        self._flows.set()

    def cut(self, after: int) -> None:
        """Reset both sides once so many more bytes have come from the server."""
        self._room = after
        if after <= 0:
            self.reset()

    def stall(self) -> None:
        """Take nothing more from the server, until `resume`."""
        self._flows.clear()

    def resume(self) -> None:
        self._flows.set()

    def reset(self) -> None:
        for side in self._sides:
            if not side.transport.is_closing():
                link = side.get_extra_info("socket")
                link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                side.transport.abort()

    async def copy(
        self, source: asyncio.StreamReader, to: asyncio.StreamWriter, *, from_server: bool
    ) -> None:
        with suppress(OSError):
            while True:
                if from_server:
                    await self._flows.wait()
                if not (data := await source.read(BUFFER)):
                    break
                if from_server and self._room is not None:
                    data = data[: self._room]
                    self._room -= len(data)
                to.write(data)
                await to.drain()
                if self._room is not None and self._room <= 0:
                    self.reset()
        to.close()


class Proxy:
    """Relays connections to `host:port`; a context manager."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._server: asyncio.Server | None = None
        self.links: list[Link] = []
        """Those that are open."""
        self.port = 0
        self._relaying: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=BUFFER)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for link in self.links:
            link.resume()
            link.reset()
        await asyncio.gather(*self._relaying, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._relay(reader, writer))
        self._relaying.add(task)
        task.add_done_callback(self._relaying.discard)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        outward = socket.socket()
        outward.setblocking(False)
        outward.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        try:
            await asyncio.get_running_loop().sock_connect(outward, self._target)
            from_server, to_server = await asyncio.open_connection(sock=outward, limit=BUFFER)
        except OSError:
            outward.close()
            writer.transport.abort()
            return
        link = Link(writer, to_server)
        self.links.append(link)
        try:
            await asyncio.gather(
                link.copy(from_server, writer, from_server=True),
                link.copy(reader, to_server, from_server=False),
            )
        finally:
            self.links.remove(link)
