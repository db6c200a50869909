"""One client: what it says is acted on here, and what it is to be sent waits here. No I/O."""

import asyncio
from collections.abc import Callable, Iterable
from typing import NamedTuple

from tui.protocol.topics import Filter
from tui.server.brokers import Broker, Position, Stored
from tui.server.catchup import CatchUp
from tui.server.outbox import Outbox
from tui.server.session import Close, Effect, Pong, Publish, Send, Session, Subscribe, Unsubscribe
from tui.server.subscriptions import SubscriptionIndex


class _Start(NamedTuple):
    """Where a client goes on in a stream: after an offset; None where it cannot."""

    after: int | None
    whole: bool = True
    """Whether everything after it is still kept."""


class Connection:
    """A session, its outbox, and those of its streams that are not live yet."""

    def __init__(
        self,
        session: Session,
        broker: Broker,
        index: "SubscriptionIndex[Connection]",
        wake: Callable[[], None],
    ) -> None:
        self.outbox = Outbox(wake, batches=session.v1)
        self._session = session
        self._broker = broker
        self._index = index
        self._wake = wake
        self._acting = False
        """Whether a frame is acted on: until then no history goes out, since all the subscriptions
        of a frame may begin at one cursor."""
        self._filters: dict[str, Filter] = {}
        """The subscriptions in force, by id."""
        self._catching_up: dict[str, CatchUp] = {}

    async def open(self) -> None:
        """The handshake is done, and `wake` may be called."""
        await self._act(self._session.open())

    async def receive(self, frame: bytes) -> None:
        """A frame came in."""
        if self.outbox.closing is None:
            self._acting = True
            await self._act(self._session.receive(frame))
            self._acting = False
            if self._catching_up:
                self._wake()

    def expire(self) -> None:
        """The time for authentication is over."""
        for effect in self._session.expire():
            self._do(effect)

    def offer(self, event: Stored) -> None:
        """A live event that matches; left to the catch-up where its stream has one."""
        if not self._session.v1:
            self.outbox.put(event.plain)
        elif event.topic.resource not in self._catching_up:
            self.outbox.put(event.v1)

    async def next_frames(self) -> list[bytes]:
        """What to write next; empty where there is nothing until the next `wake`."""
        while True:
            frames = self.outbox.take()
            if self.outbox.closing or self._acting or not self._catching_up:
                return frames
            # A page of history each time: neither history nor live traffic starves the other.
            resource, catch_up = next(iter(self._catching_up.items()))
            page = await catch_up.next_frames()
            if self._catching_up.get(resource) is not catch_up:
                page = []  # nobody wants it any more
            elif catch_up.is_done:
                del self._catching_up[resource]
            if frames or page:
                return frames + page
            await asyncio.sleep(0)  # nothing in that page was for this client: others' turn

    def forget(self) -> None:
        """The client is gone."""
        for id_ in list(self._filters):
            self._remove(id_)

    async def _act(self, effects: Iterable[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Publish):
                outcomes = await self._broker.publish(effect.drafts)
                await self._act(self._session.published(effect.drafts, outcomes))
            elif isinstance(effect, Subscribe):
                await asyncio.sleep(0)  # a frame may hold a thousand of them: others' turn
                await self._subscribe(effect)
            else:
                self._do(effect)

    def _do(self, effect: Effect) -> None:
        if isinstance(effect, Send):
            self.outbox.put(effect.message)
        elif isinstance(effect, Close):
            self.outbox.close(effect.code, effect.reason)
        elif isinstance(effect, Unsubscribe):
            self._remove(effect.id)
        elif isinstance(effect, Pong):
            live = self._followed() - self._catching_up.keys()
            positions = {resource: self._broker.position(resource) for resource in live}
            self.outbox.put(self._session.replies.pong(positions, effect.message_id))

    async def _subscribe(self, wish: Subscribe) -> None:
        streams = {resource for one in wish.filters.values() for resource in one.resources}
        starts = await self._starts(wish, streams) if self._session.v1 else {}
        # Nothing waits from here on, so that no event comes in between.
        for id_ in wish.filters:
            self._remove(id_)
        followed = self._followed()
        for id_, filter_ in wish.filters.items():
            self._filters[id_] = filter_
            self._index.add(self, filter_)
        if not self._session.v1:
            return
        for resource in streams - followed:
            self._catching_up.pop(resource, None)
        gaps: dict[str, tuple[int, int] | None]
        gaps = {resource: None for resource, start in starts.items() if start.after is None}
        for resource in starts.keys() & followed:
            after = starts[resource].after
            if after is not None and after < self._position(resource).offset:
                # What the connection has come further with already goes back for nobody.
                gaps[resource] = (after + 1, self._broker.position(resource).offset)
                starts[resource] = _Start(None, whole=False)
        for resource in streams:
            self._begin(resource, wish, starts.get(resource))
        replies = self._session.replies
        self.outbox.put(
            replies.active(
                wish.filters,
                {resource: self._position(resource) for resource in sorted(streams)},
                wish.message_id,
                recovered=bool(starts) and all(start.whole for start in starts.values()),
            )
        )
        for resource, lost in gaps.items():
            self.outbox.put(replies.gap(resource, lost))

    async def _starts(self, wish: Subscribe, streams: Iterable[str]) -> dict[str, _Start]:
        """Where to go on in the streams for which the client said so."""
        starts = {}
        for resource in streams:
            cursor = wish.resume.get(resource)
            if wish.since is not None:
                starts[resource] = _Start(await self._broker.since(resource, wish.since))
            elif cursor is not None:
                head = self._broker.position(resource)
                if cursor.epoch != head.epoch or not 0 <= cursor.offset <= head.offset:
                    starts[resource] = _Start(None, whole=False)
                else:
                    kept = await self._broker.read(resource, cursor.offset, 1)
                    starts[resource] = _Start(cursor.offset, kept.first <= cursor.offset + 1)
        return starts

    def _begin(self, resource: str, wish: Subscribe, start: _Start | None) -> None:
        """Let the stream catch up, unless it is live at once."""
        head = self._broker.position(resource).offset
        after = start.after if start else None
        wants_snapshot = wish.snapshot == "always" or (wish.snapshot == "auto" and after is None)
        catch_up = self._catching_up.get(resource)
        if catch_up is None:
            if after in (None, head) and not wants_snapshot:
                return
            at = head if after is None else after
            catch_up = CatchUp(resource, self._broker, self._session.replies, self._filters, at)
            self._catching_up[resource] = catch_up
        catch_up.snapshot_after_gap = wish.snapshot != "never"
        if after is not None:
            catch_up.replay_to = head
        catch_up.add(wish.filters, after=head if after is None else after, snapshot=wants_snapshot)

    def _position(self, resource: str) -> Position:
        """Up to where everything that matches was sent, or is in the outbox."""
        head = self._broker.position(resource)
        catch_up = self._catching_up.get(resource)
        return Position(head.epoch, catch_up.at) if catch_up else head

    def _followed(self) -> set[str]:
        """The streams that the subscriptions reach into."""
        return {resource for one in self._filters.values() for resource in one.resources}

    def _remove(self, id_: str) -> None:
        if filter_ := self._filters.pop(id_, None):
            self._index.remove(self, filter_)
