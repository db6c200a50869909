"""Clients that subscribe, and check whatever they are told; the plain ones."""

import json
from collections import deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.unit.server.schedules.ledger import Entry
from tui.protocol.catalog import EVENTS
from tui.protocol.topics import Filter

if TYPE_CHECKING:
    from tests.unit.server.schedules.world import Line, World

CONTROL = {"connect", "pong", "error", "auth_success", "auth_failure"}
"""What plain clients are told beside events."""


@dataclass(slots=True)
class Wish:
    """A `subscribe` that was sent."""

    filters: dict[str, Filter]
    resume: dict[str, dict[str, Any]] = field(default_factory=dict)
    since: bool = False
    snapshot: str = "auto"
    restores: bool = False
    """Whether it is the first of a connection."""

    def data(self) -> dict[str, Any]:
        specs = [
            {"subscriptionId": id_, "resource": one.resource, "resourceId": one.id}
            | ({"events": list(one.events)} if one.events else {})
            for id_, one in self.filters.items()
        ]
        resume: dict[str, Any] = {"since": 1.0} if self.since else self.resume
        return {"subscriptions": specs, "snapshot": self.snapshot} | (
            {"resume": resume} if resume else {}
        )


def reached(filters: Collection[Filter]) -> set[str]:
    return {resource for one in filters for resource in one.resources}


class Reader:
    """Whoever subscribes: keeps its wishes from connection to connection."""

    v1 = True

    def __init__(self, world: "World", name: str) -> None:
        self.world = world
        self.name = name
        self.filters: dict[str, Filter] = {}
        """What it wants, by subscription."""
        self.line: Line | None = None
        self.pace = 0
        """Bytes that it reads in a step; 0: all at once. -1: none."""

    def connected(self, line: "Line") -> None:
        """The connection is new."""
        self.line = line

    def stored(self, entry: Entry, filters: Mapping[str, Filter]) -> None:
        """The server has an event, and these subscriptions of this client in force."""
        raise NotImplementedError

    def hear(self) -> None:
        """Check all that has been read."""
        raise NotImplementedError

    def ended(self) -> None:
        """The connection is no more; what it is owed there it will not be given."""
        self.line = None

    def subscribe(self, id_: str, filter_: Filter) -> None:
        raise NotImplementedError

    def unsubscribe(self, id_: str) -> None:
        del self.filters[id_]
        if self.line:
            self.line.client.say("unsubscribe", subscriptionId=id_)

    def check_quiet(self) -> None:
        """All is quiet, and nothing may be missing."""
        assert self.line is not None
        assert self.line.client.connection.subscriptions == self.filters


class PlainReader(Reader):
    """Is owed each event in the order in which they were stored."""

    v1 = False

    def __init__(self, world: "World", name: str) -> None:
        super().__init__(world, name)
        self.owed: deque[Entry] = deque()

    def connected(self, line: "Line") -> None:
        super().connected(line)
        self.owed.clear()
        for id_, one in self.filters.items():
            self.subscribe(id_, one)

    def stored(self, entry: Entry, filters: Mapping[str, Filter]) -> None:
        if any(one.matches(entry.stored.topic) for one in filters.values()):
            self.owed.append(entry)

    def subscribe(self, id_: str, filter_: Filter) -> None:
        self.filters[id_] = filter_
        if self.line:
            spec = Wish({id_: filter_}).data()["subscriptions"][0]
            self.line.client.say("subscribe", **spec)

    def hear(self) -> None:
        assert self.line is not None
        frames, self.line.client.peer.frames = self.line.client.peer.frames, []
        for one in frames:
            message = json.loads(one.plain)  # an array is none
            if message["type"] in EVENTS:
                assert self.owed, "nobody asked for it"
                expected = self.owed.popleft().said
                said = {k: v for k, v in message["metadata"].items() if k != "compressed"}
                assert message | {"metadata": said} == expected
            else:
                assert message["type"] in CONTROL, message
                assert "positions" not in message["data"]

    def ended(self) -> None:
        super().ended()
        self.owed.clear()

    def check_quiet(self) -> None:
        super().check_quiet()
        assert not self.owed, f"{len(self.owed)} were never sent"
