"""A scripted server for the client's tests: plain or v1, as well behaved as a test wants it.

It speaks over real sockets on 127.0.0.1. What it can do by itself (say `connect`, confirm
subscriptions, answer pings, acknowledge) is switched on and off by its attributes; the rest a test
does by hand, on the `Line` of each connection.
"""

import asyncio
import json
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from tests.support.ports import free_port

V1 = Subprotocol("autosdlc.v1")
CONTROL = {"ping", "subscribe", "unsubscribe", "auth_request"}

JsonObject = dict[str, Any]


class Line:
    """One connection, as the server sees it."""

    def __init__(self, websocket: ServerConnection, peer: "Peer") -> None:
        self._websocket = websocket
        self._peer = peer
        self._news = asyncio.Condition()
        self.received: list[JsonObject] = []
        """Every message so far, the members of batches one by one."""
        self.frames: list[Any] = []
        """The same, as they came."""
        request = websocket.request
        assert request is not None
        self.authorization = request.headers.get("Authorization")
        self.path = request.path

    async def send(self, *messages: JsonObject) -> None:
        """Each message in a frame of its own."""
        for message in messages:
            await self._websocket.send(json.dumps(message))

    async def send_raw(self, frame: str | bytes) -> None:
        await self._websocket.send(frame)

    def send_at_once(self, *messages: JsonObject) -> None:
        """All frames in one piece, as a client finds them that was away for a moment."""
        payloads = [json.dumps(message).encode() for message in messages]
        frames = [b"\x81\x7e" + len(p).to_bytes(2, "big") + p for p in payloads]
        self._websocket.transport.write(b"".join(frames))

    async def close(self, code: int = 1000, reason: str = "") -> None:
        await self._websocket.close(code, reason)

    def reset(self) -> None:
        """Drop the connection with a TCP reset."""
        raw: socket.socket = self._websocket.transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._websocket.transport.abort()

    async def ended(self) -> None:
        await self._websocket.wait_closed()

    def of_type(self, type_: str) -> list[JsonObject]:
        return [m for m in self.received if m.get("type") == type_]

    def events(self) -> list[JsonObject]:
        return [m for m in self.received if m.get("type") not in CONTROL]

    async def until(self, condition: Callable[["Line"], bool]) -> None:
        async with self._news:
            await self._news.wait_for(lambda: condition(self))

    async def take(self, type_: str, count: int = 1) -> list[JsonObject]:
        """Wait until `count` messages of a type have come, and return them."""
        await self.until(lambda line: len(line.of_type(type_)) >= count)
        return self.of_type(type_)

    async def run(self) -> None:
        if self._peer.says_connect:
            await self.send(self._peer.hello())
        try:
            async for frame in self._websocket:
                content = json.loads(frame)
                members = content if isinstance(content, list) else [content]
                self.frames.append(content)
                for message in members:
                    self.received.append(message)
                    await self._peer.answer(self, message)
                async with self._news:
                    self._news.notify_all()
        except ConnectionClosed:
            pass


class Peer:
    def __init__(self, *, v1: bool = False) -> None:
        self.v1 = v1
        self.selects_subprotocol = v1
        self.says_connect = True
        self.confirms = True
        self.pongs = True
        self.acknowledges = v1
        self.token: str | None = None
        self.refuse_with: HTTPStatus | None = None
        self.closes_with: tuple[int, str] | None = None
        self.positions: JsonObject = {}
        self.lines: list[Line] = []
        self.handshakes = 0
        self.port = free_port()
        self._server: Server | None = None
        self._changed = asyncio.Condition()

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ws"

    async def start(self) -> None:
        """Listen; after `stop` on the same port again."""
        self._server = await serve(
            self._serve,
            "127.0.0.1",
            self.port,
            subprotocols=[V1] if self.selects_subprotocol else None,
            process_request=self._check,
            compression=None,
            ping_interval=None,
            close_timeout=0.5,
        )

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close(code=1012)
            await self._server.wait_closed()
            self._server = None

    async def line(self, number: int = 1) -> Line:
        """The connection of that number, once it is there; the first is 1."""
        async with self._changed:
            await self._changed.wait_for(lambda: len(self.lines) >= number)
        return self.lines[number - 1]

    async def shaken(self, count: int) -> None:
        """Wait until `count` handshakes were begun."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.handshakes >= count)

    def hello(self) -> JsonObject:
        data: JsonObject = {"clientId": "c-1"}
        if self.v1:
            data |= {"protocol": 1, "limits": {"maxMessageBytes": 65_536}}
        return {"id": "hello", "type": "connect", "timestamp": 1, "data": data}

    async def answer(self, line: Line, message: JsonObject) -> None:
        """What a well-behaved server says to `message`, as far as it is switched on."""
        kind = message["type"]
        if kind == "ping" and self.pongs:
            await line.send({"type": "pong", "timestamp": 2, "data": {"timestamp": 2}})
        elif kind == "subscribe" and self.confirms:
            data = message["data"]
            asked = data.get("subscriptions") or [data]
            ids = [s["subscriptionId"] for s in asked]
            answer = {"subscriptionIds": ids, "status": "active", "positions": self.positions}
            await line.send({"type": "subscription_update", "data": answer})
        elif kind not in CONTROL and self.acknowledges:
            await line.send({"type": "publish_ack", "data": {"ids": [message["id"]]}})

    async def _check(self, _: ServerConnection, request: Request) -> Response | None:
        async with self._changed:
            self.handshakes += 1
            self._changed.notify_all()
        status = self.refuse_with
        if self.token and request.headers.get("Authorization") != f"Bearer {self.token}":
            status = HTTPStatus.UNAUTHORIZED
        if status is None:
            return None
        return Response(status.value, status.phrase, Headers({"Content-Length": "0"}))

    async def _serve(self, websocket: ServerConnection) -> None:
        if self.closes_with is not None:
            await websocket.close(*self.closes_with)
            return
        line = Line(websocket, self)
        async with self._changed:
            self.lines.append(line)
            self._changed.notify_all()
        await line.run()


@asynccontextmanager
async def serving(peer: Peer) -> AsyncIterator[Peer]:
    await peer.start()
    try:
        yield peer
    finally:
        await peer.stop()
