"""How long a client that was away takes to have everything: 100 subscriptions, 10,000 events.

restore.py [--rounds N] [--events N] [--subscriptions N] [--command '… serve']

The server is a process of its own on this machine; the time runs from `connect` to the return of
the last event's handler: handshake, subscriptions, replay, validation.
"""

import argparse
import asyncio
import shlex
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.bench.measure import say
from tests.support.frames import TOKEN
from tests.support.served import COMMAND, Served
from tests.unit.protocol.samples import DATA
from tui.client import Client, Gap
from tui.protocol.codec import warm_up

TYPES = ("agent_status", "agent_log", "agent_task_update", "agent_metric")
GOAL_SECONDS = 1.0


class Reader:
    """Follows some agents, each by a subscription of its own."""

    def __init__(self, url: str) -> None:
        self.client = Client(url, TOKEN)
        self.ids: list[str] = []
        self._wanted = 0
        self._reached = asyncio.Event()
        self.client.on("*", self._take)
        self.client.on("gap", _refuse)

    def _take(self, event: Any) -> None:
        self.ids.append(event.id)
        if len(self.ids) == self._wanted:
            self._reached.set()

    async def follow(self, agents: Sequence[str]) -> None:
        for agent in agents:
            await self.client.subscribe("agent", agent)

    async def restore(self, missed: Sequence[str]) -> float:
        """Connect, and wait for all that was missed; the seconds it took."""
        self.ids.clear()
        self._reached.clear()
        self._wanted = len(missed)
        begun = time.perf_counter()
        await self.client.connect()
        await self._reached.wait()
        took = time.perf_counter() - begun
        if self.ids != missed:
            raise SystemExit("the events came in another order, or others came")
        return took


def _refuse(gap: Gap) -> None:
    raise SystemExit(f"there was a gap: {gap}")


async def publish(client: Client, agents: Sequence[str], count: int) -> list[str]:
    ids = []
    for number in range(count):
        type_ = TYPES[number // len(agents) % len(TYPES)]
        data = DATA[type_] | {"agentId": agents[number % len(agents)]}
        ids.append(await client.publish(type_, data))
    if not await client.flush(30):
        raise SystemExit("the server does not take the events")
    return ids


async def measure(url: str, rounds: int, count: int, subscriptions: int) -> bool:
    warm_up()
    agents = [f"coder-{n:03d}" for n in range(subscriptions)]
    reader = Reader(url)
    took = []
    async with Client(url, TOKEN, source="bench") as publisher:
        await reader.client.connect()
        await reader.follow(agents)
        for _ in range(rounds):
            await reader.client.close()
            missed = await publish(publisher, agents, count)
            took.append(await reader.restore(missed))
        await reader.client.close()
    median = statistics.median(took)
    say(
        f"{subscriptions} subscriptions with {count:,} missed events restored",
        f"{median:.2f} s",
        f"{GOAL_SECONDS:g} s",
    )
    say(f"  the slowest of {rounds}", f"{max(took):.2f} s", "-")
    return median < GOAL_SECONDS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--subscriptions", type=int, default=100)
    parser.add_argument("--command", default=shlex.join(COMMAND))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        options = ("--rate-limits", "off")
        with Served(Path(home), *options, command=shlex.split(arguments.command)) as served:
            reached = asyncio.run(
                measure(served.url, arguments.rounds, arguments.events, arguments.subscriptions)
            )
    raise SystemExit(not reached)


if __name__ == "__main__":
    main()
