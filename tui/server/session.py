"""What one client says, judged: bytes in, effects out. No I/O, and no clock but the injected one.

Where PROTOCOL.md is silent:

- A plain `subscribe` or `unsubscribe` that succeeds is not answered: the document's server answers
  neither, and its clients wait for nothing. A `ping` behind it tells when it is in force.
- A wrong token in band is answered with `auth_failure`, and the connection closed with 4501.
- What an unauthenticated client says besides is refused, and the rest of its frame dropped.
- A `subscribe` with an id in use replaces that subscription; one without an id is given one.
- A frame that cannot be taken apart (too large, too many messages, an array without an end) is
  answered with one `error` that has neither `correlationId` nor `details.index`.
- What follows a `disconnect` in its frame is dropped.
"""

from collections.abc import Callable, Container, Iterable
from itertools import count
from typing import NamedTuple

from tui.protocol import codec
from tui.protocol.catalog import EVENTS
from tui.protocol.errors import CloseCode, ErrorCode, ProtocolError
from tui.protocol.limits import (
    MAX_DEPTH,
    MAX_RECEIVE,
    MAX_RECEIVE_PUBLISHER,
    MAX_RECEIVE_UNAUTHENTICATED,
    MAX_SUBSCRIPTIONS,
)
from tui.protocol.models import (
    AuthRequestMessage,
    DisconnectMessage,
    ErrorMessage,
    Event,
    Message,
    PingMessage,
    PongMessage,
    SubscribeMessage,
    UnknownMessage,
    UnsubscribeMessage,
)
from tui.protocol.models.control import Position as WirePosition
from tui.protocol.models.control import SubscriptionSpec
from tui.protocol.topics import Filter
from tui.server.auth import Access, Authority
from tui.server.brokers import Draft, Position
from tui.server.replies import Replies

MAX_BATCH = 1000
"""Messages in one frame: as many as may all be refused without filling an outbox."""
MAX_EVENT_NAMES = len(EVENTS)
"""Names in one filter's `events`: one for each there is."""


class Send(NamedTuple):
    message: bytes


class Close(NamedTuple):
    """End the connection, after what was sent before."""

    code: CloseCode
    reason: str = ""


class Publish(NamedTuple):
    """Store these, then say what became of them: `Session.published`."""

    drafts: list[Draft]


class Subscribe(NamedTuple):
    """Follow these from now on, or from where `resume` or `since` says."""

    filters: dict[str, Filter]
    """By id; what had one of these ids before is replaced."""
    message_id: str | None
    resume: dict[str, Position]
    since: float | None
    """Unix seconds."""
    snapshot: str
    """`auto`, `always` or `never`."""


class Unsubscribe(NamedTuple):
    id: str


class Pong(NamedTuple):
    """Answer a ping, with what has been delivered up to now."""

    message_id: str | None


Effect = Send | Close | Publish | Subscribe | Unsubscribe | Pong


class Session:
    """One connection's state: who the client is, and what it subscribed to.

    `clock` gives Unix seconds. `access` is None until the client has said who it is.
    """

    def __init__(
        self,
        client_id: str,
        authority: Authority,
        access: Access | None,
        clock: Callable[[], float],
        *,
        v1: bool,
    ) -> None:
        self.replies = Replies(client_id, clock, v1=v1)
        self.access = access
        self.subscriptions: set[str] = set()
        """Ids of what was asked for; the connection may have yet to act on the last of it."""
        self.v1 = v1
        self._authority = authority
        self._numbers = count(1)

    def open(self) -> list[Effect]:
        """The handshake is done."""
        limit = MAX_RECEIVE if self.access is None else self._limit()
        return [Send(self.replies.connect(limit))]

    def expire(self) -> list[Effect]:
        """The time for authentication is over."""
        if self.access is not None:
            return []
        return [Close(CloseCode.UNAUTHENTICATED, "not authenticated in time")]

    def receive(self, frame: bytes) -> list[Effect]:
        """A frame came in."""
        try:
            members = self._split(frame)
        except ProtocolError as error:
            return [Send(self.replies.error(error))]
        effects: list[Effect] = []
        for index, raw in enumerate(members):
            for effect in self._receive_message(raw, index):
                last = effects[-1] if effects else None
                if isinstance(effect, Publish) and isinstance(last, Publish):
                    last.drafts.extend(effect.drafts)
                else:
                    effects.append(effect)
            if self.access is None or (effects and isinstance(effects[-1], Close)):
                break  # the rest is said by somebody unknown, or who has taken leave
        return effects

    def published(
        self, drafts: Iterable[Draft], outcomes: Iterable[ProtocolError | None]
    ) -> list[Effect]:
        """The broker has answered a `Publish`; a plain client hears of refusals only."""
        effects: list[Effect] = []
        stored = []
        for draft, refusal in zip(drafts, outcomes, strict=True):
            if refusal is None:
                stored.append(draft.id)
            else:
                effects.append(Send(self.replies.error(refusal)))
        if stored and self.v1:
            effects.append(Send(self.replies.publish_ack(stored)))
        return effects

    def _split(self, frame: bytes) -> list[bytes]:
        members = codec.split(codec.inflate(frame, self._limit()))
        if len(members) > MAX_BATCH:
            raise ProtocolError(
                ErrorCode.LIMIT_EXCEEDED, f"more than {MAX_BATCH} messages in one frame"
            )
        return members

    def _receive_message(self, raw: bytes, index: int) -> list[Effect]:
        message: Message | None = None
        try:
            message = codec.decode_message(raw, max_depth=MAX_DEPTH)
            return self._judge(message, raw)
        except ProtocolError as error:
            error.index = index
            if error.message_id is None and message is not None:
                error.message_id = message.id
            return [Send(self.replies.error(error))]

    def _judge(self, message: Message, raw: bytes) -> list[Effect]:
        if isinstance(message, AuthRequestMessage):
            return self._authenticate(message)
        if isinstance(message, DisconnectMessage):
            return [Close(CloseCode.NORMAL)]
        if self.access is None:
            raise ProtocolError(
                ErrorCode.UNAUTHENTICATED, f"{message.type}: send auth_request first"
            )
        if isinstance(message, Event):
            return self._publish(self.access, message, raw)
        if isinstance(message, SubscribeMessage):
            return self._subscribe(self.access, message)
        if isinstance(message, UnsubscribeMessage):
            return self._unsubscribe(message)
        if isinstance(message, PingMessage):
            return [Pong(message.id)]
        if isinstance(message, PongMessage | ErrorMessage):
            return []  # an error is never answered with another
        if isinstance(message, UnknownMessage):
            raise ProtocolError(
                ErrorCode.UNKNOWN_TYPE, f"{message.type[:64]} is no known type", field="type"
            )
        raise ProtocolError(
            ErrorCode.INVALID_MESSAGE, f"{message.type} is said by servers only", field="type"
        )

    def _authenticate(self, message: AuthRequestMessage) -> list[Effect]:
        access = self._authority.check(message.data.token)
        if access is None:
            reason = "the token is not valid here"
            failure = self.replies.auth_failure(ErrorCode.UNAUTHENTICATED, reason, message.id)
            return [Send(failure), Close(CloseCode.UNAUTHENTICATED, reason)]
        self.access = access
        return [Send(self.replies.auth_success(self._limit(), message.id))]

    def _publish(self, access: Access, event: Event, raw: bytes) -> list[Effect]:
        draft = Draft.of(event, raw)
        if not access.may_publish(draft.topic):
            raise ProtocolError(ErrorCode.FORBIDDEN, f"no permission to publish {draft.topic}")
        return [Publish([draft])]

    def _subscribe(self, access: Access, message: SubscribeMessage) -> list[Effect]:
        data = message.data
        specs: Iterable[SubscriptionSpec] = (data,)
        if data.subscriptions is not None:
            specs = data.subscriptions
        taken = self.subscriptions | {spec.subscription_id for spec in specs}
        asked = {spec.subscription_id or self._name(taken): _filter(spec) for spec in specs}
        allowed = {id_: one for id_, one in asked.items() if access.may_subscribe(one)}
        if len(self.subscriptions | allowed.keys()) > MAX_SUBSCRIPTIONS:
            raise ProtocolError(
                ErrorCode.LIMIT_EXCEEDED, f"more than {MAX_SUBSCRIPTIONS} subscriptions"
            )
        effects: list[Effect] = []
        if denied := {id_: one for id_, one in asked.items() if id_ not in allowed}:
            reason = f"no permission to subscribe to {next(iter(denied.values()))}"
            if not self.v1:
                raise ProtocolError(ErrorCode.FORBIDDEN, reason)
            effects.append(Send(self.replies.denied(denied, reason, message.id)))
        if allowed or not denied:
            resume, since = _cursor(data.resume or {})
            self.subscriptions |= allowed.keys()
            effects.append(Subscribe(allowed, message.id, resume, since, data.snapshot or "auto"))
        return effects

    def _unsubscribe(self, message: UnsubscribeMessage) -> list[Effect]:
        id_ = message.data.subscription_id
        if id_ not in self.subscriptions:
            raise ProtocolError(
                ErrorCode.UNKNOWN_SUBSCRIPTION,
                f"there is no subscription {id_}",
                field="data.subscriptionId",
            )
        self.subscriptions.remove(id_)
        effects: list[Effect] = [Unsubscribe(id_)]
        if self.v1:
            effects.append(Send(self.replies.closed(id_, message.id)))
        return effects

    def _name(self, taken: Container[str | None]) -> str:
        """An id for a subscription without one; never one that the client gave to another."""
        return next(name for n in self._numbers if (name := f"subscription-{n}") not in taken)

    def _limit(self) -> int:
        if self.access is None:
            return MAX_RECEIVE_UNAUTHENTICATED
        return MAX_RECEIVE_PUBLISHER if self.access.publish else MAX_RECEIVE


def _filter(spec: SubscriptionSpec) -> Filter:
    events = spec.events or ()
    if len(events) > MAX_EVENT_NAMES:
        raise ProtocolError(
            ErrorCode.LIMIT_EXCEEDED,
            f"more than {MAX_EVENT_NAMES} names in one filter",
            field="data.events",
        )
    return Filter(
        "*" if spec.resource is None else spec.resource,
        "*" if spec.resource_id is None else spec.resource_id,
        events,
    )


def _cursor(
    resume: dict[str, WirePosition | float],
) -> tuple[dict[str, Position], float | None]:
    positions = {
        resource: Position(place.epoch, place.offset)
        for resource, place in resume.items()
        if isinstance(place, WirePosition)
    }
    since = resume.get("since")
    return positions, since / 1000 if isinstance(since, float) else None
