"""The server under load and faults for as long as asked, with what must hold checked all along.

soak.py [--minutes M] [--seconds S] [--seed N] [--rate R] [--no-kills] [--no-journal]

A server as a process of its own, publishers and readers of every kind, and a fault every few
seconds, chosen by seed. At first the server itself is killed and stopped, too; then it lives on,
and its memory, threads and files must stay as they are. Ten minutes and more are enough to judge
memory. Ends with a summary; exit code 1 where any rule was broken.
"""

import argparse
import asyncio
import shlex
import statistics
import tempfile
import time
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlsplit

from aiohttp import ClientError, ClientSession, ClientTimeout

from tests.bench.soaking.accounts import check_streams
from tests.bench.soaking.faults import Fault, Faults
from tests.bench.soaking.ledger import Ledger
from tests.bench.soaking.publishers import Pace, RawPublisher, SdkPublisher
from tests.bench.soaking.readers import PlainReader, RawReader, ResumingReader, SdkReader
from tests.support.frames import TOKEN, frame
from tests.support.history import read_streams
from tests.support.proxy import Proxy
from tests.support.raw import open_raw
from tests.support.served import COMMAND, Served, Usage
from tui.client import Client
from tui.protocol.topics import Filter

EVERYTHING = [Filter()]
AGENTS = [Filter("agent"), Filter("tdd", "coder*")]
TWICE = [Filter("agent", "coder-1*"), Filter("*", "*", ("status", "alert"))]
"""Two filters that some events match both."""
WARM_SECONDS = 240.0
"""After so long memory is judged; ids alone are remembered for five minutes."""
FILL = 10_000
"""Events that fill the rings of a server that has just started."""
OPTIONS = "--rate-limits off --history 1MiB"
"""Rings that are soon full, and history that is read from the disk."""
CALM_SECONDS = 5
SETTLE_SECONDS = 60.0
"""How long all that was published may take to reach everyone, once the faults are over."""
PING_SECONDS = 5.0
"""The longest that a healthy client may wait for a pong."""
FLAT = 1.10
MIB = 1024 * 1024
QUEUE_BYTES = 2.5 * MIB
"""What may wait for a reader, with what one commit of the journal adds at once."""


class Soak:
    def __init__(self, served: Served, proxy: Proxy, seed: int, rate: float) -> None:
        self.ledger = Ledger()
        self.served = served
        self._seeds = Random(seed)
        self._proxied = f"ws://127.0.0.1:{proxy.port}/ws"
        self._pace = Pace(rate / 3)
        zipped = f"{served.url}?compression=gzip"
        self._witness = self._resuming("witness", served.url, EVERYTHING)
        self._v1 = [
            self._witness,
            self._resuming("v1 all, gzip", zipped, EVERYTHING),
            self._resuming("v1 agents", served.url, AGENTS),
            self._resuming("v1 twice", served.url, TWICE),
        ]
        self._plain = [
            PlainReader("plain all", served.url, self.ledger, self._random(), EVERYTHING),
            PlainReader("plain agents", zipped, self.ledger, self._random(), [Filter("agent")]),
        ]
        self._sdk = [
            SdkReader("SDK all", self._proxied, self.ledger, self._random(), EVERYTHING),
            SdkReader("SDK agents", self._proxied, self.ledger, self._random(), AGENTS),
        ]
        self._publishers = [
            SdkPublisher("sdk-1", self._proxied, self.ledger, self._random(), self._pace),
            SdkPublisher("sdk-2", self._proxied, self.ledger, self._random(), self._pace),
        ]
        self._raw_publisher = RawPublisher(
            "raw", served.url, self.ledger, self._random(), self._pace
        )
        self.burster = RawPublisher("burst", served.url, self.ledger, self._random(), self._pace)
        self._faults = Faults(
            served, proxy, [*self._v1[1:], *self._plain], self.burster, self.ledger, self._random()
        )
        self._tasks: list[asyncio.Task[None]] = []
        self._publishing: list[asyncio.Task[None]] = []

    def _random(self) -> Random:
        return Random(self._seeds.random())

    def _resuming(self, name: str, url: str, filters: Sequence[Filter]) -> ResumingReader:
        return ResumingReader(name, url, self.ledger, self._random(), filters)

    async def begin(self) -> None:
        """Everyone comes: readers first, so that they see all there is."""
        self._tasks = [
            *(self._start(one.run()) for one in (*self._v1, *self._plain)),
            *(self._start(one.run()) for one in self._sdk),
        ]
        await self._all_here([one.client for one in self._sdk])
        watchers = (self._ping_readers(), self._watch(), self._look_at_queues())
        self._tasks += [self._start(one) for one in watchers]
        self._publishing = [
            *(self._start(one.run()) for one in self._publishers),
            self._start(self._raw_publisher.run()),
        ]

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        task.add_done_callback(self._look_at)
        return task

    def _look_at(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()):
            self.ledger.wrong(f"a client failed: {error!r}")

    @property
    def _clients(self) -> list[Client]:
        return [*(one.client for one in self._sdk), *(one.client for one in self._publishers)]

    async def _all_here(self, clients: Sequence[Client]) -> None:
        raws = [*self._v1, *self._plain]
        for _ in range(int(SETTLE_SECONDS / 0.1)):
            live = all(client.status.phase == "live" for client in clients)
            if live and all(one.raw for one in raws):
                return
            await asyncio.sleep(0.1)
        self.ledger.wrong("not everyone is connected again")

    async def _ping_readers(self) -> None:
        while True:
            for one in (*self._v1, *self._plain):
                one.ping()
            await asyncio.sleep(2)

    async def _watch(self) -> None:
        """A healthy client: nothing that others do may make it wait."""
        while True:
            with suppress(OSError):
                raw = await open_raw(self.served.url, TOKEN)
                await raw.frame()
                while True:
                    begun = time.monotonic()
                    raw.send(frame("ping"))
                    if await raw.frame() is None:
                        break
                    took = time.monotonic() - begun
                    self.ledger.note("longest ping of a healthy client (s)", took)
                    if took > PING_SECONDS:
                        self.ledger.wrong(f"a healthy client waited {took:.1f} s for its pong")
                    await asyncio.sleep(0.2)
            await asyncio.sleep(0.2)

    async def _look_at_queues(self) -> None:
        """By HTTP, which has to go on answering, too."""
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with ClientSession(headers=headers, timeout=ClientTimeout(PING_SECONDS)) as session:
            while True:
                with suppress(ClientError):  # there is no server just now
                    async with session.get(f"{self.served.http_url}/clients") as answer:
                        clients = (await answer.json())["clients"]
                    largest = max((client["queueBytes"] for client in clients), default=0)
                    self.ledger.note("largest queue (MiB)", largest / MIB)
                    if largest > QUEUE_BYTES:
                        self.ledger.wrong(f"{largest} bytes wait for one client")
                await asyncio.sleep(0.5)

    async def suffer(self, seconds: float, faults: Sequence[Fault]) -> None:
        """A fault every one to four seconds, some at the same time."""
        loop = asyncio.get_running_loop()
        random = self._random()
        end = loop.time() + seconds
        under_way: set[asyncio.Task[None]] = set()
        on_the_server: asyncio.Task[None] | None = None
        while loop.time() < end:
            fault = random.choice(faults)
            if fault not in self._faults.to_the_server:
                under_way.add(self._start(fault()))
            elif on_the_server is None or on_the_server.done():
                on_the_server = self._start(fault())
                under_way.add(on_the_server)
            self.ledger.counts[f"fault: {fault.__name__}"] += 1
            under_way = {task for task in under_way if not task.done()}
            await asyncio.sleep(min(random.uniform(1, 4), max(0.0, end - loop.time())))
        if under_way:
            await asyncio.wait(under_way)

    async def suffer_restarts(self, seconds: float) -> None:
        await self.suffer(seconds, self._faults.to_clients + self._faults.to_the_server * 2)

    async def live_on(self, warming: float, seconds: float) -> None:
        """No fault of the server's own: it must come out of it as it went in."""
        await self.burster.burst(FILL, None)
        await self.suffer(warming, self._faults.to_clients)
        before = await self._calm()
        await self.suffer(seconds, self._faults.to_clients)
        after = await self._calm()
        self.ledger.note("memory, warm (MiB)", before.rss / MIB)
        self.ledger.note("memory, at the end (MiB)", after.rss / MIB)
        if warming >= WARM_SECONDS and after.rss > before.rss * FLAT:
            self.ledger.wrong(
                f"memory grew from {before.rss / MIB:.0f} to {after.rss / MIB:.0f} MiB"
            )
        if after.threads > before.threads or after.files > before.files:
            self.ledger.wrong(f"left behind: {before} became {after}")

    async def _calm(self) -> Usage:
        """What the server takes while nothing goes wrong."""
        await self._all_here(self._clients)
        self.burster.hang_up()
        await asyncio.sleep(2)  # what the last fault left is closed by now
        usages = []
        for _ in range(CALM_SECONDS):
            usages.append(self.served.usage())
            await asyncio.sleep(1)
        # A publisher may just be between two connections.
        return Usage(*map(statistics.median_low, zip(*usages, strict=True)))

    async def end(self, *, journal: bool) -> None:
        """Let everything arrive, then hold all accounts against the streams."""
        self._pace.finished = True
        _, late = await asyncio.wait(self._publishing, timeout=SETTLE_SECONDS)
        if late:
            self.ledger.wrong(f"{len(late)} publishers never finished")
        await self._all_here(self._clients)
        marks = [await self._publishers[0].mark("agent_log", "coder-1-mark") for _ in self._sdk]
        streams = await self._streams(journal=journal)
        heads = {resource: len(ids) for resource, ids in streams.items()}
        try:
            async with asyncio.timeout(SETTLE_SECONDS):
                for sdk, mark in zip(self._sdk, marks, strict=True):
                    await sdk.has(mark.id)
                for v1 in self._v1:
                    await v1.reached(heads)
        except TimeoutError:
            behind = {one.name: one.cursor for one in self._v1}
            self.ledger.wrong(f"not everything arrived: heads {heads}, readers {behind}")
        for publisher in self._publishers:
            await publisher.client.close()
        for task in (*self._tasks, *self._publishing):
            task.cancel()
        await asyncio.wait((*self._tasks, *self._publishing))
        self._judge(streams)

    async def _streams(self, *, journal: bool) -> dict[str, list[str]]:
        """All ids by offset: as they are stored, or else as one saw them who saw them all."""
        if journal:
            try:
                stored = await read_streams(self.served.url)
            except AssertionError as error:
                self.ledger.wrong(f"the streams cannot be read whole: {error}")
            else:
                return {resource: stream.ids for resource, stream in stored.items()}
        streams = {}
        for resource, given in self._witness.given.items():
            events = {one.offset: one.id for one in given if one.kind in ("live", "replayed")}
            streams[resource] = [
                events.get(n, "missing") for n in range(1, max(events, default=0) + 1)
            ]
        return streams

    def _judge(self, ids: dict[str, list[str]]) -> None:
        ledger = self.ledger
        check_streams(ledger, ids)
        published = ledger.published
        streams = {
            resource: [published[id_] for id_ in all_ if id_ in published]
            for resource, all_ in ids.items()
        }
        readers: list[RawReader | SdkReader] = [*self._v1, *self._plain, *self._sdk]
        readers += self._faults.visitors
        for reader in readers:
            for fault in reader.faults(streams):
                ledger.wrong(f"{reader.name}: {fault}")
        ledger.counts["events stored"] = sum(map(len, ids.values()))


async def soak(arguments: argparse.Namespace, home: Path) -> Ledger:
    journal = [] if arguments.no_journal else ["--journal", str(home / "journal.db")]
    options = [*shlex.split(arguments.options), *journal]
    served = Served(home, *options, http=True, command=shlex.split(arguments.command))
    await asyncio.to_thread(served.start)
    try:
        async with Proxy("127.0.0.1", urlsplit(served.url).port or 0) as proxy:
            run = Soak(served, proxy, arguments.seed, arguments.rate)
            seconds = arguments.seconds or arguments.minutes * 60
            await run.begin()
            if journal and not arguments.no_kills:
                await run.suffer_restarts(seconds * 0.25)
                seconds *= 0.75
            await run.live_on(seconds * 0.55, seconds * 0.45)
            await run.end(journal=bool(journal))
            code, took = await asyncio.to_thread(served.terminate)
            if code != 0:
                run.ledger.wrong(f"the server ended with {code} after {took:.1f} s")
    finally:
        served.kill()
    for line in served.said.splitlines():
        if "Traceback" in line:
            run.ledger.wrong(f"the server printed a traceback: {line}")
    return run.ledger


def tell(ledger: Ledger) -> None:
    print(f"{'events published':<50}{len(ledger.published):>12,}")
    print(f"{'events acknowledged':<50}{len(ledger.acknowledged):>12,}")
    for what, number in sorted(ledger.counts.items()):
        print(f"{what:<50}{number:>12,}")
    for what, value in sorted(ledger.longest.items()):
        print(f"{what:<50}{value:>12.2f}")
    print(f"{'rules broken':<50}{len(ledger.broken):>12,}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--rate", type=float, default=200, help="events a second, all publishers")
    parser.add_argument("--no-kills", action="store_true", help="the server lives all the time")
    parser.add_argument("--no-journal", action="store_true", help="it remembers, and it lives")
    parser.add_argument("--options", default=OPTIONS, help="more of the server's")
    parser.add_argument("--command", default=shlex.join(COMMAND))
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    with tempfile.TemporaryDirectory() as home:
        ledger = asyncio.run(soak(arguments, Path(home)))
    tell(ledger)
    raise SystemExit(bool(ledger.broken))


if __name__ == "__main__":
    main()
