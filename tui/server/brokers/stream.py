"""What a server process holds in memory of a stream, whatever the broker behind it."""

from dataclasses import dataclass

from tui.server.brokers import Position, Stored
from tui.server.brokers.newest import NewestState
from tui.server.brokers.recent import RecentIds
from tui.server.brokers.ring import Ring

RING_BYTES = 8 * 1024 * 1024
"""History kept in memory for each resource."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is remembered beside history."""

    state_keys: int = 10_000
    """State keys kept of each type of event."""
    state_bytes: int = 8 * 1024 * 1024
    """Newest state kept of each type of event."""
    state_seconds: float = 24 * 3600.0
    dedupe_seconds: float = 300.0
    dedupe_ids: int = 1_000_000
    """Some 200 MB of ids at the very most, at more than 3,300 events a second for five minutes."""

    def recent_ids(self) -> RecentIds:
        return RecentIds(self.dedupe_seconds, self.dedupe_ids)


DEFAULTS = Limits()


class Stream:
    """The recent past of one resource, and its present state."""

    def __init__(self, epoch: str, ring_bytes: int, limits: Limits, last: int = 0) -> None:
        self.epoch = epoch
        self.ring = Ring(ring_bytes, last)
        self.state = NewestState(limits.state_keys, limits.state_bytes, limits.state_seconds)

    def add(self, event: Stored) -> None:
        """The next event of the stream."""
        self.ring.append(event)
        if event.key is not None:
            self.state.put(event)

    @property
    def position(self) -> Position:
        return Position(self.epoch, self.ring.last)
