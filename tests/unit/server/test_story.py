"""Snapshot, replay and live events meet with no loss or repetition, whatever comes between."""

import asyncio
import random
from typing import Any

import pytest

from tests.support.frames import log, status
from tests.support.virtual import in_virtual_time
from tests.unit.server.clients import HIGH_WATER, Client, Server, quiet
from tui.protocol.topics import Filter, Topic


class Reader:
    """A client by the book: it keeps the newest of each state key, and drops nothing in secret."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.offset = 0
        self.state: dict[tuple[str, str], int] = {}
        self.events: list[int] = []
        self.lost: set[int] = set()

    def read(self) -> bool:
        """All that is in the socket; whether there was anything."""
        self.client.peer.read()
        told = self.client.take()
        for message in told:
            data = message["data"]
            if data.get("status") == "snapshot" and data["resource"] == "agent":
                assert data["offset"] >= self.offset
                for entry in data["state"]:
                    self._apply(entry)
            elif data.get("status") == "gap":
                self.lost |= set(range(data["lost"]["from"], data["lost"]["to"] + 1))
            elif message["type"].startswith("agent"):
                offset = message["metadata"]["offset"]
                assert offset > self.offset, "offsets rise"
                self.offset = offset
                self.events.append(offset)
                self._apply(message)
        return bool(told)

    def _apply(self, event: dict[str, Any]) -> None:
        if event["type"] == "agent_status":
            key = (event["type"], event["data"]["agentId"])
            self.state[key] = max(self.state.get(key, 0), event["metadata"]["offset"])


class Story:
    """A random course of events, and what the client is owed by it."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.server = Server(ring_bytes=dice.choice([4_000, 20_000, 10**7]))
        client = self.server.connect(high_water=dice.choice([0, 600, HIGH_WATER]))
        client.peer.stop_reading()
        self.reader = Reader(client)
        self.filters: dict[str, Filter] = {}
        self.owed: set[int] = set()
        self.published = 0

    async def publish(self) -> None:
        for _ in range(self.dice.randint(1, 6)):
            agent = self.dice.choice("abcd")
            self.published += 1
            if self.dice.random() < 0.5:
                topic = Topic("agent", agent, "log")
                self.server.publish(log(f"e-{self.published}", agent))
            else:
                topic = Topic("agent", agent, "status")
                self.server.publish(status(f"e-{self.published}", agent))
            if any(one.matches(topic) for one in self.filters.values()):
                self.owed.add(self.published)

    async def read(self) -> None:
        """Perhaps before all is written that could be."""
        for _ in range(self.dice.choice([0, 1, 2, 10, 100])):
            await asyncio.sleep(0)
        self.reader.read()

    async def subscribe(self) -> None:
        id_, agent = self.dice.choice("xyz"), self.dice.choice("abcd*")
        if id_ in self.filters:
            await self.drain()
        data = {"subscriptionId": id_, "resource": "agent", "resourceId": agent}
        self.reader.client.say("subscribe", **data)
        self.filters[id_] = Filter("agent", agent)

    async def unsubscribe(self) -> None:
        await self.drain()
        for id_ in list(self.filters)[:1]:
            del self.filters[id_]
            self.reader.client.say("unsubscribe", subscriptionId=id_)

    async def drain(self) -> None:
        """What is under way for a subscription that ends would be nobody's any more."""
        await quiet()
        while self.reader.read():
            await quiet()


@pytest.mark.parametrize("seed", range(150))
@in_virtual_time
async def test_nothing_is_lost_or_repeated_whatever_comes_between(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice = random.Random(seed)
    monkeypatch.setattr("tui.server.catchup.PAGE_BYTES", dice.choice([1, 600, 5_000]))
    monkeypatch.setattr("tui.server.snapshot.STATE_EVENTS", dice.choice([1, 256]))
    story = Story(dice)
    steps = [story.publish, story.publish, story.read, story.subscribe, story.unsubscribe]
    for _ in range(120):
        await dice.choice(steps)()
    await story.drain()
    received = set(story.reader.events)
    assert received <= story.owed <= received | story.reader.lost
    for one in story.server.broker.snapshot("agent"):
        if any(filter_.matches(one.topic) for filter_ in story.filters.values()):
            assert story.reader.state[(one.type, one.topic.id)] == one.offset
