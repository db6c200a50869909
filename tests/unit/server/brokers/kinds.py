"""Every kind of broker, each opened on a place of its own, and what is said to them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Protocol

from tests.support.clock import Clock
from tests.support.frames import draft
from tui.protocol.catalog import RESOURCES
from tui.server.brokers import Broker, Outcome, Stored
from tui.server.brokers.journal import JournalBroker
from tui.server.brokers.memory import MemoryBroker
from tui.server.brokers.stream import RING_BYTES
from tui.server.limits.sizes import DEFAULTS, Limits

WHOLE = 10**9
"""As a page's limit: all there is."""


class Times:
    """The two clocks of a broker; `wall` is what somebody may set."""

    def __init__(self) -> None:
        self.wall = Clock()
        self.steady = Clock()

    def go_on(self, seconds: float) -> None:
        self.wall.now += seconds
        self.steady.now += seconds


class Kind(Protocol):
    """Opens brokers of one kind, one after the other, on the same place."""

    def open(
        self, *, ring_bytes: int = RING_BYTES, limits: Limits = DEFAULTS
    ) -> AbstractAsyncContextManager[Broker]: ...


class Memory:
    def __init__(self, place: Path, times: Times) -> None:
        del place
        self._times = times

    @asynccontextmanager
    async def open(
        self, *, ring_bytes: int = RING_BYTES, limits: Limits = DEFAULTS
    ) -> AsyncIterator[Broker]:
        yield MemoryBroker(
            ring_bytes=ring_bytes,
            limits=limits,
            clock=self._times.wall,
            steady=self._times.steady,
        )


class Journal:
    def __init__(self, place: Path, times: Times) -> None:
        self._path = place / "journal.db"
        self._times = times

    @asynccontextmanager
    async def open(
        self, *, ring_bytes: int = RING_BYTES, limits: Limits = DEFAULTS
    ) -> AsyncIterator[Broker]:
        async with JournalBroker(
            self._path,
            ring_bytes=ring_bytes,
            limits=limits,
            clock=self._times.wall,
            steady=self._times.steady,
        ) as broker:
            yield broker


class Delivered(list[Stored]):
    """What a broker delivers from now on."""

    def __init__(self, broker: Broker) -> None:
        super().__init__()
        broker.deliver = self.extend


async def publish(broker: Broker, *raws: bytes) -> list[Outcome]:
    """One call, and what became of it."""
    answered: asyncio.Future[Sequence[Outcome]] = asyncio.get_running_loop().create_future()
    broker.publish([draft(raw) for raw in raws], answered.set_result)
    return list(await answered)


async def whole(broker: Broker, resource: str = "agent", after: int = 0) -> list[Stored]:
    """Everything after an offset, read a few events at a time."""
    found: list[Stored] = []
    while (found[-1].offset if found else after) < broker.position(resource).offset:
        page = await broker.read(resource, found[-1].offset if found else after, 1000)
        assert page.first <= (found[-1].offset if found else after) + 1
        assert page.events
        found += page.events
    return found


def positions(broker: Broker) -> dict[str, tuple[str, int]]:
    return {resource: broker.position(resource) for resource in RESOURCES}
