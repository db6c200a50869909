"""What was stored, and what one v1 connection is owed of it: the truth that schedules check by."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tui.protocol.catalog import EVENTS
from tui.server.brokers import Stored

CONFLATED = {
    "agent_status",
    "agent_task_update",
    "agent_metric",
    "coverage_update",
    "deployment_status",
}
"""Types of which a newer event may stand for the older ones of its state key."""
DEDUPE_SECONDS = 300.0
SERVERS = ("offset", "replayed", "conflated", "compressed")
Message = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """A stored event, and what it says."""

    stored: Stored
    said: Message

    @property
    def key(self) -> tuple[str, str] | None:
        """What newer events of the same may stand for it; None: nothing may."""
        event = self.stored
        return (event.type, event.key) if event.key and event.type in CONFLATED else None


class Ledger:
    """All that one server stored, by stream."""

    def __init__(self) -> None:
        self.streams: dict[str, list[Entry]] = defaultdict(list)
        self.stored_at: dict[str, float] = {}
        """When each id was stored last, by a clock that is never set."""

    def add(self, events: Sequence[Stored], now: float) -> list[Entry]:
        added = []
        for event in events:
            entry = Entry(event, json.loads(event.plain))
            stream = self.streams[event.topic.resource]
            stream.append(entry)
            added.append(entry)
            assert event.offset == len(stream), "offsets count 1, 2, 3 …"
            id_ = entry.said["id"]
            before = self.stored_at.get(id_)
            assert before is None or now - before >= DEDUPE_SECONDS, f"{id_} is stored twice"
            self.stored_at[id_] = now
        return added

    def entry(self, message: Message) -> Entry:
        """What was stored in a delivered event's place; it must be the same."""
        offset: int = message["metadata"]["offset"]
        entry = self.streams[EVENTS[message["type"]].resource][offset - 1]
        metadata = {k: v for k, v in message["metadata"].items() if k not in SERVERS}
        assert message | {"metadata": metadata} == entry.said
        return entry


@dataclass(slots=True)
class Debt:
    """An event that a connection is to be given."""

    entry: Entry
    asked_by: set[str]
    """The subscriptions that it matches."""
    may_lapse: bool
    """Whether it is nobody's any more once they end: it was to be read from history."""
    is_behind: bool = False
    """Whether the client has asked for it with a cursor behind its own."""


@dataclass(slots=True)
class Account:
    """What one v1 connection is owed, was given, and was told is lost."""

    ledger: Ledger
    debts: dict[str, dict[int, Debt]] = field(default_factory=lambda: defaultdict(dict))
    """By stream and offset."""
    last: dict[str, int] = field(default_factory=dict)
    """The last offset that was given, by stream."""
    conflated: int = 0
    _settled: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    _lapsed: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    """What may be given still, or not."""
    _gaps: dict[str, list[range]] = field(default_factory=lambda: defaultdict(list))
    """What was said to be lost."""

    def owe(
        self, entry: Entry, asked_by: Iterable[str], *, may_lapse: bool, is_behind: bool = False
    ) -> None:
        resource, offset = entry.stored.topic.resource, entry.stored.offset
        lapsed, debts = self._lapsed[resource], self.debts[resource]
        if offset in self._settled[resource]:
            return
        if is_behind and (offset in lapsed or any(offset in gap for gap in self._gaps[resource])):
            lapsed.add(offset)  # the gap was said first, though the client asked before
            return
        lapsed.discard(offset)
        if offset in debts:
            debts[offset].asked_by.update(asked_by)
        else:
            debts[offset] = Debt(entry, set(asked_by), may_lapse, is_behind)

    def allow(self, entry: Entry) -> None:
        """It may be given, or not."""
        resource, offset = entry.stored.topic.resource, entry.stored.offset
        if offset not in self.debts[resource] and offset not in self._settled[resource]:
            self._lapsed[resource].add(offset)

    def given(self, message: Message) -> Entry:
        """An event came."""
        entry = self.ledger.entry(message)
        resource, offset = entry.stored.topic.resource, entry.stored.offset
        assert offset > self.last.get(resource, 0), f"{resource}: offsets rise"
        self.last[resource] = offset
        debts, lapsed = self.debts[resource], self._lapsed[resource]
        assert offset in debts or offset in lapsed, "nobody asked for it, or it came twice"
        self._settle(resource, [offset])
        count = message["metadata"].get("conflated", 0)
        self.conflated += count
        older = [at for at, one in debts.items() if at < offset and _stands_for(entry, one.entry)]
        stream = self.ledger.streams[resource]
        perhaps = [at for at in lapsed if at < offset and _stands_for(entry, stream[at - 1])]
        assert len(older) <= count <= len(older) + len(perhaps), "conflated so many"
        self._settle(resource, older)
        left_out = [at for at, one in debts.items() if at < offset and one.entry.key is None]
        assert not left_out, f"{resource}: {left_out} were left out before {offset}"
        return entry

    def begin_anew(self, resource: str) -> None:
        """The client asks for a stream that it did not follow, from wherever it likes.

        What it has been given already may come again.
        """
        self.last.pop(resource, None)
        self._lapsed[resource] |= self._settled.pop(resource, set())

    def lost(self, resource: str, first: int, last: int) -> None:
        """A gap was said, which is an upper bound: what is in it may come still, or not."""
        assert last <= len(self.ledger.streams[resource])
        self._gaps[resource].append(range(first, last + 1))
        debts = self.debts[resource]
        for offset in [at for at in debts if first <= at <= last]:
            del debts[offset]
            self._lapsed[resource].add(offset)

    def ended(self, id_: str) -> None:
        """A subscription has ended, or was replaced."""
        for resource, debts in self.debts.items():
            for offset, debt in list(debts.items()):
                if id_ in debt.asked_by and debt.may_lapse:
                    debt.asked_by.discard(id_)
                    if not debt.asked_by:
                        del debts[offset]
                        self._lapsed[resource].add(offset)

    def check_claim(self, resource: str, offset: int, *, at_the_end: bool = False) -> None:
        """Everything up to there must have been sent, or something newer stands for it."""
        debts = self.debts[resource]
        unsent = [
            at
            for at, one in debts.items()
            if at <= offset
            and not (at_the_end and one.is_behind)
            and not any(
                later > at and _stands_for(o.entry, one.entry) for later, o in debts.items()
            )
        ]
        assert not unsent, f"{resource}: {unsent} were not sent, but all up to {offset} is claimed"

    @property
    def unpaid(self) -> dict[str, list[int]]:
        return {resource: sorted(debts) for resource, debts in self.debts.items() if debts}

    def _settle(self, resource: str, offsets: Iterable[int]) -> None:
        for offset in offsets:
            self.debts[resource].pop(offset, None)
            self._lapsed[resource].discard(offset)
            self._settled[resource].add(offset)


def _stands_for(newer: Entry, older: Entry) -> bool:
    return older.key is not None and newer.key == older.key
