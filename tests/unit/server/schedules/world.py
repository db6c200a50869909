"""A server and its clients in virtual time, all of them made from one seed."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.support.frames import TOKEN
from tests.unit.server.clients import HIGH_WATER, Client, Peer
from tests.unit.server.delayed import DelayedBroker
from tests.unit.server.schedules.ledger import Ledger
from tests.unit.server.schedules.matter import STATES, STORIES
from tests.unit.server.schedules.publishers import Publisher
from tests.unit.server.schedules.readers import PlainReader, Reader
from tests.unit.server.schedules.resuming import V1Reader
from tui.protocol.limits import MAX_RECEIVE_PUBLISHER
from tui.protocol.topics import Filter
from tui.server.auth import EVERYTHING, Access, ApiKey
from tui.server.brokers import Broker, Stored
from tui.server.brokers.memory import MemoryBroker
from tui.server.connection import MAX_UNANSWERED_BYTES
from tui.server.gateway import Gateway
from tui.server.limits.rates import RateLimits
from tui.server.outbox import CAPACITY

PUBLISHERS = 2
ONE_WRITE = PUBLISHERS * (MAX_UNANSWERED_BYTES + MAX_RECEIVE_PUBLISHER)
"""Bytes that may come on top of what is bounded: all that publishers have under way at once."""
ENDINGS = {1001, 1006, 1012, 4008, 4009, 4501}


@dataclass(eq=False, slots=True)
class Site:
    """A server, from its start to its end; what it stored goes with it."""

    broker: Broker
    gateway: Gateway
    ledger: Ledger


@dataclass(eq=False, slots=True)
class Line:
    """A connection of somebody's."""

    client: Client
    server: Site
    too_late: asyncio.TimerHandle

    @property
    def catching_up(self) -> Any:
        """The streams that are not live for it."""
        streams = self.client.connection._streams
        return streams._catching_up if streams else ()


class World:
    """A server, started anew now and then, those who come to it, and the clock."""

    def __init__(self, seed: int) -> None:
        self.dice = dice = random.Random(seed)
        self.loop = asyncio.get_running_loop()
        self.skew = 1_700_000_000.0
        self.sizes: Sequence[int] = dice.choice([(10,), (10, 2_000), (10, 50_000), (50_000,)])
        """Of the texts in events, bytes."""
        self.pauses = dice.choice([(0, 0.001, 0.02, 0.02, 0.3, 2.0), (0, 0.001, 0.02, 0.02, 0.1)])
        self.kinds: Sequence[str] = dice.choice([STATES, STATES + STORIES])
        self.ring_bytes = dice.choice([3_000, 30_000, 200_000, 10**7])
        self.delay = dice.choice([None, None, 0.0, 0.002, 0.3])
        slow = RateLimits(clients={"*": 1e6}, publishers={"*": 60.0})
        self.rates = slow if dice.random() < 0.1 else None
        self.sites: list[Site] = []
        self.readers: list[Reader] = [
            V1Reader(self, f"reader-{n}") for n in range(dice.choice([1, 2, 3]))
        ]
        self.readers += [PlainReader(self, f"plain-{n}") for n in range(dice.choice([0, 1, 2]))]
        self.publishers = [
            Publisher(self, f"publisher-{n}", v1=dice.random() < 0.8) for n in range(PUBLISHERS)
        ]
        self.everyone: list[Reader | Publisher] = [*self.readers, *self.publishers]
        self._is_calm = False
        self._ticking: asyncio.TimerHandle
        self.start()
        self._tick()

    def now(self) -> float:
        """Unix seconds, by a clock that is set now and then."""
        return self.loop.time() + self.skew

    # The server.

    def start(self) -> None:
        options: dict[str, Any] = {
            "ring_bytes": self.ring_bytes,
            "clock": self.now,
            "steady": self.loop.time,
        }
        broker: Broker = (
            MemoryBroker(**options) if self.delay is None else DelayedBroker(self.delay, **options)
        )
        gateway = Gateway(broker, ApiKey(TOKEN), loop=self.loop, rates=self.rates, clock=self.now)
        site = Site(broker, gateway, Ledger())
        deliver = broker.deliver

        def stored(events: Sequence[Stored]) -> None:
            for entry in site.ledger.add(events, self.loop.time()):
                for one in self.readers:
                    if one.line is not None and one.line.server is site:
                        one.stored(entry, one.line.client.connection.subscriptions)
            deliver(events)

        broker.deliver = stored
        self.sites.append(site)

    @property
    def site(self) -> Site:
        return self.sites[-1]

    def _tick(self) -> None:
        self._ticking = self.loop.call_later(0.1, self._tick)
        for site in self.sites:
            site.gateway.tick()

    # What its clients do.

    def connect(self, who: Reader | Publisher) -> None:
        dice = self.dice
        gzip = dice.random() < 0.3
        access: Access | None = EVERYTHING
        if isinstance(who, V1Reader) and not self._is_calm:
            if dice.random() < 0.2:
                access = None
            elif dice.random() < 0.2:
                everything = (Filter(),)
                access = Access(everything, everything, expires=self.now() + dice.uniform(1, 40))
        peer = Peer(dice.choice([0, 3_000, HIGH_WATER, HIGH_WATER]))
        connection = self.site.gateway.connect(access, peer, v1=who.v1, gzip=gzip)
        if isinstance(who, Reader) and who.pace:
            peer.stop_reading()
        client = Client(self.site.gateway, peer, connection)
        too_late = self.loop.call_later(
            self.site.gateway.limits.unauthenticated_time, connection.expire
        )
        connection.open()
        if access is None:
            client.say("auth_request", type="api-key", token=TOKEN)
        who.connected(Line(client, self.site, too_late))

    def listen(self) -> None:
        """Everyone reads what it would, and hears whether its connection has ended."""
        for reader in self.readers:
            if reader.line is not None and reader.pace > 0:
                reader.line.client.peer.read(reader.pace)
        for who in self.everyone:
            if who.line is None:
                continue
            self._check_bounds(who.line)
            who.hear()
            ending = who.line.client.ending
            if ending is not None:
                assert ending[0] in ENDINGS, ending
                who.line.too_late.cancel()
                who.ended()

    def _check_bounds(self, line: Line) -> None:
        assert line.client.connection.outbox.size <= CAPACITY + ONE_WRITE
        assert line.client.peer.most <= HIGH_WATER + CAPACITY + ONE_WRITE

    def ping(self) -> None:
        for reader in self.readers:
            if reader.line:
                reader.line.client.say("ping")

    def come_back(self) -> None:
        for who in self.everyone:
            if who.line is None:
                self.connect(who)

    def publish_again(self) -> None:
        for one in self.publishers:
            one.publish_again()

    # How it ends.

    async def settle(self) -> None:
        """Everything is mended, and all there is to be heard is heard."""
        if isinstance(self.site.broker, DelayedBroker):
            self.site.broker.unavailable = False
            self.site.broker.delay = 0.0
        self._is_calm = True
        for reader in self.readers:
            reader.pace = 0
            if reader.line is not None:
                reader.line.client.peer.go_on_reading()
                reader.line.client.say("auth_request", type="api-key", token=TOKEN)
        for _ in range(600):  # as long as it takes within the rates
            self.come_back()
            self.publish_again()
            await asyncio.sleep(2.0)
            self.listen()
            if all(one.line for one in self.readers) and all(p.is_done for p in self.publishers):
                break
        self.ping()
        await asyncio.sleep(5.0)
        self.listen()

    def check(self) -> None:
        """Nothing is missing."""
        for one in self.publishers:
            assert one.is_done
        for reader in self.readers:
            reader.check_quiet()

    async def end(self) -> None:
        """Everyone goes, and nothing is left behind."""
        for who in self.everyone:
            if who.line is not None:
                who.line.client.peer.vanish()
        await asyncio.sleep(5.0)
        self.listen()
        self._ticking.cancel()
        await asyncio.sleep(0)
        for site in self.sites:
            gateway = site.gateway
            assert not gateway.connections
            for layer in (gateway._plain, gateway._plain_gzip, gateway._v1):
                for pair in layer.index._pairs.values():
                    assert (pair._any, pair._literal, pair._globs) == ({}, {}, {})
            assert gateway.metrics.active == 0
            assert not any(gateway.metrics.subscriptions.values())
        assert asyncio.all_tasks() == {asyncio.current_task()}
        timers = [one for one in self.loop._scheduled if not one.cancelled()]  # type: ignore[attr-defined]
        assert timers == []
