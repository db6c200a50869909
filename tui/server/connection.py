"""One client: what it says is acted on here, and what it is to be sent is put into its outbox."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

from tui.protocol.errors import CloseCode, ProtocolError
from tui.protocol.express import Draft
from tui.protocol.topics import Filter
from tui.server.auth import Access
from tui.server.brokers import Broker, Outcome
from tui.server.effects import Close, Effect, Pong, Publish, Send, Subscribe, Unsubscribe
from tui.server.flush import Flush
from tui.server.layers import Layer
from tui.server.leaving import hang_up, take_leave
from tui.server.metrics import Metrics
from tui.server.outbox import CAPACITY, PlainOutbox, V1Outbox
from tui.server.peer import Peer
from tui.server.session import Session
from tui.server.streams import Start, Streams

MAX_UNANSWERED = 1000
MAX_UNANSWERED_BYTES = 1024 * 1024
"""Events of one client that the broker may have yet to answer, before more is read from it."""
RESYNCS = 2
RESYNC_SECONDS = 60.0
"""Of a reader that was too slow more than `RESYNCS` times in so long, one takes leave."""


class Connection:
    """A session, its subscriptions and its outbox. `open` comes first, `forget` last."""

    def __init__(
        self,
        session: Session,
        broker: Broker,
        layer: Layer,
        peer: Peer,
        flush: Flush,
        metrics: Metrics,
        *,
        gzip: bool = False,
        capacity: int = CAPACITY,
        address: str = "",
        since: float = 0.0,
    ) -> None:
        self.session = session
        self.address = address
        self.since = since
        """When it came, Unix seconds."""
        self.subscriptions: dict[str, Filter] = {}
        """Those in force, by id."""
        self.is_closing = False
        self.on_frame: Callable[[bytes], None] | None = None
        """Is shown what comes in; for debugging."""
        self._broker = broker
        self._index = layer.index
        self._peer = peer
        self._metrics = metrics
        self._flush = flush
        self._clock = flush.time
        self._access = session.access
        """What the subscriptions in force were measured by."""
        self._taken_back: dict[str, Filter] = {}
        """Those that ended with a token, by id, until the client was told so."""
        self._effects: list[Effect] = []
        self._drafts: list[Draft] = []
        self._refusal: ProtocolError | None = None
        """What the rest of this frame's events are refused for, too."""
        self._is_acting = False
        self._unanswered = 0
        self._unanswered_bytes = 0
        self._starting: asyncio.Task[None] | None = None
        self._ending: asyncio.Task[None] | None = None
        self._answered: asyncio.Event | None = None
        """While it ends with answers to come: set once the last one has."""
        self._waiter: asyncio.Future[None] | None = None
        self._overflows: list[float] = []
        self.outbox: PlainOutbox | V1Outbox
        self._streams: Streams | None = None
        if session.v1:
            self.outbox = V1Outbox(
                peer,
                flush,
                self._overflow,
                metrics,
                gzip=gzip,
                frame=session.limits.frame,
                capacity=capacity,
            )
            self._streams = Streams(
                self.subscriptions,
                broker,
                session.replies,
                self.outbox,
                metrics,
                self._fall_behind,
            )
        else:
            self.outbox = PlainOutbox(peer, flush, self._too_slow, gzip=gzip, capacity=capacity)
        self._room = capacity // 2

    def open(self) -> None:
        """The handshake is done."""
        self._act(self.session.open())

    def receive(self, frame: bytes) -> None:
        """A frame came in; it is for the caller to see that the connection `is_ready` for it.

        What it publishes may wait for `pause`.
        """
        if self.is_closing:
            return
        self._refusal = None
        if self.on_frame:
            self.on_frame(frame)
        effects = self.session.receive(frame)
        if len(effects) == 1 and isinstance(only := effects[0], Publish) and not self._effects:
            self._drafts += only.drafts  # by far the most frequent case
        else:
            self.pause()
            self._act(effects)

    def pause(self) -> None:
        """All that came at once has been received: what was published goes to the broker."""
        if self._drafts:
            drafts, self._drafts = self._drafts, []
            self._publish(drafts)

    @property
    def is_ready(self) -> bool:
        """Whether what was said before is done with, and its answers are not in the way."""
        return (
            not self._effects
            and self._unanswered + len(self._drafts) < MAX_UNANSWERED
            and self._unanswered_bytes < MAX_UNANSWERED_BYTES
            and (self._peer.writable or self.outbox.size <= self._room)
        )

    async def ready(self) -> None:
        """Wait until `is_ready`, or until the connection takes nothing more."""
        while not (self.is_ready or self.is_closing):
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter

    def expire(self) -> None:
        """The time for authentication is over."""
        self._act(self.session.expire())

    def tick(self) -> None:
        """Look after what no event says; to be called about once a second."""
        if self.is_closing:
            return
        effects = self.session.check_expiry()
        if effects and isinstance(end := effects[-1], Close):
            self.close(end.code, end.reason)  # it does not wait its turn as others do
            return
        self._act(effects)
        if self._peer.stalled(self._clock()):
            self._too_slow()
        elif self.outbox.count:
            self.written()

    def written(self) -> None:
        """The socket may take more."""
        self._flush.now(self.outbox)
        self._proceed()

    def close(self, code: CloseCode, reason: str, *, drop: bool = False) -> None:
        """Take nothing more, send what waits unless it is to `drop`, and say why; once."""
        if self.is_closing:
            return
        self.is_closing = True
        self._effects.clear()
        self._unsubscribe_all()
        if drop:
            self.outbox.clear()
        ending = self._end(code, reason, drop=drop)
        self._ending = asyncio.get_running_loop().create_task(ending)
        self._proceed()

    def lost(self) -> None:
        """The socket is gone: nobody waits for it any more."""
        self.is_closing = True
        self._effects.clear()
        self._unsubscribe_all()
        self.outbox.clear()
        self._proceed()

    def forget(self) -> None:
        """The client is gone."""
        self.lost()
        for task in (self._starting, self._ending):
            if task is not None:
                task.cancel()

    @property
    def client_id(self) -> str:
        return self.session.client_id

    @property
    def access(self) -> Access | None:
        return self.session.access

    @property
    def v1(self) -> bool:
        return self.session.v1

    @property
    def queue_bytes(self) -> int:
        """What waits to be sent."""
        return self.outbox.size

    @property
    def lag(self) -> int:
        """Events that the client has yet to be sent."""
        return self.outbox.count + (self._streams.lag if self._streams else 0)

    def _act(self, effects: Sequence[Effect]) -> None:
        if self.session.access is not self._access:
            self._heed_access()
        self._effects += effects
        self._proceed()

    def _heed_access(self) -> None:
        """Send nothing more of what the token does not permit: that does not wait its turn."""
        self._access = self.session.access
        permitted = self.session.permitted(self.subscriptions)
        lost = {id_: one for id_, one in self.subscriptions.items() if id_ not in permitted}
        self._unsubscribe(lost)
        self._taken_back |= lost

    def _proceed(self) -> None:
        """Act on what was said, in order, as far as nothing has to be waited for."""
        if self._is_acting:
            return
        self._is_acting = True
        try:
            while self._effects and self._is_next(self._effects[0]):
                self._do(self._effects.pop(0))
        finally:
            self._is_acting = False
        if self._streams:
            if self._effects or self._starting:
                self._streams.halt()
            else:
                self._streams.go_on()
        waiter = self._waiter
        if waiter and not waiter.done() and (self.is_ready or self.is_closing):
            waiter.set_result(None)

    def _is_next(self, effect: Effect) -> bool:
        """Whether its time has come: answers are in the order of what they answer."""
        if isinstance(effect, Publish):
            return self._unanswered < MAX_UNANSWERED
        return not self._unanswered and not self._starting

    def _publish(self, drafts: Sequence[Draft]) -> None:
        size = sum([len(one.kept) for one in drafts])
        self._unanswered += len(drafts)
        self._unanswered_bytes += size
        # What waits for its answer is the broker's to keep: that of a refusal needs the ids alone.
        ids = [one.id for one in drafts]
        self._broker.publish(drafts, partial(self._published, ids, size, self._clock()))

    def _published(
        self, ids: Sequence[str], size: int, since: float, outcomes: Sequence[Outcome]
    ) -> None:
        self._metrics.published(self._clock() - since)
        self._unanswered -= len(ids)
        self._unanswered_bytes -= size
        if self.session.v1 or any(outcomes):  # all others hear nothing of it
            self._refusal = next((one for one in outcomes if one and one.code.retryable), None)
            for effect in self.session.published(ids, outcomes):
                self._do(effect)
        if self._answered and not self._unanswered:
            self._answered.set()
        if self._effects or self._waiter:
            self._proceed()

    def _refuse(self, drafts: Sequence[Draft], refusal: ProtocolError) -> None:
        """Say the same of the rest of a frame, so that order holds when all of it is sent again."""
        for draft in drafts:
            error = ProtocolError(
                refusal.code,
                refusal.message,
                message_id=draft.id,
                retry_after_ms=refusal.retry_after_ms,
            )
            self.outbox.put(self.session.replies.error(error))

    def _do(self, effect: Effect) -> None:
        if isinstance(effect, Publish):
            if self._refusal:
                self._refuse(effect.drafts, self._refusal)
            else:
                self._publish(effect.drafts)
        elif isinstance(effect, Send):
            self.outbox.put(effect.message)
        elif isinstance(effect, Close):
            self.close(effect.code, effect.reason)
        elif isinstance(effect, Subscribe):
            self._subscribe(effect)
        elif isinstance(effect, Unsubscribe):
            self._unsubscribe([effect.id])
        elif isinstance(effect, Pong):
            positions = self._streams.positions if self._streams else {}
            self.outbox.put(self.session.replies.pong(positions, effect.message_id))

    def _subscribe(self, wish: Subscribe) -> None:
        if self._streams is None:
            self._unsubscribe(wish.filters)
            self._put_in_force(self.session.permitted(wish.filters))
        elif wish.resume or wish.since is not None:
            work = self._resume(self._streams, wish)
            self._starting = asyncio.get_running_loop().create_task(work)
        else:
            self._follow(self._streams, wish, {})

    async def _resume(self, streams: Streams, wish: Subscribe) -> None:
        try:
            starts = await streams.starts(wish)
        except ProtocolError as error:
            error.message_id = wish.message_id
            self.outbox.put(self.session.replies.error(error))
            for effect in self.session.not_subscribed(
                wish.filters, self.subscriptions, self._taken_back
            ):
                self._do(effect)
        else:
            if not self.is_closing:
                self._follow(streams, wish, starts)
        finally:
            self._starting = None
        self._proceed()

    def _follow(self, streams: Streams, wish: Subscribe, starts: dict[str, Start]) -> None:
        self._unsubscribe(wish.filters)
        wish = wish._replace(filters=self.session.permitted(wish.filters))
        followed = streams.followed
        self._put_in_force(wish.filters)
        streams.follow(wish, followed, starts)

    def _put_in_force(self, filters: Mapping[str, Filter]) -> None:
        for id_, filter_ in filters.items():
            self.subscriptions[id_] = filter_
            self._index.add(self.outbox, filter_)
            for resource in filter_.resources:
                self._metrics.subscribed(resource)

    def _unsubscribe(self, ids: Iterable[str]) -> None:
        for id_ in ids:
            self._taken_back.pop(id_, None)
            if filter_ := self.subscriptions.pop(id_, None):
                self._index.remove(self.outbox, filter_)
                for resource in filter_.resources:
                    self._metrics.unsubscribed(resource)
        if self._streams:
            self._streams.let_go()

    def _unsubscribe_all(self) -> None:
        self._unsubscribe(list(self.subscriptions))
        if self._streams:
            self._streams.forget()

    def _overflow(self, lost: Mapping[str, int]) -> None:
        """The outbox has dropped events: begin anew from the state, but not for ever."""
        if self.is_closing:
            return
        self._fall_behind()
        if self._streams and not self.is_closing:
            self._streams.resync(lost)

    def _fall_behind(self) -> None:
        """The client was too slow for what is kept for it; more than a few times is too often."""
        now = self._clock()
        self._overflows = [at for at in self._overflows if at > now - RESYNC_SECONDS] + [now]
        if len(self._overflows) > RESYNCS:
            self._too_slow()

    def _too_slow(self) -> None:
        if not self.is_closing:
            self._metrics.slow_closed += 1
            self.close(CloseCode.SLOW_READER, "reading too slowly", drop=True)

    async def _end(self, code: CloseCode, reason: str, *, drop: bool) -> None:
        peer, answered = self._peer, asyncio.Event()
        if self._unanswered:
            self._answered = answered
        else:
            answered.set()
        try:
            if drop:
                await hang_up(peer, code, reason)
            else:
                await take_leave(peer, code, reason, answered, self.outbox, self._flush)
        finally:
            peer.abort()  # which does nothing where the close was clean
