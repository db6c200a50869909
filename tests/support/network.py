"""A network in virtual time: real asyncio protocols over links that do whatever real ones do.

`NetworkLoop` connects by `create_connection` and `create_server` as any loop does, so that the
`websockets` library, and all that stands on it, runs as it is. What a link does by itself comes
from its own dice, so that the same seed gives the same bytes at the same times, whatever other
links do.
"""

import asyncio
import errno
from collections.abc import Callable
from contextvars import copy_context
from random import Random
from typing import Any, Literal

from tests.support.links import FAIR, Arrival, Link
from tests.support.machines import Machine, MachineLoop

Factory = Callable[[], asyncio.BaseProtocol]


class NetworkLoop(MachineLoop):
    """A loop whose connections all lead to the one server that listens now."""

    turn = 1e-9  # a sum's last digit, and a deadline is still to come when its timer is due

    def __init__(self) -> None:
        super().__init__()
        self.network = Network(self)

    async def create_connection(  # type: ignore[override]
        self, protocol_factory: Factory, host: str, port: int, **_: Any
    ) -> tuple[asyncio.Transport, asyncio.BaseProtocol]:
        return await self.network.connect(protocol_factory, (host, port))

    async def create_server(  # type: ignore[override]
        self, protocol_factory: Factory, *_args: Any, **_: Any
    ) -> "NetworkServer":
        self.network.server = NetworkServer(self, protocol_factory)
        return self.network.server


class Network:
    """All links, and how new ones fare."""

    def __init__(self, loop: NetworkLoop) -> None:
        self.loop = loop
        self.seed: object = 0
        self.server: NetworkServer | None = None
        self.door: Literal["open", "refuses", "is silent"] = "open"
        """What becomes of those who connect, even where a server listens."""
        self.substitute: Factory | None = None
        """Somebody who answers in the server's place."""
        self.weather = FAIR
        """Of links to come."""
        self.next_cut: tuple[int, int, float | None] | None = None
        """Of the next link: which pipe is cut (0: to the server), after how many bytes, and for
        how many seconds it only stalls; None: for good."""
        self.links: list[Link] = []
        """All there ever were."""
        self.on_attempt: Callable[[Machine | None], None] = lambda _: None
        self.on_arrival: Arrival = lambda *_: None
        self._attempts = 0

    async def connect(
        self, factory: Factory, address: tuple[str, int]
    ) -> tuple[asyncio.Transport, asyncio.BaseProtocol]:
        self._attempts += 1
        dice = Random(f"{self.seed}/link/{self._attempts}")
        weather = self.weather
        self.on_attempt(Machine.present())
        await asyncio.sleep(2 * weather.latency + weather.jitter * dice.random())
        if self.door == "is silent":
            await self.loop.create_future()
        server = self.server
        if self.door == "refuses" or server is None or not server.is_serving():
            raise ConnectionRefusedError(errno.ECONNREFUSED, "refused")
        number = len(self.links) + 1
        link = Link(self.loop, number, server, weather, dice, address, self.on_arrival)
        self.links.append(link)
        if self.next_cut is not None:
            number, size, stall = self.next_cut
            link.pipes[number].cut_after, link.pipes[number].stall = size, stall
            self.next_cut = None
        protocol = factory()
        link.client.begin(protocol)
        self.loop.call_soon(self._accept, link, self.substitute, context=server.context)
        return link.client, protocol

    def _accept(self, link: "Link", substitute: Factory | None) -> None:
        if link.server.is_lost:
            return
        if substitute is not None:
            link.server.begin(substitute())
        elif link.listener.is_serving():
            link.listener.attach()
            link.server.is_attached = True
            link.server.begin(link.listener.factory())
        else:
            link.cut()

    def links_of(self, machine: Machine) -> "list[Link]":
        """Those that are up, the newest last."""
        return [one for one in self.links if one.machine is machine and not one.is_over]


class NetworkServer(asyncio.AbstractServer):
    """What `create_server` gives; it has no sockets."""

    sockets = ()

    def __init__(self, loop: NetworkLoop, factory: Factory) -> None:
        self.factory = factory
        self.context = copy_context()
        self._loop = loop
        self._is_serving = True
        self._count = 0
        self._closed = loop.create_future()

    def attach(self) -> None:
        self._count += 1

    def detach(self) -> None:
        self._count -= 1
        self._check()

    def close(self) -> None:
        self._is_serving = False
        self._check()

    def is_serving(self) -> bool:
        return self._is_serving

    def get_loop(self) -> asyncio.AbstractEventLoop:
        return self._loop

    async def start_serving(self) -> None:
        """It serves from the beginning."""

    async def serve_forever(self) -> None:
        await self.wait_closed()

    async def wait_closed(self) -> None:
        await asyncio.shield(self._closed)

    def _check(self) -> None:
        if not (self._is_serving or self._count or self._closed.done()):
            self._closed.set_result(None)
