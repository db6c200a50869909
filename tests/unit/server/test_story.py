"""Snapshot, replay and live events meet with no loss or repetition, whatever comes between."""

import random
from collections.abc import Coroutine
from typing import Any

import pytest

from tests.support.frames import log, messages, status
from tests.unit.server.clients import Server, say
from tui.protocol.topics import Filter, Topic
from tui.server.connection import Connection


class Reader:
    """A client by the book: it keeps the newest of each state key, and drops nothing in secret."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.offset = 0
        self.state: dict[tuple[str, str], int] = {}
        self.events: list[int] = []
        self.lost: set[int] = set()
        self._reading: Coroutine[Any, Any, list[bytes]] | None = None

    def read(self, turns: int = 10**6) -> bool:
        """One write's worth; whether there may be more. Others may come in after some turns."""
        reading = self._reading or self.connection.next_frames()
        self._reading = None
        try:
            for _ in range(turns):
                assert reading.send(None) is None, "it waits"
        except StopIteration as done:
            frames: list[bytes] = done.value
            self._apply_all(frames)
            return bool(frames)
        self._reading = reading
        return True

    def _apply_all(self, frames: list[bytes]) -> None:
        for message in messages(frames):
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

    def _apply(self, event: dict[str, Any]) -> None:
        if event["type"] == "agent_status":
            key = (event["type"], event["data"]["agentId"])
            self.state[key] = max(self.state.get(key, 0), event["metadata"]["offset"])


class Story:
    """A random course of events, and what the client is owed by it."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.server = Server(ring_bytes=self.dice.choice([4_000, 20_000, 10**7]))
        self.reader = Reader(self.server.connect())
        self.filters: dict[str, Filter] = {}
        self.owed: set[int] = set()
        self.published = 0

    def publish(self) -> None:
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

    def read(self) -> None:
        self.reader.read(self.dice.choice([1, 2, 10**6]))

    def subscribe(self) -> None:
        id_, agent = self.dice.choice("xyz"), self.dice.choice("abcd*")
        if id_ in self.filters:
            self.drain()
        data = {"subscriptionId": id_, "resource": "agent", "resourceId": agent}
        say(self.reader.connection, "subscribe", **data)
        self.filters[id_] = Filter("agent", agent)

    def unsubscribe(self) -> None:
        self.drain()
        for id_ in list(self.filters)[:1]:
            del self.filters[id_]
            say(self.reader.connection, "unsubscribe", subscriptionId=id_)

    def drain(self) -> None:
        """What is under way for a subscription that ends would be nobody's any more."""
        while self.reader.read():
            pass


@pytest.mark.parametrize("seed", range(150))
def test_nothing_is_lost_or_repeated_whatever_comes_between(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = Story(seed)
    monkeypatch.setattr("tui.server.catchup.PAGE_BYTES", story.dice.choice([1, 600, 5_000]))
    monkeypatch.setattr("tui.server.catchup.STATE_EVENTS", story.dice.choice([1, 256]))
    steps = [story.publish, story.publish, story.read, story.subscribe, story.unsubscribe]
    for _ in range(120):
        story.dice.choice(steps)()
    story.drain()
    received = set(story.reader.events)
    assert received <= story.owed <= received | story.reader.lost
    for one in story.server.broker.snapshot("agent"):
        if any(filter_.matches(one.topic) for filter_ in story.filters.values()):
            assert story.reader.state[(one.type, one.topic.id)] == one.offset
