"""A WebSocket client that says and shows everything as it is, written without our own client."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as open_socket
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

from tests.support.frames import TOKEN, frame, messages

BEARER = {"Authorization": f"Bearer {TOKEN}"}


class Peer:
    """One connection; batches are read a message at a time."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self._waiting: list[dict[str, Any]] = []

    async def say(self, type_: str, id_: str | None = None, **data: Any) -> None:
        await self.send(frame(type_, data, id_))

    async def send(self, raw: bytes) -> None:
        await self.socket.send(raw, text=True)

    async def hear(self) -> dict[str, Any]:
        while not self._waiting:
            self._waiting = messages([await self.socket.recv(decode=False)])
        return self._waiting.pop(0)

    async def hear_until(self, type_: str) -> list[dict[str, Any]]:
        """Everything up to a message of that type, which is the last."""
        heard = [await self.hear()]
        while heard[-1]["type"] != type_:
            heard.append(await self.hear())
        return heard

    async def closed(self) -> tuple[int | None, str | None]:
        """The close code and reason, once the server has closed."""
        with suppress(ConnectionClosed):
            while True:
                await self.socket.recv()
        return self.socket.close_code, self.socket.close_reason


@asynccontextmanager
async def peer(
    url: str,
    headers: dict[str, str] | None = None,
    *,
    v1: bool = False,
    subprotocols: Sequence[str] = (),
    origin: str | None = None,
    token: bool = True,
) -> AsyncIterator[Peer]:
    """A client that shows its token in the handshake, unless told otherwise."""
    offered = [Subprotocol(one) for one in (*subprotocols, *(["autosdlc.v1"] if v1 else []))]
    async with open_socket(
        url,
        additional_headers=(BEARER if token else {}) | (headers or {}),
        subprotocols=offered or None,
        origin=Origin(origin) if origin else None,
        compression=None,
        proxy=None,
        close_timeout=1,
    ) as socket:
        yield Peer(socket)
