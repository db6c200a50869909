"""What remembers: each resource one ordered stream of events, and the newest event of each key.

Every server process holds the recent events and the newest state in memory, whatever the broker
behind them, so `position` and `snapshot` answer at once and exactly agree with what `deliver` was
given. What may have to wait for a disk or a network (`publish`, `read`) is awaitable.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from tui.protocol.errors import ProtocolError
from tui.protocol.models.base import Event
from tui.protocol.routing import state_key, topic_of
from tui.protocol.topics import Topic


class Position(NamedTuple):
    """A place in one stream: everything up to `offset`, which counts from 1 within `epoch`."""

    epoch: str
    offset: int


class Draft(NamedTuple):
    """An accepted event on its way in; `raw` is the publisher's own JSON."""

    raw: bytes
    id: str
    type: str
    topic: Topic
    key: str | None

    @classmethod
    def of(cls, event: Event, raw: bytes) -> "Draft":
        return cls(raw, event.id, event.type, topic_of(event), state_key(event))


_OVERHEAD = 400
"""What Python keeps for an event beside its bytes."""


class Stored(NamedTuple):
    """An event with its place in its stream, encoded once for each layer's readers."""

    offset: int
    type: str
    topic: Topic
    key: str | None
    time: float
    """When it was stored, Unix seconds."""
    plain: bytes
    v1: bytes

    @property
    def size(self) -> int:
        """Roughly what it takes in memory, in bytes."""
        return len(self.plain) + len(self.v1) + _OVERHEAD


class Page(NamedTuple):
    """Consecutive events of one stream, oldest first."""

    events: Sequence[Stored]
    first: int
    """The oldest offset that is still kept; later than was asked for, the rest is lost."""


Deliver = Callable[[Sequence[Stored]], None]
Outcome = ProtocolError | None
"""What became of a draft: None where it is stored, now or within the last five minutes."""


class Broker(Protocol):
    """Offsets, history, newest state, and each event once."""

    deliver: Deliver
    """Called in the event loop with what was stored, each stream in the order of its offsets."""

    async def publish(self, drafts: Sequence[Draft]) -> list[Outcome]:
        """Store each draft whose id is new; one outcome for each, in their order."""

    def position(self, resource: str) -> Position:
        """Where the stream stands: the last offset that was delivered."""

    def snapshot(self, resource: str) -> list[Stored]:
        """The newest event of each state key as of `position`, by rising offset."""

    async def read(self, resource: str, after: int, limit: int) -> Page:
        """Events after an offset, of some `limit` bytes in all, at least one where there is one."""

    async def since(self, resource: str, moment: float) -> int:
        """The offset after which everything was stored at `moment` (Unix seconds) or later."""
