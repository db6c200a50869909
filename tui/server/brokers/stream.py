"""What a server process holds in memory of a stream, whatever the broker behind it."""

from tui.server.brokers import Position, Stored
from tui.server.brokers.newest import NewestState
from tui.server.brokers.ring import Ring
from tui.server.limits.sizes import Limits

RING_BYTES = 8 * 1024 * 1024
"""History kept in memory for each resource."""


class Stream:
    """The recent past of one resource, and its present state."""

    def __init__(self, epoch: str, ring_bytes: int, limits: Limits, last: int = 0) -> None:
        self.epoch = epoch
        self.ring = Ring(ring_bytes, last)
        self.state = NewestState(limits.state_keys, limits.state_size, limits.state_age)

    def add(self, event: Stored) -> None:
        """The next event of the stream."""
        self.ring.append(event)
        if event.key is not None:
            self.state.put(event)

    @property
    def position(self) -> Position:
        return Position(self.epoch, self.ring.last)
