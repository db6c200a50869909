"""A gateway without sockets, its clients, and what they hear of it; all of it in virtual time."""

import asyncio
from collections import deque
from typing import Any

from tests.support.frames import TOKEN, draft, frame, messages
from tests.support.websocket import WholeMessage, first_message
from tui.server.auth import EVERYTHING, Access, ApiKey, Authority
from tui.server.brokers import Broker, Outcome
from tui.server.brokers.memory import MemoryBroker
from tui.server.connection import Connection
from tui.server.gateway import Gateway
from tui.server.wire import STALL_SECONDS

HIGH_WATER = 64 * 1024
"""Bytes that wait in a socket before it takes no more; asyncio's own figure."""
QUIET_SECONDS = 0.05
Ending = tuple[int, str]
"""The code and the reason of a close."""
LOST = (1006, "")
"""The ending that nobody announced."""


class Peer:
    """A socket in memory with the client at its end, who reads at once while `is_reading`."""

    def __init__(self, high_water: int = HIGH_WATER) -> None:
        self.writable = True
        self.is_reading = True
        self.most = 0
        """The most that ever waited for the client, bytes."""
        self.frames: list[WholeMessage] = []
        """What the client has read."""
        self.ended: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        self.connection: Connection
        self._high_water = high_water
        self._waiting = bytearray()
        self._half_read = bytearray()
        self._goodbye: Ending | None = None
        self._is_drained = asyncio.Event()
        self._seen, self._seen_at = 0, 0.0

    # The client's end.

    def read(self, size: int | None = None) -> None:
        """Take so many bytes, or all."""
        taken = self._waiting[:size]
        del self._waiting[: len(taken)]
        self._half_read += taken
        while first := first_message(self._half_read):
            self.frames.append(first[0])
            del self._half_read[: first[1]]
        if not self._waiting and self._goodbye is not None:
            self._end(self._goodbye)
        elif not self.writable and len(self._waiting) <= self._high_water // 4:
            self._resume_writing()

    def stop_reading(self) -> None:
        self.is_reading = False

    def go_on_reading(self) -> None:
        self.is_reading = True
        while self._waiting:
            self.read()

    def vanish(self) -> None:
        """The connection is lost, with all that was not read."""
        self._end(LOST)

    # The server's end.

    def write(self, data: bytes) -> None:
        assert self.writable, "the server writes to a socket that takes no more"
        self._waiting += data
        self.most = max(self.most, len(self._waiting))
        if self.is_reading:
            self.read()
        if len(self._waiting) > self._high_water:
            self.writable = False
            self._is_drained.clear()

    async def drained(self) -> None:
        while not self.writable:
            await self._is_drained.wait()

    def stalled(self, now: float) -> bool:
        if not self._waiting or len(self._waiting) != self._seen:
            self._seen, self._seen_at = len(self._waiting), now
        return now - self._seen_at > STALL_SECONDS

    async def leave(self, code: int, reason: str) -> None:
        await self.hang_up(code, reason)

    async def hang_up(self, code: int, reason: str) -> None:
        self._shut()
        self._goodbye = (int(code), reason)
        if not self._waiting:
            self._end(self._goodbye)
        await asyncio.shield(self.ended)

    def abort(self) -> None:
        self._end(LOST)

    def _resume_writing(self) -> None:
        if self._goodbye is None and not self.ended.done():
            self.writable = True
            self._is_drained.set()
            self.connection.written()

    def _shut(self) -> None:
        self.writable = False
        self._is_drained.clear()

    def _end(self, ending: Ending) -> None:
        self._shut()
        self._waiting.clear()
        if not self.ended.done():
            self.ended.set_result(ending)


class Client:
    """One connection: what it says, and what it hears."""

    def __init__(self, gateway: Gateway, peer: Peer, connection: Connection) -> None:
        self.peer = peer
        self.connection = connection
        self._gateway = gateway
        self._said: deque[bytes] = deque()
        self._saying: asyncio.Task[None] | None = None
        peer.connection = connection
        peer.ended.add_done_callback(self._lost)

    def say(self, type_: str, id_: str | None = None, **data: Any) -> None:
        self.send(frame(type_, data, id_))

    def send(self, *frames: bytes) -> None:
        """Frames that arrive together."""
        if self.peer.ended.done():
            return
        for one in frames:
            if self._saying is None and self.connection.is_ready:
                self.connection.receive(one)
            else:
                self._said.append(one)
                if self._saying is None:
                    self._saying = asyncio.get_running_loop().create_task(self._say())
        self.connection.pause()

    async def heard(self) -> list[dict[str, Any]]:
        """What it has heard since it was asked last, once all is quiet."""
        await quiet()
        return self.take()

    def take(self) -> list[dict[str, Any]]:
        """What it has heard since it was asked last."""
        frames, self.peer.frames = self.peer.frames, []
        return messages([one.plain for one in frames])

    @property
    def ending(self) -> Ending | None:
        """How the connection ended; None while it is open."""
        return self.peer.ended.result() if self.peer.ended.done() else None

    async def _say(self) -> None:
        """Wait with what the connection is not ready for."""
        while self._said:
            await self.connection.ready()
            self.connection.receive(self._said.popleft())
            self.connection.pause()
            await asyncio.sleep(0)
        self._saying = None

    def _lost(self, _: object) -> None:
        """As the listener does: the connection is let go once nothing it said is waiting."""
        self.connection.lost()
        if self._saying is None:
            self._gateway.disconnect(self.connection)
        else:
            self._saying.add_done_callback(lambda _: self._gateway.disconnect(self.connection))


class Server:
    """A gateway on a memory broker."""

    def __init__(
        self,
        ring_bytes: int = 10**7,
        broker: Broker | None = None,
        authority: Authority | None = None,
    ) -> None:
        loop = asyncio.get_running_loop()
        self.now = 1_700_000_000.0
        self.broker: Broker = broker or MemoryBroker(
            clock=lambda: self.now, steady=loop.time, ring_bytes=ring_bytes
        )
        self.gateway = Gateway(
            self.broker, authority or ApiKey(TOKEN), loop=loop, clock=lambda: self.now
        )

    def connect(
        self,
        *,
        v1: bool = True,
        gzip: bool = False,
        access: Access | None = EVERYTHING,
        high_water: int = HIGH_WATER,
    ) -> Client:
        peer = Peer(high_water)
        connection = self.gateway.connect(access, peer, v1=v1, gzip=gzip)
        return Client(self.gateway, peer, connection)

    async def welcome(self, *, v1: bool = True, gzip: bool = False) -> Client:
        """A client that has been greeted already."""
        client = self.connect(v1=v1, gzip=gzip)
        client.connection.open()
        await client.heard()
        return client

    def publish(self, *events: bytes) -> list[Outcome]:
        """Events of nobody's connection; what the broker answered at once."""
        outcomes: list[Outcome] = []
        self.broker.publish([draft(one) for one in events], outcomes.extend)
        return outcomes

    def epoch(self, resource: str) -> str:
        return self.broker.position(resource).epoch


async def quiet() -> None:
    """Wait until nobody has anything to do but wait for a time to come."""
    await asyncio.sleep(QUIET_SECONDS)


def brief(message: dict[str, Any]) -> object:
    """A message's gist: an event's id, or an update's status and what is in it."""
    data = message["data"]
    if message["type"] == "subscription_update":
        if data["status"] == "snapshot":
            return ("snapshot", data["offset"], [one["id"] for one in data["state"]])
        if data["status"] == "gap":
            return ("gap", data.get("lost"))
        return data["status"]
    return message["id"] if message["type"].startswith("agent") else message["type"]
