"""A machine with a client on it, which subscribes, publishes, and has handlers of all kinds."""

import asyncio
import json
from collections import deque
from collections.abc import Coroutine
from itertools import count
from random import Random
from typing import TYPE_CHECKING, Any

from tests.schedules.account import Account
from tests.schedules.attempts import Attempts
from tests.support.frames import TOKEN
from tests.support.machines import Machine
from tests.unit.server.schedules.ledger import Entry
from tests.unit.server.schedules.matter import event
from tui.client import Client, ClientOptions, ConnectionStatus, Gap, Subscription
from tui.client.clock import Clock
from tui.client.delivery import Delivery, Item
from tui.protocol.models.base import Event
from tui.protocol.topics import Filter

if TYPE_CHECKING:
    from tests.schedules.world import World

IDS = {"agentId", "workflowId", "alertId", "deploymentId"}


class Station:
    """A real client. What reaches its handlers is held against what the servers stored."""

    def __init__(self, world: "World", name: str, options: ClientOptions, url: str) -> None:
        self.name = name
        self.dice = Random(f"{world.seed}/{name}")
        self.machine = Machine(world.loop, name)
        self.account = Account(name, world.ledgers)
        self.attempts = Attempts(self.machine, options.reconnect)
        self.published: list[str] = []
        self.pace: tuple[float, ...] = (0.0,)
        """How long its handlers take (seconds)."""
        self.fails = 0.0
        """How often a handler raises."""
        self.answers = 0.0
        """How often a handler publishes."""
        self._world = world
        self._numbers = count(1)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._expected: deque[tuple[Item, int, bool]] = deque()
        self._states: list[Event] = []
        self.client = Client(
            url,
            TOKEN,
            source=name,
            options=options,
            clock=Clock(self.machine.monotonic, self.machine.wall),
            randomness=Random(f"{world.seed}/{name}/jitter"),
            new_id=self._new_id,
        )
        self.client.on_status(self._told)
        for kind in ("*", "gap", "error"):
            self.client.on(kind, self._check)
        self.client.on("*", self._work)
        self._listen()

    def _listen(self) -> None:
        """Be shown what is received before it is queued, and what of it is a snapshot's."""
        dispatcher, streams = self.client._dispatcher, self.client._memory.streams
        put, is_newer_state = dispatcher.put, streams.is_newer_state

        def noting_put(delivery: Delivery) -> None:
            number = self._world.ledger_of(self.machine)
            for item in delivery.items:
                is_state = any(item is one for one in self._states)
                self._expected.append((item, number, is_state))
                if isinstance(item, Gap):
                    self._world.gap_arrived(self.machine)
            self._states.clear()
            put(delivery)

        def noting_state(entry: Event) -> bool:
            is_news = is_newer_state(entry)
            if is_news:
                self._states.append(entry)
            return is_news

        dispatcher.put = noting_put  # type: ignore[method-assign]
        streams.is_newer_state = noting_state  # type: ignore[method-assign]

    # What it does.

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        """Start something on the machine."""
        task = self.machine.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def start(self) -> None:
        self.machine.call_soon(self.client.start)

    def subscribe(self, filter_: Filter) -> None:
        ago = self.dice.choice([None, None, 0.0, 5.0, 60.0, 1e9])
        since = None if ago is None else max(0.0, self.machine.wall() - ago) * 1000
        self.run(self.client.subscribe(filter_.resource, filter_.id, filter_.events, since=since))

    def unsubscribe(self) -> None:
        if self.subscriptions:
            self.run(self._unsubscribe(self.dice.choice(self.subscriptions)))

    async def _unsubscribe(self, subscription: Subscription) -> None:
        await subscription.unsubscribe()
        self.account.unsubscribed(subscription.id)

    def publish(self, number: int) -> None:
        self.run(self._publish(number))

    async def _publish(self, number: int) -> None:
        for _ in range(number):
            await self._publish_one(self.dice.choice(self._world.kinds))

    async def _publish_one(self, type_: str) -> None:
        data = json.loads(event("", type_, self.dice, self._world.sizes))["data"]
        for name in data.keys() & IDS:
            # Many state keys, of which most are not heard of again for long.
            data[name] += self.dice.choice(["", str(self.dice.randint(1, 50))])
        await self.client.publish(type_, data)

    def retry_now(self) -> None:
        self.attempts.hurry()
        self.machine.call_soon(self.client.retry_now)

    def restart(self, pause: float) -> None:
        """Close the client, and start it again after a while."""
        self.run(self._restart(pause))

    async def _restart(self, pause: float) -> None:
        await self.client.close()
        await asyncio.sleep(pause)
        self.client.start()

    def _new_id(self) -> str:
        id_ = f"{self.name}-{next(self._numbers):05}"
        self.published.append(id_)
        return id_

    # What it hears.

    def _told(self, status: ConnectionStatus) -> None:
        self._world.note(f"{self.name} is {status.phase}: {status.reason}")
        with self._world.blaming():
            self.attempts.told(status, self.client._connection._backoff.failures)

    def stored(self, number: int, entry: Entry, epoch: str) -> None:
        """A server has an event; note whether it is to be ours."""
        resource = entry.stored.topic.resource
        if self.client._memory.streams._streams[resource].epoch != epoch:
            return
        asked_by = [
            one.id
            for one in self.subscriptions
            if one.resumable and one.filter.matches(entry.stored.topic)
        ]
        if asked_by:
            self.account.owe(number, entry, asked_by)

    def _check(self, item: Item) -> None:
        expected, number, is_state = self._expected.popleft()
        with self._world.blaming():
            assert expected is item, f"{self.name}: {item} before {expected}"
            if isinstance(item, Gap):
                self._world.note(f"{self.name} has {item} of {number}")
                self.account.gap(number, item)
            elif isinstance(item, Event):
                self._world.note(f"{self.name} has {item.id} of {number}")
                self.account.give(number, item, is_state=is_state)

    async def _work(self, item: Event) -> None:
        pause = self.dice.choice(self.pace)
        if pause:
            await asyncio.sleep(pause)
        if self.dice.random() < self.fails:
            raise RuntimeError("a handler's own fault")
        if self.dice.random() < self.answers and "answer" not in str(item.data):
            self._world.note(f"{self.name} answers {item.id}")
            log = {"agentId": "d", "level": "info", "message": "answer", "timestamp": 1}
            await self.client.publish("agent_log", log)

    # How it stands.

    @property
    def subscriptions(self) -> list[Subscription]:
        return list(self.client._memory.subscriptions)

    @property
    def filters(self) -> list[Filter]:
        return [one.filter for one in self.subscriptions]

    @property
    def trouble(self) -> str | None:
        """Why it is not at rest, on a server that is."""
        client, broker = self.client, self._world.site.broker
        if not self.machine.is_awake:
            return "asleep"
        if client.status.phase != "live":
            return f"{client.status.phase}: {client.status.reason}"
        if client._memory.outbox:
            return f"{len(client._memory.outbox)} events are to be published"
        if self._expected or self._tasks:
            return f"{len(self._expected)} events and {len(self._tasks)} tasks are under way"
        if waiting := [one for one in self.subscriptions if not one.settled]:
            return f"{waiting} may still be given their snapshots"
        cursor = client._memory.streams.cursor
        for resource in sorted({name for one in self.filters for name in one.resources}):
            at, head = cursor.get(resource), broker.position(resource)
            if at is None or (at.epoch, at.offset) != head:
                return f"{resource} is at {at}, the server at {head}"
        return None

    def check(self) -> None:
        """All is at rest: nothing may be missing."""
        world, client = self._world, self.client
        assert (client.invalid, client.refused, client.dropped) == (0, 0, 0)
        self.account.check()
        present = {
            (event.type, event.key): event.offset
            for resource in {name for one in self.filters for name in one.resources}
            for event in world.site.broker.snapshot(resource)
            if any(one.matches(event.topic) for one in self.filters)
        }
        assert self.account.fold(world.site.number, self.filters) == present
        stored = {id_ for ledger in world.ledgers for id_ in ledger.stored_at}
        lost = [id_ for id_ in self.published if id_ not in stored]
        assert not lost, f"{self.name}: {lost} were published and are nowhere"
        for ledger in world.ledgers:
            for stream in ledger.streams.values():
                ids = [one.said["id"] for one in stream]
                own = [id_ for id_ in ids if id_.startswith(f"{self.name}-")]
                assert own == sorted(own), f"{self.name}: not in the order of publishing"
