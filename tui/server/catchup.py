"""One stream of one v1 connection on its way to live: replay and snapshot, as the socket drains.

While a stream is here, its live events are not queued for the connection: they are read from the
broker afterwards. So nothing is lost or sent twice where the two meet, whatever the reader's pace,
and a long replay costs no memory.
"""

from collections.abc import Iterable, Iterator, Mapping

import orjson

from tui.protocol.topics import Filter, Topic
from tui.server.brokers import Broker, Stored
from tui.server.outbox import frames
from tui.server.replies import Replies

PAGE_BYTES = 256 * 1024
"""How much is read from the broker at a time."""


class CatchUp:
    """Sends what follows `at`, then the snapshots asked for, until the stream's head is reached.

    `subscriptions` are the connection's own, as they change. Events up to `replay_to` are marked
    as replayed: they happened before the client asked.
    """

    def __init__(
        self,
        resource: str,
        broker: Broker,
        replies: Replies,
        subscriptions: Mapping[str, Filter],
        at: int,
    ) -> None:
        self.at = at
        """Everything that matches was sent, up to here."""
        self.replay_to = 0
        self.snapshot_after_gap = True
        self._resource = resource
        self._broker = broker
        self._replies = replies
        self._subscriptions = subscriptions
        self._snapshot_for: set[str] = set()
        self._starting: set[str] = set()
        """Subscriptions whose events begin after their snapshot."""
        self._pages: Iterator[bytes] = iter(())

    def want_snapshot(self, ids: Iterable[str], *, starting: bool) -> None:
        """Send their state at the head; if `starting`, none of their events before that."""
        self._snapshot_for.update(ids)
        if starting:
            self._starting.update(ids)

    async def next_frames(self) -> list[bytes]:
        """What to send next; nothing means that the stream is live from this moment on."""
        while True:
            if page := next(self._pages, None):
                return [page]
            head = self._broker.position(self._resource)
            if self.at < head.offset:
                if found := await self._replay():
                    return found
            elif self._snapshot_for:
                asked = self._filters(self._snapshot_for)
                state = self._broker.snapshot(self._resource)
                chosen = [event for event in state if _matches(asked, event.topic)]
                self._pages = self._replies.snapshot(self._resource, head, chosen)
                self._snapshot_for.clear()
                self._starting.clear()
            else:
                return []

    async def _replay(self) -> list[bytes]:
        page = await self._broker.read(self._resource, self.at, PAGE_BYTES)
        if page.first > self.at + 1:
            lost = (self.at + 1, page.first - 1)
            self.at = page.first - 1
            if self.snapshot_after_gap:
                self._snapshot_for.update(self._subscriptions)
            return [self._replies.gap(self._resource, lost)]
        asked = self._filters(self._subscriptions.keys() - self._starting)
        self.at = page.events[-1].offset
        return frames(
            (self._message(event) for event in page.events if _matches(asked, event.topic)),
            batches=True,
        )

    def _message(self, event: Stored) -> bytes:
        return _replayed(event.v1) if event.offset <= self.replay_to else event.v1

    def _filters(self, ids: Iterable[str]) -> list[Filter]:
        return [self._subscriptions[id_] for id_ in ids if id_ in self._subscriptions]


def _matches(filters: Iterable[Filter], topic: Topic) -> bool:
    return any(one.matches(topic) for one in filters)


def _replayed(v1: bytes) -> bytes:
    envelope = orjson.loads(v1)
    envelope["metadata"]["replayed"] = True
    return orjson.dumps(envelope)
