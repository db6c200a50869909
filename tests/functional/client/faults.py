"""What a seed may choose to go wrong between clients and a server, and until when."""

from collections.abc import Awaitable, Callable
from random import Random

from tests.support.proxy import Flow, Link, Proxy

Wait = Callable[[int], Awaitable[None]]
Fault = Callable[[], Awaitable[None]]
"""It is over when it returns."""


class Faults:
    """`lost` waits for so many connections to be lost; `noticed` for one, or so many events."""

    def __init__(self, proxy: Proxy, randomness: Random, lost: Wait, noticed: Wait) -> None:
        self._proxy = proxy
        self._random = randomness
        self._lost = lost
        self._noticed = noticed

    def choose(self) -> tuple[Fault, str]:
        """The next, and what it is called."""
        faults = (
            self._reset, self._finish, self._cut, self._blackhole, self._stall, self._throttle,
            self._split, self._turn_away, self._refuse, self._cut_newcomers,
        )  # fmt: skip
        return self._random.choice(faults)()

    def _links(self) -> Callable[[], list[Link]]:
        """One or all of those there are by then."""
        which = self._random.choice((0.0, 0.4, 0.7, None))

        def pick() -> list[Link]:
            links = list(self._proxy.links)
            return links if which is None or not links else [links[int(which * len(links))]]

        return pick

    def _flows(self) -> tuple[Callable[[], list[Flow]], str]:
        """One direction or both, of one link or of all."""
        links, which = self._links(), self._random.choice(("to client", "to server", "both"))

        def pick() -> list[Flow]:
            to_client = [link.to_client for link in links()] if which != "to server" else []
            to_server = [link.to_server for link in links()] if which != "to client" else []
            return to_client + to_server

        return pick, which

    def _reset(self) -> tuple[Fault, str]:
        links = self._links()

        async def fault() -> None:
            for link in links():
                link.reset()
            await self._noticed(50)

        return fault, "RST"

    def _finish(self) -> tuple[Fault, str]:
        flows, which = self._flows()

        async def fault() -> None:
            for flow in flows():
                flow.finish()
            await self._noticed(50)

        return fault, f"FIN {which}"

    def _cut(self) -> tuple[Fault, str]:
        flows, which = self._flows()
        after = self._random.randrange(1, 1000)

        async def fault() -> None:
            for flow in flows():
                flow.cut(after)
            await self._noticed(50)

        return fault, f"cut {which} after {after} bytes"

    def _blackhole(self) -> tuple[Fault, str]:
        flows, which = self._flows()

        async def fault() -> None:
            swallowing = flows()
            for flow in swallowing:
                flow.vanishes = True
            await self._noticed(100)
            for flow in swallowing:
                flow.cut(0)  # what has swallowed something cannot be mended

        return fault, f"blackhole {which}"

    def _stall(self) -> tuple[Fault, str]:
        flows, which = self._flows()

        async def fault() -> None:
            stalled = flows()
            for flow in stalled:
                flow.stall()
            await self._noticed(100)
            for flow in stalled:
                flow.resume()

        return fault, f"stall {which}"

    def _throttle(self) -> tuple[Fault, str]:
        flows, which = self._flows()
        rate = self._random.choice((20e3, 100e3, 500e3))

        async def fault() -> None:
            slow = flows()
            for flow in slow:
                flow.rate = rate
            await self._noticed(50)
            for flow in slow:
                flow.rate = None

        return fault, f"throttle {which} to {rate:g} bytes/s"

    def _split(self) -> tuple[Fault, str]:
        flows, which = self._flows()
        most, sizes = self._random.choice((1, 10, 100)), Random(self._random.random())

        async def fault() -> None:
            split = flows()
            for flow in split:
                flow.piece = lambda: sizes.randint(1, most)
            await self._noticed(50)
            for flow in split:
                flow.piece = None

        return fault, f"split {which} into pieces of at most {most}"

    def _turn_away(self) -> tuple[Fault, str]:
        tries = self._random.randrange(1, 9)

        async def fault() -> None:
            self._proxy.turns_away = True
            self._proxy.reset()
            await self._lost(3 + tries)
            self._proxy.turns_away = False

        return fault, f"accept, then close, {tries} times"

    def _refuse(self) -> tuple[Fault, str]:
        tries = self._random.randrange(1, 9)

        async def fault() -> None:
            self._proxy.refuse()
            self._proxy.reset()
            await self._lost(3 + tries)
            await self._proxy.listen()

        return fault, f"refuse {tries} times"

    def _cut_newcomers(self) -> tuple[Fault, str]:
        tries, sizes = self._random.randrange(1, 6), Random(self._random.random())

        async def fault() -> None:
            self._proxy.on_link = lambda link: link.to_client.cut(sizes.randrange(1, 1500))
            self._proxy.reset()
            await self._lost(3 + tries)
            self._proxy.on_link = lambda _: None

        return fault, f"cut newcomers {tries} times"
