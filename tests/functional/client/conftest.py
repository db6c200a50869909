import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from tests.functional.client.peer import Peer, serving
from tests.support.leaks import leaving_nothing
from tui.client import Client, ClientOptions, ConnectionStatus, Reconnect

FAST = ClientOptions(reconnect=Reconnect(delay=0.005, max_delay=0.02), close_timeout=0.5)
"""The same client, without the wait between two tries."""

BUSY = {"agentId": "coder-001", "agentType": "coder", "status": "busy"}


def busy(id_: str, **metadata: Any) -> dict[str, Any]:
    """An `agent_status` as it stands on the wire."""
    event = {"id": id_, "type": "agent_status", "timestamp": 1, "data": BUSY}
    return event | ({"metadata": metadata} if metadata else {})


class Seen:
    """What a client's handlers got, to be waited for."""

    def __init__(self) -> None:
        self.items: list[Any] = []
        self._news = asyncio.Condition()

    async def __call__(self, item: Any) -> None:
        async with self._news:
            self.items.append(item)
            self._news.notify_all()

    async def count(self, number: int) -> list[Any]:
        async with self._news:
            await self._news.wait_for(lambda: len(self.items) >= number)
        return self.items

    async def ids(self, number: int) -> list[str]:
        return [item.id for item in await self.count(number)]


async def until(client: Client, condition: Callable[[ConnectionStatus], bool]) -> ConnectionStatus:
    """Wait for a status that meets `condition`, the present one included."""
    met: asyncio.Future[ConnectionStatus] = asyncio.get_running_loop().create_future()

    def look(status: ConnectionStatus) -> None:
        if condition(status) and not met.done():
            met.set_result(status)

    end = client.on_status(look)
    look(client.status)
    try:
        return await met
    finally:
        end()


@pytest.fixture
async def plain() -> AsyncIterator[Peer]:
    async with serving(Peer()) as peer:
        yield peer


@pytest.fixture
async def v1() -> AsyncIterator[Peer]:
    async with serving(Peer(v1=True)) as peer:
        yield peer


@pytest.fixture(params=[False, True], ids=["plain", "v1"])
async def peer(request: pytest.FixtureRequest) -> AsyncIterator[Peer]:
    async with serving(Peer(v1=request.param)) as peer:
        yield peer


@pytest.fixture(autouse=True)
async def _nothing_left_behind() -> AsyncIterator[None]:
    """Every test closes what it opens; then no task, thread, file or socket is left of it."""
    async with leaving_nothing():
        yield
