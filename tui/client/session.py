"""One connection's protocol, without I/O: frames in, events out; frames out, at the right time.

A session opens with the server's `connect` message, which also tells whether it speaks v1: the
subprotocol alone does not, since some servers select whatever was offered. Then all subscriptions
are restored, and once they are answered (v1) or asked for (plain) the session is live and
publishes. Neither is waited for longer than `SETTLE`; but who may speak v1 is not taken for plain
because `connect` is late.

The token travels in the handshake's `Authorization` header; where a server asks for it again
(`unauthenticated`), it is given in-band, once.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from enum import Enum, auto
from typing import Any, cast

from tui.client.clock import Clock
from tui.client.delivery import Delivery, Item
from tui.client.ending import Ending, token_refused
from tui.client.liveness import Liveness
from tui.client.memory import Memory
from tui.client.options import ClientOptions
from tui.client.outbox import ANSWER
from tui.client.publishing import Publishing
from tui.client.refusal import refusal_of
from tui.client.requests import Requests
from tui.client.status import Denied, Gap
from tui.client.streams import Marks, marks_of
from tui.client.subscriptions import Subscription
from tui.client.words import Words
from tui.protocol import models as m
from tui.protocol.catalog import RESOURCES
from tui.protocol.codec import decode_frames, decode_state
from tui.protocol.errors import ErrorCode, ProtocolError
from tui.protocol.limits import MAX_RECEIVE_PUBLISHER
from tui.protocol.models.base import Event
from tui.protocol.models.control import ServerLimits, SubscriptionUpdateMessage
from tui.protocol.text import clean

log = logging.getLogger(__name__)

SETTLE = 2.0
"""How long `connect`, and then the answers to our subscriptions, are waited for (seconds)."""
_NO_MATTER = m.DisconnectMessage, m.AuthRequestMessage, m.SubscribeMessage, m.UnsubscribeMessage
"""The close frame that follows the first says more; the others a server has no business sending."""


class _Phase(Enum):
    OPENING = auto()
    AUTHENTICATING = auto()
    RESTORING = auto()
    LIVE = auto()


class Session:
    def __init__(
        self,
        memory: Memory,
        options: ClientOptions,
        clock: Clock,
        *,
        v1_offered: bool,
        token: str | None = None,
    ) -> None:
        """`token` is the one that the handshake showed."""
        self._memory, self._options, self._clock = memory, options, clock
        self._words = Words(clock)
        self._v1_offered, self._token = v1_offered, token
        self.v1 = False
        self.ending: Ending | None = None
        """Set once the connection has no use any more."""
        self.live_since: float | None = None
        self.stirred = False
        """Whether there is news for the shell beside events; it clears this."""
        now = clock.monotonic()
        self.liveness = Liveness(options.heartbeat, now)
        self._publishing = Publishing(memory.outbox, now, v1=False)
        self._phase = _Phase.OPENING
        self._settle_at = now + (options.open_timeout if v1_offered else SETTLE)
        self._requests = Requests(memory.subscriptions, memory.streams, self._words)
        self._frames: deque[bytes] = deque()
        self._marks: Marks = {}
        self._notices: list[Item] = []
        self._resumed: frozenset[str] = frozenset()
        """Streams that go on from the cursor, so that the server says what is missing."""
        self._asked_in_band = False
        self._max_publish = MAX_RECEIVE_PUBLISHER
        self._answers: dict[type, Callable[[Any], Iterable[Item]]] = {
            ProtocolError: self._on_invalid,
            m.UnknownMessage: self._on_unknown,
            m.ConnectMessage: self._on_connect,
            m.AuthSuccessMessage: self._on_auth_success,
            m.AuthFailureMessage: self._on_auth_failure,
            m.SubscriptionUpdateMessage: self._on_subscription_update,
            m.PublishAckMessage: self._on_publish_ack,
            m.PingMessage: self._on_ping,
            m.PongMessage: self._on_pong,
            m.ErrorMessage: self._on_error,
            **dict.fromkeys(_NO_MATTER, lambda _: ()),
        }

    @property
    def live(self) -> bool:
        return self._phase is _Phase.LIVE

    # Frames in.

    def pause(self) -> None:
        """Nothing is read for now, and so no answer either."""
        self.liveness.pause()

    def resume(self) -> None:
        now = self._clock.monotonic()
        self.liveness.resume(now)
        self._publishing.resume(now)

    def heard(self) -> None:
        """Something came in, if not a whole frame yet."""
        self.liveness.heard = self._clock.monotonic()

    def receive(self, frames: Sequence[bytes]) -> Delivery | None:
        """Take frames that came together; what is wrong with one is counted, and nothing stops."""
        self.liveness.heard = self._clock.monotonic()
        try:
            return self._take(*decode_frames(frames, limit=self._options.max_message))
        except Exception as error:
            # Nobody foresaw it, so that nobody knows what is left undone: begin afresh.
            log.exception("a frame could not be taken")
            self._memory.invalid += 1
            self.end(f"what the server sent could not be taken ({type(error).__name__})")
        return None

    def _take(self, messages: list[m.Message | ProtocolError], size: int) -> Delivery | None:
        memory, streams, v1 = self._memory, self._memory.streams, self.v1
        if self._answers.keys().isdisjoint(map(type, messages)):
            # Events only, the usual case: nothing is done an event that need not be.
            events = cast("list[Event]", messages)
            items: list[Item] = [e for e in events if streams.is_news(e)] if v1 else [*events]
            memory.received += len(items)
        else:
            items = []
            for message in messages:
                answer = self._answers.get(type(message))
                if answer is not None:
                    items += [*answer(message), *self.notices()]
                    v1 = self.v1
                    if self.ending is not None:
                        break
                elif not v1 or streams.is_news(cast("Event", message)):
                    items.append(cast("Event", message))
                    memory.received += 1
        marks = streams.received(self._marks) if v1 else None
        self._marks = {}
        return Delivery(items, size, marks) if items or marks else None

    def notices(self) -> list[Item]:
        """What there is to tell the handlers that no frame has brought."""
        notices = [*self._notices, *self._requests.take_denied()]
        self._notices.clear()
        return notices

    # Frames out, and time.

    def next_frame(self) -> bytes | None:
        """What is to be written now, if anything."""
        if self._frames:
            return self._frames.popleft()
        if not self.live:
            return None
        self._memory.outbox.expire(self._clock.wall())
        return self._publishing.next_frame(self._clock.monotonic(), self._ping)

    def deadline(self) -> float:
        """When `tick` is due at the latest (monotonic seconds)."""
        due = min(self.liveness.deadline(), self._requests.due)
        if not self.live:
            return min(due, self._settle_at)
        now, is_reading = self._clock.monotonic(), self.liveness.is_reading
        return min(due, self._publishing.deadline(now, is_reading=is_reading))

    def tick(self) -> None:
        now = self._clock.monotonic()
        if self.liveness.tick(now):
            self._send(self._ping(now))
        self._frames.extend(self._requests.again(now))
        if not self.live and now >= self._settle_at:
            self._settle()
        if not self.liveness.is_reading:
            return
        if self.liveness.is_stale(now):
            self.end(f"stale: nothing was heard for {self.liveness.limit:g} s")
        elif self._publishing.tick(now):
            self.stirred = True
        elif self._publishing.is_unanswered(now):
            self.end(f"the server did not answer what was published within {ANSWER:g} s")

    def probe(self) -> None:
        """Find out at once whether the link is still there: the machine slept, perhaps."""
        self.liveness.probe(self._clock.monotonic())

    def end(self, ending: Ending | str) -> None:
        """Give the connection up; the first reason stands."""
        if self.ending is None:
            self.ending = ending if isinstance(ending, Ending) else Ending(ending)
        self.stirred = True

    # What the client asks for.

    def subscribe(self, subscription: Subscription) -> None:
        if self._phase in (_Phase.RESTORING, _Phase.LIVE):
            self._frames.extend(self._requests.subscribe([subscription], v1=self.v1))
            subscription.followed = self.live and not subscription.is_denied
            self.stirred = True

    def unsubscribe(self, subscription: Subscription) -> None:
        if self._phase in (_Phase.RESTORING, _Phase.LIVE):
            self._frames.extend(self._requests.unsubscribe(subscription, v1=self.v1))
            self._live_if_answered()

    # What the server says.

    def _on_connect(self, message: m.ConnectMessage) -> Iterable[Item]:
        if self._phase is not _Phase.OPENING:
            return ()
        self.v1 = self._v1_offered and message.data.protocol == 1
        self._note(message.data.limits)
        self._restore()
        return ()

    def _note(self, limits: ServerLimits | None) -> None:
        said = limits.max_message_bytes if limits else None
        if said and said > 0:
            self._max_publish = min(said, MAX_RECEIVE_PUBLISHER)
            self._requests.max_message = self._max_publish
        if limits and limits.max_subscriptions:
            self._requests.limit = limits.max_subscriptions

    def _settle(self) -> None:
        """Go on without an answer that should have come by now."""
        if self._phase is _Phase.OPENING and self._v1_offered:
            seconds = self._options.open_timeout
            self.end(f"the server selected v1, and did not say connect within {seconds:g} s")
        elif self._phase is _Phase.OPENING:
            self._restore()
        elif self._phase is _Phase.AUTHENTICATING:
            self.end("the server did not answer the token it asked for")
        else:
            self._go_live()

    def _restore(self) -> None:
        now, self._phase = self._clock.monotonic(), _Phase.RESTORING
        self._settle_at = now + SETTLE
        self.liveness.start(now)
        self._publishing = Publishing(self._memory.outbox, now, v1=self.v1)
        cursor = self._memory.streams.cursor
        self._frames.extend(self._requests.restore(v1=self.v1, cursor=cursor))
        self._resumed = frozenset(cursor if self.v1 else ()) - self._requests.begun_anew
        self.stirred = True
        self._live_if_answered()

    def _live_if_answered(self) -> None:
        if self._phase is _Phase.RESTORING and not (self.v1 and self._requests.unanswered):
            self._go_live()

    def _go_live(self) -> None:
        self._phase = _Phase.LIVE
        missing = self._memory.subscriptions.follow() - self._resumed
        self._notices.extend(map(Gap, sorted(missing)))
        self._memory.outbox.keep_to(self._max_publish)
        self.live_since = self._clock.monotonic()
        self.stirred = True

    def _on_auth_success(self, message: m.AuthSuccessMessage) -> Iterable[Item]:
        if self._phase is _Phase.AUTHENTICATING:
            self._note(message.data.limits if message.data else None)
            self._restore()
        return ()

    def _on_auth_failure(self, message: m.AuthFailureMessage) -> Iterable[Item]:
        data = message.data
        self.end(token_refused(*([data.code, data.reason] if data else [])))
        return ()

    def _authenticate(self) -> None:
        if self._token is None:
            self.end(Ending("the server asks for a token and none was given", terminal=True))
        elif self._asked_in_band:
            self.end(Ending("the server does not accept the token for this", terminal=True))
        else:
            self._asked_in_band = True
            self._phase = _Phase.AUTHENTICATING
            self._settle_at = self._clock.monotonic() + self._options.open_timeout
            self._frames.clear()
            type_ = self._options.authentication.type
            self._send(self._words.auth_request(type_, self._token))

    def _on_subscription_update(self, message: m.SubscriptionUpdateMessage) -> Iterable[Item]:
        data, streams = message.data, self._memory.streams
        if data.status == "gap":
            self._requests.unsettle([data.resource or ""])
            return streams.lost(data.resource or "", data.lost)
        if data.status == "snapshot":
            return self._snapshot(message)
        denied = self._requests.answered(data)
        self.stirred = True
        self._live_if_answered()
        positions = marks_of(data.positions)
        gaps = streams.learn(positions | marks_of(data.heads))
        self._requests.unsettle([gap.resource for gap in gaps])
        streams.begin(positions)
        return [*gaps, *denied]

    def _snapshot(self, message: SubscriptionUpdateMessage) -> Iterable[Item]:
        data = message.data
        if data.resource not in RESOURCES or data.epoch is None:
            return ()
        streams = self._memory.streams
        place = (data.epoch, data.offset or 0)
        items: list[Item] = [*streams.learn({data.resource: place})]
        entries = []
        # A server gives the state after each gap, to those as well who want none.
        for entry in decode_state(message) if self._memory.subscriptions.want_state else ():
            if isinstance(entry, Event):
                entries.append(entry)
            elif isinstance(entry, ProtocolError):
                items += self._on_invalid(entry, data.resource)
        if not data.more and data.offset is not None:
            streams.has_state(data.resource)
            self._marks[data.resource] = (data.epoch, data.offset)
        newer = [entry for entry in entries if streams.is_newer_state(entry)]
        self._memory.received += len(newer)
        return items + newer

    def _on_publish_ack(self, message: m.PublishAckMessage) -> Iterable[Item]:
        self._memory.outbox.acknowledged(message.data.ids)
        self.stirred = True
        return ()

    def _on_ping(self, message: m.PingMessage) -> Iterable[Item]:
        self._send(self._words.pong(message.id))
        return ()

    def _on_pong(self, message: m.PongMessage) -> Iterable[Item]:
        self.liveness.pong(self._clock.monotonic())
        self._publishing.pong(message.metadata.correlation_id if message.metadata else None)
        self.stirred = True
        streams = self._memory.streams
        positions = marks_of(message.data.positions if message.data else None)
        # A pong from before a gap may come behind it: it is none that follows the snapshot.
        self._requests.settled([r for r in positions if not streams.awaits_state(r)])
        self._marks |= positions
        return streams.learn(positions)

    def _on_error(self, message: m.ErrorMessage) -> Iterable[Item]:
        if message.data.code == ErrorCode.UNAUTHENTICATED:
            self._memory.outbox.connection_lost()  # nothing was taken: it all goes out again
            if self._phase is not _Phase.AUTHENTICATING:
                self._authenticate()
            return (message,)
        about, place, final, wait = refusal_of(message)
        if about is None and place is not None:
            about = self._memory.outbox.sent_at_index(place)
        if about is None:
            return (message,)
        self.stirred = True
        until = self._clock.monotonic() + wait
        if self._memory.outbox.refuse(about, final=final, until=until):
            return (message,)
        if self._publishing.ping_refused(about):
            return ()
        denied = self._requests.refused(about, message.data.error, until=None if final else until)
        self._live_if_answered()
        return (message, *denied)

    def _on_unknown(self, message: m.UnknownMessage) -> Iterable[Item]:
        # Handlers of these names are promised something else.
        return () if message.type in (Gap.type, Denied.type) else (message,)

    def _on_invalid(self, error: ProtocolError, resource: str | None = None) -> Iterable[Item]:
        self._memory.invalid += 1
        log.debug("unreadable: %s", clean(str(error), 200))
        if not self.v1:
            return ()
        if resource is not None:
            return [Gap(resource, error.offset, error.offset)]
        return self._memory.streams.unreadable(error, self._memory.subscriptions.resources)

    # The small things.

    def _ping(self, now: float) -> bytes:
        id_, frame = self._words.ping()
        self.liveness.pinged(now)
        self._publishing.pinged(id_, now)
        return frame

    def _send(self, frame: bytes) -> None:
        self._frames.append(frame)
        self.stirred = True
