"""A server, its clients, and the network and the time between them, all made from one seed."""

import asyncio
import socket
from collections import deque
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest

from tests.schedules.station import Station
from tests.support.frames import TOKEN
from tests.support.links import FAIR, Link, Weather
from tests.support.machines import Machine
from tests.support.network import NetworkLoop, NetworkServer
from tests.unit.server.delayed import DelayedBroker
from tests.unit.server.schedules.ledger import Ledger
from tests.unit.server.schedules.matter import STATES, STORIES
from tui.client import ClientOptions
from tui.server.auth import ApiKey, Doorkeeper
from tui.server.brokers import Stored
from tui.server.brokers.memory import MemoryBroker, nobody
from tui.server.connection import Connection
from tui.server.gateway import Gateway
from tui.server.limits.admission import Admission
from tui.server.limits.rates import RateLimits
from tui.server.listener import Listener
from tui.server.outbox import CAPACITY

URL = "ws://127.0.0.1:8765/ws"
FAR_URL = "ws://far.example:8765/ws"
"""Not on this machine: so it is spoken to compressed."""
PATIENCE = 600
"""Seconds in which everybody must be at rest, once all is mended."""
LAST_NOTES = 60


@dataclass(eq=False, slots=True)
class Site:
    """A server process, from its start to its end; its broker may outlive it."""

    broker: MemoryBroker
    number: int
    """Of its broker's ledger."""
    gateway: Gateway
    listener: Listener
    server: NetworkServer


class World:
    def __init__(self, seed: int, loop: NetworkLoop) -> None:
        self.seed = seed
        self.dice = dice = Random(seed)
        self.loop = loop
        self.network = loop.network
        self.network.seed = seed
        self.network.on_attempt = self._attempted
        self.network.on_arrival = lambda end, size: self.note(
            f"link {end.link.number} {'<' if end is end.link.client else '>'} {size}"
        )
        self.notes: list[str] = []
        self.ledgers: list[Ledger] = []
        self.sites: list[Site] = []
        self.is_up = False
        self.skew = 1_700_000_000.0
        self.sizes: Sequence[int] = dice.choice([(10,), (10, 1_000), (10, 300, 20_000)])
        """Of the texts in events, bytes."""
        self.kinds: Sequence[str] = dice.choice([STATES, STATES + STORIES, STORIES])
        self.is_narrow = dice.random() < 0.15
        """Whether readers cannot be given all that is published, but the newest state."""
        if self.is_narrow:
            self.sizes, self.kinds = (10, 1_000), STATES
        self.is_spiteful = dice.random() < 0.4
        """Whether links are cut where it hurts most: behind a gap."""
        self.ring_bytes = dice.choice([3_000, 30_000, 10**7])
        self.delay = dice.choice([None, None, 0.0, 0.05, 0.3])
        slow = RateLimits(clients={"*": 1e6}, publishers={"*": 120.0})
        self.rates = slow if dice.random() < 0.1 else None
        self.stations: list[Station] = []
        self._spite = Random(f"{seed}/spite")
        self._fog: list[Link] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def note(self, what: str) -> None:
        """Write down what has happened: the same seed gives the same notes."""
        self.notes.append(f"{self.loop.time():.9f} {what}")

    @contextmanager
    def blaming(self) -> Iterator[None]:
        """For checks that the code calls: whatever becomes of what they raise, the test fails."""
        try:
            yield
        except Exception as fault:
            self.loop.faults.append(fault)
            raise

    def weather(self) -> Weather:
        dice = self.dice
        small = self.sizes == (10,)
        if self.is_narrow:
            return Weather(window=1_000, rate=dice.choice([8_000.0, 20_000.0]))
        return Weather(
            latency=dice.choice([0.0002, 0.005, 0.05, 0.4]),
            jitter=dice.choice([0.0, 0.001, 0.05, 0.5]),
            piece=dice.choice([None, 1400, 20 if small else 700]),
            window=dice.choice([1_000, 16_000, 256_000]),
            rate=dice.choice([float("inf"), 200_000.0, 10_000.0]),
        )

    def settings(self, patch: pytest.MonkeyPatch) -> None:
        """Set what is a constant otherwise, and let nothing come from real time or chance."""
        dice, turns = self.dice, Random(f"{self.seed}/turns")
        patch.setattr("tui.server.catchup.PAGE_BYTES", dice.choice([1, 2_000, 64 * 1024]))
        patch.setattr("tui.server.snapshot.STATE_EVENTS", dice.choice([1, 256]))
        defaults = Connection.__init__.__kwdefaults__ or {}
        capacity = 20_000 if self.is_narrow else dice.choice([6_000, 20_000, CAPACITY])
        patch.setitem(defaults, "capacity", capacity)
        # How much is done between two turns of the loop is a matter of real time, and so of chance.
        slice_ = dice.choice([0.0, 0.5, 1.0])
        patch.setattr("tui.client.dispatch.SLICE", slice_)
        patch.setattr("tui.client.dispatch.perf_counter", turns.random)
        patch.setattr("tui.client.dispatch.log.disabled", True)  # handlers fail on purpose
        hexes = Random(f"{self.seed}/names")
        patch.setattr("secrets.token_hex", lambda size: hexes.randbytes(size).hex())

    # The server.

    async def start(self, *, kept: bool = False) -> None:
        """Start a server, with all that the last one has stored (`kept`), or anew."""
        if kept and self.sites:
            broker, number = self.site.broker, self.site.number
        else:
            if self.sites:
                self.site.broker.deliver = nobody  # what it was about to store goes with it
            broker, number = self._new_broker(), len(self.ledgers)
            self.ledgers.append(Ledger())
        authority = ApiKey(TOKEN)
        gateway = Gateway(broker, authority, loop=self.loop, rates=self.rates, clock=self.wall)
        self._keep_books(broker, number)
        listener = Listener(gateway, Doorkeeper(authority), Admission(self.loop.time))
        with socket.socket() as nowhere:  # the network asks for none
            await listener.start(nowhere)
        server = self.network.server
        assert server is not None
        self.sites.append(Site(broker, number, gateway, listener, server))
        self.is_up = True
        self.note(f"server {len(self.sites)} starts with ledger {number}")

    async def stop(self, *, kill: bool) -> None:
        """End the server: it says farewell, or is gone from one moment to the next."""
        if not self.is_up:
            return
        self.is_up = False
        site = self.site
        self.note(f"server {len(self.sites)} {'is killed' if kill else 'stops'}")
        if kill:
            site.server.close()
            for link in self.network.links:
                if link.listener is site.server and link in self._fog:
                    link.server.lose(ConnectionResetError())
                elif link.listener is site.server:
                    link.cut()
        await site.listener.stop(2.0, restarts=True)
        assert not site.gateway.connections
        assert site.gateway.metrics.active == 0
        assert not any(site.gateway.metrics.subscriptions.values())

    @property
    def site(self) -> Site:
        return self.sites[-1]

    def wall(self) -> float:
        """The server's time of day, Unix seconds."""
        return self.loop.time() + self.skew

    def ledger_of(self, machine: Machine) -> int:
        """The number of the ledger that a machine's newest link leads to."""
        newest = next(one for one in reversed(self.network.links) if one.machine is machine)
        return next(site.number for site in self.sites if site.server is newest.listener)

    def _new_broker(self) -> MemoryBroker:
        options: dict[str, Any] = {
            "ring_bytes": self.ring_bytes,
            "clock": self.wall,
            "steady": self.loop.time,
        }
        if self.delay is None:
            return MemoryBroker(**options)
        return DelayedBroker(self.delay, **options)

    def _keep_books(self, broker: MemoryBroker, number: int) -> None:
        deliver = broker.deliver

        def stored(events: Sequence[Stored]) -> None:
            for entry in self.ledgers[number].add(events, self.loop.time()):
                resource = entry.stored.topic.resource
                self.note(f"{entry.said['id']} is {resource} {number}:{entry.stored.offset}")
                epoch = broker.position(resource).epoch
                for station in self.stations:
                    station.stored(number, entry, epoch)
            deliver(events)

        broker.deliver = stored

    # Its clients.

    def add(self, options: ClientOptions) -> Station:
        url = FAR_URL if self.dice.random() < 0.3 else URL
        station = Station(self, f"client-{len(self.stations)}", options, url)
        self.stations.append(station)
        return station

    def _attempted(self, machine: Machine | None) -> None:
        station = next(one for one in self.stations if one.machine is machine)
        self.note(f"{station.name} tries")
        with self.blaming():
            station.attempts.tried(self.loop.time())

    def link(self) -> Link | None:
        """Some link that is up, most often the newest."""
        up = [one for one in self.network.links if not one.is_over and one not in self._fog]
        if not up:
            return None
        return up[-1] if self.dice.random() < 0.5 else self.dice.choice(up)

    def gap_arrived(self, machine: Machine) -> None:
        """A client was told of a gap, and the snapshot that makes it good is under way."""
        links = self.network.links_of(machine)
        if links and self.is_spiteful and self._spite.random() < 0.3:
            self.note(f"spite for {machine.name}")
            links[-1].pipes[1].cut_after = self._spite.choice([1, 100, 300, 1_000, 3_000])

    def lose_in_fog(self, link: Link) -> None:
        """Nothing of it will ever arrive again, and nobody is told."""
        self._fog.append(link)
        link.hold()

    def background(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Start what takes its time; `settle` waits for it."""
        task = self.loop.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # How it ends.

    async def settle(self) -> None:
        """Everything is mended, and whoever has something to say or to hear is waited for."""
        self.note("all is mended")
        network = self.network
        network.door, network.substitute, network.weather = "open", None, FAIR
        network.next_cut, self.is_spiteful = None, False
        for link in network.links:
            if link not in self._fog:
                link.release()
        while self._tasks:
            await asyncio.wait(self._tasks)
        if isinstance(self.site.broker, DelayedBroker):
            self.site.broker.unavailable = False
            self.site.broker.delay = 0.0
        for station in self.stations:
            station.pace, station.answers = (0.0,), 0.0
            station.start()
        for _ in range(PATIENCE):
            await asyncio.sleep(1.0)
            if not any(one.trouble for one in self.stations):
                return
        troubles = {one.name: one.trouble for one in self.stations if one.trouble}
        raise AssertionError(f"not at rest after {PATIENCE} s: {troubles}")

    def check(self) -> None:
        for station in self.stations:
            station.check()

    async def end(self) -> None:
        """Everyone goes, and nothing is left behind."""
        for station in self.stations:
            await self.loop.create_task(station.client.close())
        await self.stop(kill=False)
        await asyncio.sleep(30.0)
        up = [one.number for one in self.network.links if not one.is_over]
        assert not up, f"links {up} are still up"
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert self.loop.pending_timers == []

    @property
    def last_notes(self) -> str:
        said = deque((one for one in self.notes if " link " not in one), LAST_NOTES)
        return "\n".join(said)
