"""One stream of one v1 connection on its way to live: replay and snapshot, as the socket drains.

While a stream is here, its live events are not queued for the connection: they are read from the
broker afterwards. So nothing is lost or sent twice where the two meet, whatever the reader's pace,
and a long replay costs no memory.
"""

from collections.abc import Callable, Collection, Mapping

from tui.protocol.envelope import replayed
from tui.protocol.topics import Filter
from tui.server.brokers import Broker, Position, Stored
from tui.server.metrics import Metrics
from tui.server.replies import Replies
from tui.server.snapshot import Snapshot

PAGE_BYTES = 64 * 1024
"""How much is read from the broker at a time."""


class CatchUp:
    """Sends what follows `at`, then a snapshot if one was asked for, up to the stream's head.

    `subscriptions` are the connection's own, as they change. Events up to `replay_to` are marked
    as replayed: they happened before the client asked. `trimmed` is called where history goes
    faster than the client reads it.
    """

    def __init__(
        self,
        resource: str,
        broker: Broker,
        replies: Replies,
        subscriptions: Mapping[str, Filter],
        at: int,
        metrics: Metrics,
        trimmed: Callable[[], None],
    ) -> None:
        self.at = at
        """Everything that matches was sent, up to here."""
        self.replay_to = 0
        self.snapshot_after_gap = True
        self._resource = resource
        self._broker = broker
        self._replies = replies
        self._subscriptions = subscriptions
        self._metrics = metrics
        self._trimmed = trimmed
        self._has_read = False
        self._state: list[Stored] | None = None
        self._begins: dict[str, int] = {}
        self._snapshot_for: set[str] = set()
        self._snapshot: Snapshot | None = None

    def add(
        self, ids: Collection[str], *, after: int, snapshot: bool, state_first: bool = False
    ) -> None:
        """Let subscriptions begin after an offset, and perhaps be given their state at the head.

        With `state_first` they are rather given, before what follows that offset, what of their
        state is not in it.
        """
        self._begins |= dict.fromkeys(ids, after)
        if snapshot and ids:
            # Where nothing is to be sent before it, it is the state of now, whatever comes
            # meanwhile: so live events follow its last page.
            is_first = self._snapshot is None and not self._snapshot_for
            if is_first and self._is_at_head:
                self._state = self._broker.snapshot(self._resource)
            elif is_first and state_first and after == self.at and not self._has_read:
                state = self._broker.snapshot(self._resource)
                self._state = [one for one in state if one.offset <= after]
            else:
                self._state = None
            self._snapshot_for.update(ids)

    @property
    def is_done(self) -> bool:
        """Whether the stream is live from this moment on."""
        return self._snapshot is None and not self._snapshot_for and self._is_at_head

    async def next_messages(self) -> list[bytes]:
        """What to send next; perhaps nothing, though it may not be done yet."""
        if self._snapshot is not None:
            if page := await self._snapshot.next_page():
                return [page]
            self._snapshot = None
        if self._state is None and not self._is_at_head:
            return await self._replay()
        if self._snapshot_for:
            self._take_snapshot()
        return []

    @property
    def _is_at_head(self) -> bool:
        return self.at == self._broker.position(self._resource).offset

    def _take_snapshot(self) -> None:
        head = Position(self._broker.position(self._resource).epoch, self.at)
        newest = self._broker.snapshot(self._resource) if self._state is None else self._state
        ids, self._snapshot_for = self._snapshot_for, set()
        self._state = None
        self._snapshot = Snapshot(
            self._resource, head, newest, ids, self._subscriptions, self._replies
        )

    async def _replay(self) -> list[bytes]:
        page = await self._broker.read(self._resource, self.at, PAGE_BYTES)
        if page.first > self.at + 1:
            lost = (self.at + 1, page.first - 1)
            self.at = page.first - 1
            self._metrics.gaps += 1
            if self._has_read:
                self._trimmed()
            if self.snapshot_after_gap:
                self._snapshot_for.update(self._subscriptions)
            return [self._replies.gap(self._resource, lost)]
        self._has_read = True
        self.at = page.events[-1].offset
        asked = [(self._begins.get(id_, 0), one) for id_, one in self._subscriptions.items()]
        found = []
        for event in page.events:
            if any(begin < event.offset and one.matches(event.topic) for begin, one in asked):
                message = replayed(event.v1) if event.offset <= self.replay_to else event.v1
                self._metrics.sent(event.type, len(message))
                found.append(message)
        return found
