"""Ten thousand agents: how long a key takes to reach the screen while they work.

agents.py BENCH_FOLDER [--agents N] [--rate EVENTS] [--presses N]

Each key has an effect that is seen at no other time: the first agent, the last one, an order's
name. Meanwhile metrics arrive, and changes of status that move rows.
"""

import argparse
import asyncio
import os
import tempfile
import threading
import time
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from tests.bench.measure import DASHBOARD, probe, say
from tests.support.events import START, status
from tests.support.frames import TOKEN
from tests.support.frames import frame as made
from tests.support.raw import RawSocket, open_raw
from tests.support.served import Served
from tui.store import Store

BATCH = 500
CONNECTED_AFTER, READY_AFTER = 6, "20"
"""Seconds until a dashboard is connected, and until it has been told of all agents."""


class Course(NamedTuple):
    """Between the thread that publishes and the one that measures."""

    wanted: threading.Event
    """A dashboard was started: it is to be told of all agents."""
    ended: threading.Event


def frame(type_: str, data: dict[str, Any], id_: str) -> bytes:
    return made(type_, data, id_, timestamp=time.time() * 1000)


def state(number: int, word: str) -> dict[str, Any]:
    return {
        "agentId": f"agent-{number:05}",
        "agentType": "coder",
        "status": word,
        "currentTask": {"id": f"t-{number}", "title": f"Task number {number}", "progress": 40},
    }


async def introduce(raw: RawSocket, count: int) -> None:
    """All agents, the last of them offline, so that it is the last by attention, name and state."""
    for first in range(0, count, BATCH):
        for number in range(first, min(count, first + BATCH)):
            word = "offline" if number == count - 1 else "busy"
            raw.send(frame("agent_status", state(number, word), f"i-{time.monotonic_ns()}"))
        await raw.drained()
        await asyncio.sleep(0.05)


async def stream(raw: RawSocket, count: int, rate: int, on: Course) -> None:
    """Metrics; one in ten is a change of status."""
    rng = Random(1)
    sent = 0
    begun = time.monotonic()
    while not on.ended.is_set():
        if on.wanted.is_set():
            on.wanted.clear()
            await asyncio.sleep(CONNECTED_AFTER)
            await introduce(raw, count)
            sent, begun = 0, time.monotonic()
        while sent < (time.monotonic() - begun) * rate:
            number = rng.randrange(100, count - 100)
            sent += 1
            id_ = f"e-{time.monotonic_ns()}"
            if sent % 10:
                metrics = {"cpuUsage": rng.uniform(0, 100), "memoryUsage": rng.uniform(1e8, 1e9)}
                data = {"agentId": f"agent-{number:05}", "metrics": metrics, "timestamp": 1}
                raw.send(frame("agent_metric", data, id_))
            else:
                word = rng.choice(["busy", "idle"])
                raw.send(frame("agent_status", state(number, word), id_))
        await raw.drained()
        await asyncio.sleep(0.01)


async def publish(url: str, count: int, rate: int, on: Course) -> None:
    async with await open_raw(url, TOKEN) as raw:
        reading = asyncio.create_task(read(raw))
        await stream(raw, count, rate, on)
        reading.cancel()


async def read(raw: RawSocket) -> None:
    while await raw.frame():
        pass


def store_costs(count: int) -> None:
    """In this process, without a screen: what an inbox of all of them costs."""
    store = Store()
    for number in range(count):
        store.apply(status(f"agent-{number:05}", "error", number / 1000, reason="429"))
    now = START + 1e9
    store.inbox.open(now)
    changed: list[float] = []
    for number in range(50):
        store.apply(status(f"agent-{number:05}", "error", 99, reason=f"again {number}"))
        begun = time.perf_counter()
        store.inbox.open(now)
        changed.append((time.perf_counter() - begun) * 1000)
    begun = time.perf_counter()
    for _ in range(1_000):
        store.inbox.count(now)
        store.agents.count("busy")
    asked = (time.perf_counter() - begun) * 1000
    say(f"inbox of {count:,}, one of them new: made anew", f"{sorted(changed)[25]:.1f} ms", "20 ms")
    say("  asked again, and a count by status", f"{asked:.1f} µs", "10 µs")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bench", type=Path)
    parser.add_argument("--agents", type=int, default=10_000)
    parser.add_argument("--rate", type=int, default=500)
    parser.add_argument("--presses", type=int, default=200)
    arguments = parser.parse_args()
    count = arguments.agents
    store_costs(count)
    os.environ["AUTOSDLC_TOKEN"] = TOKEN
    on = Course(threading.Event(), threading.Event())
    with (
        tempfile.TemporaryDirectory() as home,
        Served(Path(home), "--rate-limits", "off") as served,
    ):
        work = publish(served.url, count, arguments.rate, on)
        thread = threading.Thread(target=asyncio.run, args=(work,))
        thread.start()
        try:
            command = [*DASHBOARD, "--url", served.url]
            last = f"agent-{count - 1:05}"
            for what, keys in (
                ("scroll, all the way", f"G:{last},g:agent-00000"),
                ("sort", "s:by name,s:by state,s:by time,s:!by "),
            ):
                on.wanted.set()
                figures = probe(
                    arguments.bench, "keys", "--keys", keys, "--count", str(arguments.presses),
                    "--gap", "0.1", "--after", READY_AFTER, "--expect", "LIVE", command=command,
                )  # fmt: skip
                say(
                    f"{count:,} agents, {arguments.rate} events/s: {what}, p50",
                    f"{figures['p50_ms']:.0f} ms",
                    "-",
                )
                say("  p99", f"{figures['p99_ms']:.0f} ms", "100 ms")
                say("  presses without an effect", str(figures["missed"]), "0")
            on.wanted.set()
            cost = probe(
                arguments.bench, "idle", "--seconds", "10", "--after", READY_AFTER,
                "--expect", "LIVE", command=command,
            )  # fmt: skip
            say("  CPU", f"{cost['cpu_pct']:.0f} % of a core", "-")
            say("  resident memory", f"{cost['rss_mb']:.0f} MiB", "-")
        finally:
            on.ended.set()
            thread.join()


if __name__ == "__main__":
    main()
