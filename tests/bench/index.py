"""What an event costs that 100 clients read, where they are all there are and where 9,900 do not.

index.py [--events N] [--rounds N]

In this process, without sockets: validated drafts in, frames out, in alternating rounds.
"""

import argparse
import asyncio
import statistics
import time
from collections.abc import Callable
from typing import Any

from tests.bench.measure import say
from tests.support.frames import TOKEN, draft, frame, status
from tui.server.auth import EVERYTHING, ApiKey
from tui.server.brokers.memory import MemoryBroker
from tui.server.gateway import Gateway

MATCHING = 100
ALL = 10_000
BATCH = 10
"""Events published between two flushes."""


class Timer:
    def cancel(self) -> None:
        raise NotImplementedError("nothing here is called off")


class Turns:
    """An event loop whose turn comes when it is told to, for the gateway's flush."""

    def __init__(self) -> None:
        self._now = 0.0
        self._due: list[tuple[Callable[..., Any], tuple[Any, ...]]] = []

    def time(self) -> float:
        return self._now

    def call_soon(self, callback: Callable[..., Any], *args: Any) -> Timer:
        self._due.append((callback, args))
        return Timer()

    def call_later(self, delay: float, callback: Callable[..., Any], *args: Any) -> Timer:
        del delay
        return self.call_soon(callback, *args)

    def pass_(self) -> None:
        self._now += 1.0
        while self._due:
            callback, args = self._due.pop(0)
            callback(*args)


class Sink:
    """A client who takes everything at once."""

    writable = True

    def __init__(self) -> None:
        self.received = 0

    def write(self, data: bytes) -> None:
        self.received += data.count(b'"agent_status"')

    async def drained(self) -> None: ...

    def stalled(self, now: float) -> bool:
        del now
        return False

    async def leave(self, code: int, reason: str) -> None: ...

    async def hang_up(self, code: int, reason: str) -> None: ...

    def abort(self) -> None: ...


class Crowd:
    """A gateway with some clients who read what is published, and others."""

    def __init__(self, others: int, wanted: str, other: Callable[[int], str]) -> None:
        self._turns = Turns()
        self._gateway = Gateway(MemoryBroker(), ApiKey(TOKEN), loop=self._turns)
        self._sinks = [self._join(n, wanted) for n in range(MATCHING)]
        for n in range(others):
            self._join(n, other(n))
        self._turns.pass_()

    def _join(self, number: int, resource_id: str) -> Sink:
        sink = Sink()
        connection = self._gateway.connect(EVERYTHING, sink, v1=bool(number % 2))
        connection.open()
        wish = {"subscriptionId": "s", "resource": "agent", "resourceId": resource_id}
        connection.receive(frame("subscribe", wish | {"snapshot": "never"}))
        return sink

    async def cost(self, name: str, ids: list[str]) -> float:
        """Seconds of processor time for an event, to all who read it."""
        drafts = [draft(status(f"{name}-{n}", id_)) for n, id_ in enumerate(ids)]
        before = [sink.received for sink in self._sinks]
        start = time.process_time()
        for at in range(0, len(drafts), BATCH):
            await self._gateway.publish(drafts[at : at + BATCH])
            self._turns.pass_()
        took = time.process_time() - start
        got = {sink.received - was for sink, was in zip(self._sinks, before, strict=True)}
        if got != {len(ids)}:
            raise SystemExit(f"{got} delivered of {len(ids)}")
        return took / len(ids)


async def ratio(
    title: str,
    goal: str,
    events: int,
    rounds: int,
    *,
    wanted: str,
    published: Callable[[int], str],
    other: Callable[[int], str],
) -> None:
    few, many = Crowd(0, wanted, other), Crowd(ALL - MATCHING, wanted, other)
    ratios, costs = [], []
    for round_ in range(rounds + 1):
        ids = [published(round_ * events + n) for n in range(events)]
        alone = await few.cost(f"few-{round_}", ids)
        crowded = await many.cost(f"many-{round_}", ids)
        if round_:  # the first warms the caches
            ratios.append(crowded / alone)
            costs.append(crowded * 1e6)
    say(title, f"{statistics.median(ratios):.2f}x", goal)
    say("  of 10,000: processor time an event", f"{statistics.median(costs):.0f} us", "-")


async def measure(events: int, rounds: int) -> None:
    await ratio(
        "100 of 10,000 match, by the agent's id / 100 of 100", "2x", events, rounds,
        wanted="hot", published=lambda _: "hot", other=lambda n: f"cold-{n}",
    )  # fmt: skip
    await ratio(
        "the same, each event another agent's, 100 read all", "2x", events, rounds,
        wanted="*", published=lambda n: f"agent-{n}", other=lambda n: f"cold-{n}",
    )  # fmt: skip
    await ratio(
        "the same, the others with 9,900 different globs", "-", events // 10, rounds,
        wanted="*", published=lambda n: f"agent-{n}", other=lambda n: f"cold-*-{n}",
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=2_000, help="a round")
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    asyncio.run(measure(arguments.events, arguments.rounds))


if __name__ == "__main__":
    main()
