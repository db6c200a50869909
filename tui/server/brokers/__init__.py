"""What remembers: each resource one ordered stream of events, and the newest event of each key.

Every server process holds the recent events and the newest state in memory, whatever the broker
behind them, so `position` and `snapshot` answer at once and exactly agree with what `deliver` was
given. What may have to wait for a disk or a network is answered later (`publish`) or awaited
(`read`).
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from tui.protocol.envelope import with_offset
from tui.protocol.errors import ProtocolError
from tui.protocol.express import Draft
from tui.protocol.topics import Topic


class Position(NamedTuple):
    """A place in one stream: everything up to `offset`, which counts from 1 within `epoch`."""

    epoch: str
    offset: int


OVERHEAD = 400
"""What Python keeps for an event beside its bytes."""


class Stored(NamedTuple):
    """An event with its place in its stream."""

    offset: int
    type: str
    topic: Topic
    key: str | None
    time: float
    """When it was stored, Unix seconds; may fall where the clock was set back."""
    plain: bytes
    """As it was kept, which is as plain readers get it."""

    @property
    def v1(self) -> bytes:
        """As v1 readers get it; made anew each time, since history is read far less than kept."""
        return with_offset(self.plain, self.offset)

    @property
    def size(self) -> int:
        """Roughly what it takes in memory, in bytes."""
        return len(self.plain) + OVERHEAD


class Page(NamedTuple):
    """Consecutive events of one stream, oldest first."""

    events: Sequence[Stored]
    first: int
    """The oldest offset that is still kept; later than was asked for, the rest is lost."""


Deliver = Callable[[Sequence[Stored]], None]
Outcome = ProtocolError | None
"""What became of a draft: None where it is stored, now or within the last five minutes."""
Answer = Callable[[Sequence[Outcome]], None]


class Broker(Protocol):
    """Offsets, history, newest state, and each event once."""

    deliver: Deliver
    """Called in the event loop with what was stored, each stream in the order of its offsets."""

    def publish(self, drafts: Sequence[Draft], answer: Answer) -> None:
        """Store each draft whose id is new, and call `answer` with one outcome for each, in order.

        At once, or later in the event loop; several calls are stored, and answered, in their order,
        each once it was delivered. What cannot be stored now is `unavailable`, and then so is the
        rest of the call.
        """

    def position(self, resource: str) -> Position:
        """Where the stream stands: the last offset that was delivered."""

    def snapshot(self, resource: str) -> list[Stored]:
        """The newest event of each state key as of `position`, by rising offset."""

    async def read(self, resource: str, after: int, limit: int) -> Page:
        """Events after an offset, of some `limit` bytes in all, at least one where there is one.

        Raises ProtocolError (`unavailable`) where they cannot be read now.
        """

    async def since(self, resource: str, moment: float) -> int:
        """The offset after which everything was stored at `moment` (Unix seconds) or later.

        Raises ProtocolError (`unavailable`) where that cannot be read now.
        """

    @property
    def healthy(self) -> bool:
        """Whether what is published now will be stored, as far as is known."""

    @property
    def lag(self) -> float:
        """Seconds that the publish which waits longest has waited for its answer."""
