"""What one client is owed, was given, and was told is lost: of each stream of each server.

From the moment a client knows that a subscription is in force, it is owed every event that is
stored and matches, whatever becomes of its connection, until it unsubscribes.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field

from tests.unit.server.schedules.ledger import Entry, Ledger
from tui.client import Gap
from tui.protocol.catalog import EVENTS
from tui.protocol.models.base import Event
from tui.protocol.topics import Filter


@dataclass(slots=True)
class Page:
    """One stream of one ledger."""

    given: dict[int, int] = field(default_factory=dict)
    """Offsets that came, with how many each stands for beside itself."""
    last: int = 0
    """The highest offset that came by the stream, and in no snapshot."""
    owed: dict[int, set[str]] = field(default_factory=dict)
    """Offsets, with the subscriptions that ask for them."""
    gaps: list[range] = field(default_factory=list)


class Account:
    """`number`s are those of ledgers, in the order in which servers began them."""

    def __init__(self, name: str, ledgers: list[Ledger]) -> None:
        self.name = name
        self.gaps = 0
        self.conflated = 0
        self._ledgers = ledgers
        self._pages: dict[tuple[int, str], Page] = defaultdict(Page)
        self._left: dict[str, int] = defaultdict(int)
        """By stream: of ledgers before this one the client was told that they are over."""

    def owe(self, number: int, entry: Entry, asked_by: Collection[str]) -> None:
        page = self._pages[number, entry.stored.topic.resource]
        page.owed[entry.stored.offset] = set(asked_by)

    def unsubscribed(self, id_: str) -> None:
        for page in self._pages.values():
            for offset, asked_by in list(page.owed.items()):
                asked_by.discard(id_)
                if not asked_by and offset not in page.given:
                    del page.owed[offset]

    def gap(self, number: int, gap: Gap) -> None:
        self.gaps += 1
        if gap.lost_from is None or gap.lost_to is None:
            self._left[gap.resource] = max(self._left[gap.resource], number)
        else:
            lost = range(gap.lost_from, gap.lost_to + 1)
            self._pages[number, gap.resource].gaps.append(lost)

    def give(self, number: int, event: Event, *, is_state: bool) -> None:
        """A handler got an event, from the stream or (`is_state`) from a snapshot."""
        resource, metadata = EVENTS[event.type].resource, event.metadata
        offset = metadata.offset if metadata else None
        what = f"{self.name}: {event.id}, {resource} {number}:{offset}"
        stream = self._ledgers[number].streams[resource]
        assert offset is not None, what
        assert stream[offset - 1].said["id"] == event.id, f"{what} is another event"
        page = self._pages[number, resource]
        assert offset not in page.given, f"{what} came twice"
        if not is_state:
            assert offset > page.last, f"{what} came after {page.last}"
            page.last = offset
        conflated = (metadata.conflated if metadata else None) or 0
        page.given[offset] = conflated  # in the order in which they came, as a dict keeps it
        self.conflated += conflated

    def check(self) -> None:
        """Everything came, or something newer stands for it, or it was said to be lost."""
        for (number, resource), page in self._pages.items():
            stream = self._ledgers[number].streams[resource]
            missing = [at for at in page.owed if at not in page.given]
            missing = [at for at in missing if not any(at in gap for gap in page.gaps)]
            if number < self._left[resource]:
                missing = [at for at in missing if at <= page.last]
            missing = _not_conflated(page, stream, missing)
            assert not missing, f"{self.name}: of {resource} {number} {missing} never came"

    def fold(self, number: int, filters: Collection[Filter]) -> dict[tuple[str, str], int]:
        """The offset that came last of each type and state key that these filters match."""
        last: dict[tuple[str, str], int] = {}
        for resource in {name for one in filters for name in one.resources}:
            stream = self._ledgers[number].streams[resource]
            for offset in self._pages[number, resource].given:
                event = stream[offset - 1].stored
                if event.key is not None and any(one.matches(event.topic) for one in filters):
                    last[event.type, event.key] = offset
        return last


def _not_conflated(page: Page, stream: list[Entry], missing: list[int]) -> list[int]:
    """Those of these offsets for which nothing newer stands that came."""
    by_key: dict[object, list[int]] = defaultdict(list)
    for offset in missing:
        by_key[stream[offset - 1].key].append(offset)
    unpaid = by_key.pop(None, [])
    for key, offsets in by_key.items():
        stands = {at: n for at, n in page.given.items() if n and stream[at - 1].key == key}
        if len(offsets) > sum(stands.values()) or max(offsets) > max(stands, default=0):
            unpaid += offsets
    return unpaid
