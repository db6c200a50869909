"""Clients that resume: by the book, and taking nothing on trust."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tests.unit.server.schedules.ledger import Account, Entry, Message
from tests.unit.server.schedules.readers import Reader, Wish, reached
from tui.protocol.catalog import EVENTS, RESOURCES
from tui.protocol.topics import Filter

if TYPE_CHECKING:
    from tests.unit.server.schedules.world import Line, World


class V1Reader(Reader):
    """Keeps a cursor and the newest of each state key, resumes, and takes nothing on trust."""

    def __init__(self, world: "World", name: str) -> None:
        super().__init__(world, name)
        self.cursor: dict[str, tuple[str, int]] = {}
        self.state: dict[str, dict[tuple[str, str], int]] = {one: {} for one in RESOURCES}
        self.settled: set[str] = set()
        """Subscriptions whose state is known, so that the cursor speaks for them too."""
        self.account: Account
        self._wishes: dict[str, Wish] = {}
        """By the id of the message; they have yet to be answered."""
        self._in_force: dict[str, Filter] = {}
        """By what it was told so far."""
        self._gaps_to_come: set[str] = set()
        self._snapshots_to_come: set[str] = set()
        self._page: tuple[str, str, int] | None = None
        """A snapshot that has further pages: its stream, epoch and offset."""
        self._at_least: dict[str, int] = {}
        """Offsets that snapshots spoke of: what comes live is above."""
        self._numbers = 0

    # What it says.

    def connected(self, line: "Line") -> None:
        super().connected(line)
        self.account = Account(line.server.ledger)
        for memory in (self._wishes, self._in_force, self._gaps_to_come, self._at_least):
            memory.clear()
        self._snapshots_to_come.clear()
        self._page = None
        known = {id_: one for id_, one in self.filters.items() if id_ in self.settled}
        new = {id_: one for id_, one in self.filters.items() if id_ not in self.settled}
        if known and self.cursor:
            resume = {r: {"epoch": e, "offset": at} for r, (e, at) in self.cursor.items()}
            self._wish(Wish(known, resume, restores=True))
        else:
            new = dict(self.filters)
        if new:
            self.settled.difference_update(new)
            self._wish(Wish(new))

    def subscribe(self, id_: str, filter_: Filter) -> None:
        self.filters[id_] = filter_
        self.settled.discard(id_)
        if self.line:
            wish = Wish({id_: filter_})
            dice = self.world.dice
            if dice.random() < 0.3:
                wish.snapshot = "always"
                resources = dice.sample(sorted(RESOURCES), 2)
                for resource in resources:
                    epoch, at = self.cursor.get(resource, ("of nobody", 3))
                    at += dice.choice([0, 0, 0, -1, -5, 10**9])
                    wish.resume[resource] = {"epoch": epoch, "offset": at}
            elif dice.random() < 0.1:
                wish.snapshot, wish.since = "always", True
            self._wish(wish)

    def _wish(self, wish: Wish) -> None:
        assert self.line is not None
        self._numbers += 1
        id_ = f"{self.name}-{self._numbers}"
        self._wishes[id_] = wish
        self.line.client.say("subscribe", id_, **wish.data())

    # What it is owed, and what it hears.

    def stored(self, entry: Entry, filters: Mapping[str, Filter]) -> None:
        assert self.line is not None
        asked_by = [id_ for id_, one in filters.items() if one.matches(entry.stored.topic)]
        if asked_by:
            catches_up = entry.stored.topic.resource in self.line.catching_up
            self.account.owe(entry, asked_by, may_lapse=catches_up)

    def hear(self) -> None:
        assert self.line is not None
        for message in self.line.client.take():
            if message["type"] in EVENTS:
                self._hear_event(message)
            elif message["type"] == "subscription_update":
                getattr(self, f"_hear_{message['data']['status']}")(message)
            elif message["type"] == "pong":
                self._hear_pong(message["data"]["positions"])
            elif message["type"] == "error":
                self._hear_error(message)

    def _hear_event(self, message: Message) -> None:
        entry = self.account.given(message)
        resource, offset = entry.stored.topic.resource, entry.stored.offset
        assert resource not in self._gaps_to_come, f"{resource}: the gap comes first"
        assert not self._page or self._page[0] != resource, "live events come after the last page"
        assert offset > self._at_least.get(resource, 0)
        self._advance(resource, self.epoch(resource), offset)
        self._know(entry)

    def _hear_active(self, message: Message) -> None:
        data = message["data"]
        wish = self._wishes.pop(message["metadata"]["correlationId"])
        assert set(data["subscriptionIds"]) == set(wish.filters)
        assert set(data["positions"]) == reached(wish.filters.values())
        for resource, head in data.get("heads", {}).items():
            position = data["positions"][resource]
            assert head["epoch"] == position["epoch"]
            assert head["offset"] > position["offset"]
        for id_ in wish.filters:
            if self._in_force.pop(id_, None):
                self._end(id_)
        if wish.resume or wish.since:
            for resource in data["positions"].keys() - reached(self._in_force.values()):
                self.account.begin_anew(resource)
                self._at_least.pop(resource, None)
        self._in_force |= wish.filters
        for resource, position in data["positions"].items():
            assert position["epoch"] == self.epoch(resource)
            self.account.check_claim(resource, position["offset"])
            self._owe_history(wish, resource)
            known = self.cursor.get(resource, ("", 0))[0]
            if known != position["epoch"] and resource not in self._gaps_to_come:
                self.state[resource].clear()
                self._advance(resource, position["epoch"], position["offset"])

    def _owe_history(self, wish: Wish, resource: str) -> None:
        filters = {i: one for i, one in wish.filters.items() if resource in one.resources}
        stream = self.account.ledger.streams[resource]
        if wish.since:
            for entry in stream:
                if any(one.matches(entry.stored.topic) for one in filters.values()):
                    self.account.allow(entry)
            return
        cursor = wish.resume.get(resource)
        if cursor is None:
            return
        after = cursor["offset"]
        if cursor["epoch"] != self.epoch(resource) or not 0 <= after <= len(stream):
            self._gaps_to_come.add(resource)
            return
        for entry in stream[after:]:
            if asked_by := [i for i, f in filters.items() if f.matches(entry.stored.topic)]:
                behind = not wish.restores
                self.account.owe(entry, asked_by, may_lapse=True, is_behind=behind)

    def _hear_closed(self, message: Message) -> None:
        for id_ in message["data"]["subscriptionIds"]:
            self._in_force.pop(id_, None)  # it is not, where the broker was not available
            self._end(id_)

    def _end(self, id_: str) -> None:
        """A subscription is no more, nor what only it was to be sent."""
        self.account.ended(id_)
        followed = reached(self._in_force.values())
        self._snapshots_to_come &= followed
        if self._page and self._page[0] not in followed:
            self._page = None

    def _hear_gap(self, message: Message) -> None:
        resource, lost = message["data"]["resource"], message["data"].get("lost")
        self._gaps_to_come.discard(resource)
        if lost is not None:
            self.account.lost(resource, lost["from"], lost["to"])
        if self.cursor.get(resource, ("", 0))[0] != self.epoch(resource):
            self.cursor.pop(resource, None)
            self.state[resource].clear()
        self._unsettle(resource)
        if resource in reached(self._in_force.values()):
            self._snapshots_to_come.add(resource)

    def _hear_snapshot(self, message: Message) -> None:
        data = message["data"]
        resource, epoch, offset = data["resource"], data["epoch"], data["offset"]
        assert epoch == self.epoch(resource)
        assert resource not in self._gaps_to_come, f"{resource}: the gap comes first"
        assert self._page in (None, (resource, epoch, offset)), "its pages are of one moment"
        assert offset >= self.account.last.get(resource, 0)
        self.account.check_claim(resource, offset)
        for entry in data["state"]:
            assert entry["metadata"]["offset"] <= offset
            self._know(self.account.ledger.entry(entry))
        self._page = (resource, epoch, offset) if data["more"] else None
        if not data["more"]:
            self._at_least[resource] = offset
            self._snapshots_to_come.discard(resource)
            self._advance(resource, epoch, offset)

    def _hear_denied(self, message: Message) -> None:
        raise AssertionError(f"may subscribe to everything: {message}")

    def _hear_pong(self, positions: dict[str, Any]) -> None:
        for resource, position in positions.items():
            assert position["epoch"] == self.epoch(resource)
            assert resource not in self._gaps_to_come
            self.account.check_claim(resource, position["offset"])
            self._advance(resource, position["epoch"], position["offset"])
        for id_, one in self._in_force.items():
            known = positions.keys() - self._snapshots_to_come
            if self.filters.get(id_) == one and set(one.resources) <= known:
                self.settled.add(id_)

    def _hear_error(self, message: Message) -> None:
        wish = self._wishes.pop(message["metadata"].get("correlationId", ""), None)
        if wish is not None:
            assert message["data"]["code"] == "unavailable"
            again = {id_: f for id_, f in wish.filters.items() if self.filters.get(id_) == f}
            if again:
                wish.filters = again
                self._wish(wish)

    def ended(self) -> None:
        for resource, (epoch, offset) in self.cursor.items():
            if epoch == self.epoch(resource):
                self.account.check_claim(resource, offset, at_the_end=True)
        super().ended()

    def check_quiet(self) -> None:
        super().check_quiet()
        assert self.line is not None
        assert self.account.unpaid == {}
        assert (self._gaps_to_come, self._snapshots_to_come, self._page) == (set(), set(), None)
        assert self._wishes == {}
        assert self._in_force == self.filters
        for resource in RESOURCES:
            for newest in self.line.server.broker.snapshot(resource):
                if any(one.matches(newest.topic) for one in self.filters.values()):
                    known = self.state[resource].get((newest.type, newest.key or ""))
                    assert known == newest.offset, f"{newest.type} of {newest.key} is not known"

    def epoch(self, resource: str) -> str:
        assert self.line is not None
        return self.line.server.broker.position(resource).epoch

    def _advance(self, resource: str, epoch: str, offset: int) -> None:
        before = self.cursor.get(resource)
        if before is None or before[0] != epoch or before[1] < offset:
            self.cursor[resource] = (epoch, offset)

    def _know(self, entry: Entry) -> None:
        event = entry.stored
        if event.key is not None:
            state = self.state[event.topic.resource]
            key = (event.type, event.key)
            state[key] = max(state.get(key, 0), event.offset)

    def _unsettle(self, resource: str) -> None:
        self.settled -= {id_ for id_, one in self.filters.items() if resource in one.resources}
