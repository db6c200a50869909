"""v1: what this client has of each stream, so that it sees every event once, or is told of a gap.

Per stream three things are kept, across connections:

- the highest offset received: what is not above it is a duplicate;
- the cursor, which follows once the handlers have returned, and is where a resume begins;
- for each state key the offset last delivered, so that a snapshot changes only what is older.

A snapshot does not raise the highest offset received: an event below it that is still to come is
news, unless that gave it, or what is newer of its state key.
"""

from collections import defaultdict
from collections.abc import Iterable
from itertools import islice

from tui.client.status import Gap
from tui.protocol.catalog import EVENTS, RESOURCES
from tui.protocol.errors import ProtocolError
from tui.protocol.models.base import Event
from tui.protocol.models.control import Lost, Position, Positions
from tui.protocol.routing import key_fields

MAX_KEYS = 10_000
"""State keys remembered of a type: as many as a server keeps. Of more, the longest untouched are
forgotten, which costs a repeat."""

Marks = dict[str, tuple[str, int]]
"""Epoch and offset by resource: positions, without the price of a model a frame."""


def marks_of(positions: Positions | None) -> Marks:
    return {resource: (place.epoch, place.offset) for resource, place in (positions or {}).items()}


class _Stream:
    __slots__ = (
        "awaits_state",
        "cursor",
        "epoch",
        "gap_said",
        "has_moved",
        "head",
        "keys",
        "received",
    )

    def __init__(self) -> None:
        self.has_moved = False
        """Whether something was received that no marks have told of."""
        self.restart(None)

    def restart(self, epoch: str | None) -> None:
        self.epoch = epoch
        self.received = 0
        self.head = 0
        self.cursor: int | None = None
        self.keys: defaultdict[str, dict[object, int]] = defaultdict(dict)
        """By event type and state key, the offset last delivered."""
        self.gap_said = False
        self.awaits_state = False

    @property
    def is_untouched(self) -> bool:
        """Whether nothing of this epoch was received by the stream, or handled."""
        return self.cursor is None and not self.received

    def is_news(self, event: Event, offset: int) -> bool:
        """Whether an event of the live or replayed stream was not delivered yet; notes that it is.

        An older event of a key than a snapshot gave is none: it was said to be lost, and would
        undo what the snapshot said.
        """
        if offset <= self.received:
            return False
        self.received = offset
        self.gap_said = False
        key = key_fields(event)
        if key is not None and not self._is_newer(event.type, key, offset):
            return False
        self.has_moved = True
        return True

    def is_newer_state(self, event: Event, offset: int) -> bool:
        """Whether a snapshot's entry is newer than what was delivered for its key; notes it."""
        key = key_fields(event)
        if key is None:
            return offset > self.received
        return self._is_newer(event.type, key, offset)

    def _is_newer(self, type_: str, key: object, offset: int) -> bool:
        keys = self.keys[type_]
        known = keys.pop(key, 0)  # taken out and put in again, it is the newest
        if known >= offset:
            keys[key] = known
            return False
        keys[key] = offset
        if len(keys) > MAX_KEYS:
            for oldest in tuple(islice(keys, MAX_KEYS // 10)):
                del keys[oldest]
        return True


class Streams:
    def __init__(self) -> None:
        # These and no others: a server may name what it likes.
        self._streams = {resource: _Stream() for resource in RESOURCES}
        self._of = {name: self._streams[spec.resource] for name, spec in EVENTS.items()}

    def is_news(self, event: Event) -> bool:
        """Whether an event of the stream was not delivered before; notes that now it is."""
        metadata = event.metadata
        if metadata is None or (offset := metadata.offset) is None:
            return True  # not a stored event: there is nothing to tell it by
        return self._of[event.type].is_news(event, offset)

    def unreadable(self, error: ProtocolError, followed: Iterable[str]) -> list[Gap]:
        """The gap that an event leaves which could not be read, the first time that it comes.

        It is in its own stream, as far as it still says which, or in any of those `followed`.
        """
        event = EVENTS.get(error.type or "")
        if event is None:
            return [Gap(one) for one in sorted(followed)]
        stream, offset = self._streams[event.resource], error.offset
        if offset is None:
            return [Gap(event.resource)]
        if offset <= stream.received:
            return []
        stream.received, stream.has_moved = offset, True
        return [Gap(event.resource, offset, offset)]

    def is_newer_state(self, entry: Event) -> bool:
        """Whether a snapshot's entry is newer than what was delivered; notes that now it is."""
        metadata = entry.metadata
        if metadata is None or (offset := metadata.offset) is None:
            return True
        return self._of[entry.type].is_newer_state(entry, offset)

    def learn(self, positions: Marks) -> list[Gap]:
        """Note how far the streams are; where the numbering has started afresh, that is a gap."""
        gaps = []
        for resource, (epoch, offset) in positions.items():
            stream = self._streams.get(resource)
            if stream is None:
                continue
            if stream.epoch != epoch:
                began_anew = stream.epoch is not None
                if began_anew or stream.received == 0:
                    stream.restart(epoch)
                stream.epoch = epoch
                if began_anew:
                    stream.gap_said = True
                    gaps.append(Gap(resource))
            stream.head = max(stream.head, offset)
        return gaps

    def begin(self, positions: Marks) -> None:
        """Subscriptions are in force from there on: where nothing came yet, resume there.

        Otherwise what is stored before the first event has been handled would be missed, and
        nobody told, where the connection is lost meanwhile.
        """
        for resource, (epoch, offset) in positions.items():
            stream = self._streams.get(resource)
            if stream is not None and stream.epoch == epoch and stream.is_untouched:
                stream.cursor = offset

    def lost(self, resource: str, lost: Lost | None) -> list[Gap]:
        """A gap the server told of; none where we found the new epoch ourselves and said so."""
        stream = self._streams.get(resource)
        if stream is None:
            return []
        if lost is not None:
            gaps = [Gap(resource, lost.from_, lost.to)]
        elif stream.gap_said:
            gaps = []
        else:
            stream.restart(None)
            stream.gap_said = True
            gaps = [Gap(resource)]
        stream.awaits_state = True
        return gaps

    def awaits_state(self, resource: str) -> bool:
        """Whether a gap was said, and the snapshot that follows is still to come."""
        stream = self._streams.get(resource)
        return stream is not None and stream.awaits_state

    def has_state(self, resource: str) -> None:
        """The last page of a snapshot has come."""
        if stream := self._streams.get(resource):
            stream.awaits_state = False

    def received(self, said: Marks) -> Marks:
        """Where the cursor will be once what was received since the last call has been handled.

        `said` is up to where everything was sent, by the word of snapshots and pongs.
        """
        marks: Marks = {}
        for resource, stream in self._streams.items():
            if stream.has_moved and stream.epoch is not None:  # or else it waits for the epoch
                stream.has_moved = False
                if stream.received:  # or else its numbering has started afresh since
                    marks[resource] = (stream.epoch, stream.received)
        for resource, (epoch, offset) in said.items():
            known = marks.get(resource)
            if known is None or known[0] != epoch or known[1] < offset:
                marks[resource] = (epoch, offset)
        return marks

    def handled(self, upto: Marks) -> None:
        """Advance the cursor: the handlers have returned for everything up to there."""
        for resource, (epoch, offset) in upto.items():
            stream = self._streams.get(resource)
            if stream is None or stream.epoch != epoch:
                continue
            if stream.cursor is None or offset > stream.cursor:
                stream.cursor = offset

    def connection_lost(self) -> None:
        """Forget what cannot be compared with another connection's: offsets of no known epoch."""
        for stream in self._streams.values():
            stream.awaits_state = False
            if stream.epoch is None:
                stream.restart(None)

    def has_begun(self, resource: str) -> bool:
        """Whether some of its events have come."""
        stream = self._streams.get(resource)
        return stream is not None and stream.received > 0

    def lag(self, followed: Iterable[str]) -> int:
        """Offsets that the server has told of and the handlers have not: an upper bound.

        Of what is replayed, `heads` told how far it reached when it began. Of a stream that is
        followed no more, nothing will come.
        """
        streams = [self._streams[one] for one in followed]
        return sum(
            max(0, stream.head - stream.cursor, stream.received - stream.cursor)
            for stream in streams
            if stream.cursor is not None
        )

    @property
    def cursor(self) -> dict[str, Position]:
        """Where a resume begins; streams of which nothing was handled yet are left out."""
        return {
            resource: Position(epoch=stream.epoch, offset=stream.cursor)
            for resource, stream in self._streams.items()
            if stream.epoch is not None and stream.cursor is not None
        }
