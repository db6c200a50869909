"""Events as the journal's file holds them: a row for what one commit stored of one stream.

So a commit costs a row or two however many events it has, and so does a page of history; each
statement that a thread executes is also a time it may wait for Python's lock.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import orjson

from tui.protocol.catalog import EVENTS
from tui.protocol.express import Draft
from tui.protocol.topics import Topic
from tui.server.brokers import Stored

SEGMENT_BYTES = 64 * 1024
"""What a segment holds; but an event is never cut."""


class MalformedError(Exception):
    """A row is not what was once written."""


class Segment(NamedTuple):
    """Consecutive events of one stream, stored at one time."""

    stream: str
    first: int
    last: int
    time: float
    """Unix seconds."""
    entries: bytes
    """JSON: `[id, type, the topic's id, state key, bytes]` of each event."""
    events: bytes
    """JSON: the events, as they were kept."""

    @classmethod
    def of(cls, stream: str, first: int, time: float, drafts: Sequence[Draft]) -> "Segment":
        entries = [
            (id_, type_, topic.id, key, len(kept)) for kept, id_, type_, topic, key in drafts
        ]
        events = b"[%b]" % b",".join([draft.kept for draft in drafts])
        last = first + len(drafts) - 1
        return cls(stream, first, last, time, orjson.dumps(entries), events)

    def ids(self) -> list[str]:
        """The events' ids. Raises MalformedError."""
        try:
            return [str(entry[0]) for entry in orjson.loads(self.entries)]
        except (ValueError, TypeError, LookupError) as error:
            raise self._malformed(error) from error

    def stored(self) -> list[Stored]:
        """The events, by rising offset. Raises MalformedError."""
        found: list[Stored] = []
        at = 1
        try:
            for _, type_, id_, key, size in orjson.loads(self.entries):
                spec = EVENTS.get(type_)
                topic = Topic(self.stream, id_, spec.event if spec else type_)
                plain = self.events[at : at + size]
                found.append(Stored(self.first + len(found), type_, topic, key, self.time, plain))
                at += size + 1
        except (ValueError, TypeError) as error:
            raise self._malformed(error) from error
        if at != len(self.events) or self.first + len(found) - 1 != self.last:
            raise self._malformed("its parts do not fit")
        return found

    def _malformed(self, why: object) -> MalformedError:
        return MalformedError(f"{self.stream} {self.first} to {self.last}: {why}")


def pieces(drafts: Iterable[Draft]) -> Iterable[list[Draft]]:
    """The drafts in their order, each piece fit for one segment."""
    piece: list[Draft] = []
    size = 0
    for draft in drafts:
        if piece and size + len(draft.kept) > SEGMENT_BYTES:
            yield piece
            piece, size = [], 0
        piece.append(draft)
        size += len(draft.kept)
    if piece:
        yield piece
