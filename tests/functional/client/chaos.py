"""Clients and a real server with a proxy between them, which a seed makes go wrong.

What goes wrong, where, and in which order follows from the seed alone; when, from what the clients
have reached by then. So a schedule is replayed as far as real sockets allow.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from random import Random
from typing import Any
from urllib.parse import urlsplit

from tests.functional.client.faults import Faults
from tests.functional.client.witness import Witness, watching
from tests.support.frames import TOKEN
from tests.support.proxy import Proxy
from tui.client import Client, ClientOptions, ConnectionStatus, Gap, Heartbeat, Reconnect
from tui.protocol.routing import state_key
from tui.server.config import ServerConfig
from tui.server.embedded import EmbeddedServer

HASTY = ClientOptions(
    reconnect=Reconnect(delay=0.005, max_delay=0.02),
    heartbeat=Heartbeat(interval=0.1, timeout=0.1),
    open_timeout=0.2,
    close_timeout=0.05,
    send_timeout=0.2,
)
"""The same client, which soon has enough of a server that is silent."""
FAULTS = 10
"""In one schedule."""
AHEAD = 60
"""Events that the publisher may be ahead of the slowest reader."""
TURNS = (0, 5)
"""Of the loop, that the readers' handlers take."""


class Reader:
    """All that a client's handlers got, and what follows from it."""

    def __init__(self, client: Client, changed: Callable[[], None], turns: int) -> None:
        """Where its handler takes `turns` of the loop, events wait for it at any time."""
        self.client = client
        self.ids: list[str] = []
        self.gaps: list[Gap] = []
        self.state: dict[tuple[str, str], str] = {}
        """The id of what came last, by type and state key."""
        self.reached = 0
        """How many had been published with the newest that came."""
        self._changed = changed
        self._turns = turns
        client.on("*", self._take)
        client.on("gap", self.gaps.append)

    async def _take(self, event: Any) -> None:
        for _ in range(self._turns):
            await asyncio.sleep(0)
        self.ids.append(event.id)
        self.reached = max(self.reached, number(event.id) + 1)
        if (key := state_key(event)) is not None:
            self.state[event.type, key] = event.id
        self._changed()


class World:
    """A publisher and two readers behind the proxy."""

    def __init__(self, proxy: Proxy, witness: Witness, seed: int) -> None:
        self.published: list[str] = []
        self.schedule: list[str] = []
        """What went wrong."""
        self.losses = 0
        """Connections that ended, or were never made."""
        self._witness = witness
        self._faults = Faults(proxy, Random(seed), self._lost, self._noticed)
        self._news = asyncio.Event()
        self._finished = False
        witness.changed = self._news.set
        self.clients = [
            Client(
                f"ws://127.0.0.1:{proxy.port}/ws",
                TOKEN,
                source="chaos",
                options=HASTY,
                randomness=Random(f"{seed} {n}"),
            )
            for n in range(3)
        ]
        for client in self.clients:
            client.on_status(self._on_status)
        self.publisher, *others = self.clients
        self.readers = [
            Reader(client, self._news.set, turns)
            for client, turns in zip(others, TURNS, strict=True)
        ]

    async def run(self) -> None:
        """Start, let everything go wrong, and wait until everybody has everything."""
        for client in self.clients:
            await client.connect()
        for reader in self.readers:
            await reader.client.subscribe()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._publish())
            for _ in range(FAULTS):
                fault, what = self._faults.choose()
                self.schedule.append(f"after {len(self.published)} events: {what}")
                await fault()
                await self._recovered()
            self._finished = True
            self._news.set()
        # The last of each stream has a state, so that after a gap a snapshot has it.
        last = [await self._publish_one(type_) for type_ in LAST]
        assert await self.publisher.flush(10)
        await self._until(lambda: all(id_ in self._witness.places for id_ in last))
        await self._until(lambda: all(set(last) <= set(reader.ids) for reader in self.readers))

    async def close(self) -> None:
        await asyncio.gather(*(client.close() for client in self.clients))

    async def _publish(self) -> None:
        while not self._finished:
            await self._publish_one(TYPES[len(self.published) % len(TYPES)])
            await self._until(lambda: self._finished or not self._is_ahead)

    async def _publish_one(self, type_: str) -> str:
        id_ = f"e{len(self.published)}"
        self.published.append(id_)
        return await self.publisher.publish(type_, data(type_, number(id_)), event_id=id_)

    @property
    def _is_ahead(self) -> bool:
        return len(self.published) - self._slowest >= AHEAD

    @property
    def _slowest(self) -> int:
        return min(reader.reached for reader in self.readers)

    def _on_status(self, status: ConnectionStatus) -> None:
        self.losses += status.phase == "waiting"
        self._news.set()

    # Waiting.

    async def _until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self._news.clear()
            await self._news.wait()

    async def _recovered(self) -> None:
        """Until all are connected, and have got something."""
        at = self._slowest
        await self._until(
            lambda: self._slowest > at and all(c.status.phase == "live" for c in self.clients)
        )

    async def _lost(self, count: int) -> None:
        upto = self.losses + count
        await self._until(lambda: self.losses >= upto)

    async def _noticed(self, events: int) -> None:
        """Until somebody has lost a connection, or it has done no harm to so many events."""
        losses, upto = self.losses, self._slowest + events
        await self._until(lambda: self.losses > losses or self._slowest >= upto)


TYPES = ("agent_log", "agent_status", "agent_task_update", "tdd_phase_change", "agent_log",
         "workflow_step_complete")  # fmt: skip
LAST = ("agent_status", "tdd_phase_change", "workflow_step_complete")


def number(id_: str) -> int:
    """How many were published before."""
    return int(id_.removeprefix("e"))


def data(type_: str, n: int) -> dict[str, Any]:
    datas: dict[str, dict[str, Any]] = {
        "agent_log": {"agentId": "a", "level": "info", "message": "x" * (n % 500), "timestamp": n},
        "agent_status": {"agentId": f"a-{n % 7}", "agentType": "coder", "status": "busy"},
        "agent_task_update": {
            "agentId": f"a-{n % 5}", "taskId": f"t-{n}", "taskType": "x",
            "status": "in_progress", "progress": n % 100,
        },
        "tdd_phase_change": {
            "agentId": f"a-{n % 3}", "taskId": "t", "previousPhase": "red", "currentPhase": "green",
        },
        "workflow_step_complete": {
            "workflowId": f"w-{n % 3}", "stepId": f"s-{n % 11}", "stepType": "task",
            "result": {"n": n}, "duration": n,
        },
    }  # fmt: skip
    return datas[type_]


@asynccontextmanager
async def chaos(seed: int, history: int) -> AsyncIterator[tuple[World, Witness, str]]:
    """A world that has not begun, its witness, and the server's own address.

    `history` is how much the server keeps of each resource (bytes).
    """
    server = EmbeddedServer(
        ServerConfig(
            port=0, http_port="off", token=TOKEN, kind="embedded", announce=False,
            rate_limits="off", history_bytes=history,
        )
    )  # fmt: skip
    url = server.start().url
    try:
        async with (
            Proxy("127.0.0.1", urlsplit(url).port or 0) as proxy,
            watching(url) as witness,
        ):
            world = World(proxy, witness, seed)
            try:
                yield world, witness, url
            finally:
                await world.close()
    finally:
        await asyncio.to_thread(server.stop)
