"""What one client says, judged: bytes in, effects out. No I/O, and no clock but the injected one.

Where PROTOCOL.md is silent:

- A plain `subscribe` or `unsubscribe` that succeeds is not answered: the document's server answers
  neither, and its clients wait for nothing. A `ping` behind it tells when it is in force.
- A wrong token in band is answered with `auth_failure`, and the connection closed with 4501, unless
  the client is known already: then it goes on with the token that it had, up to the fifth wrong
  one, whenever the others were.
- A right token in band, of whomever, takes the place of the one before, with its permissions, its
  limits and its end. Subscriptions that it does not permit end at once; v1 is told, in its turn,
  with `subscription_update` `denied`, plain with an `error` for each.
- A token that has expired, and a key that was taken back, end the connection with 4009. Within a
  second of it no more is taken from the client, and the answers to what it has published are all
  that is waited for (`leaving`). Until then it holds, so that one that is about to end can be
  renewed in any case.
- What an unauthenticated client says besides is refused, and the rest of its frame dropped.
- A `subscribe` with an id in use replaces that subscription; one without an id is given one.
- A frame that cannot be taken apart (too large, too many messages, an array without an end) is
  answered with one `error` that has neither `correlationId` nor `details.index`.
- What follows a `disconnect` in its frame is dropped.
- What is counted against a limit: events that are permitted, `auth_request`, `subscribe` (once,
  however many subscriptions are in it), `unsubscribe` and `ping`. After an event over its limit the
  later events of the frame are refused likewise; other messages of the frame stand for themselves.
  All answers tell when there is room for everything that was refused up to there.
"""

from collections.abc import Callable, Iterable, Mapping
from itertools import count
from typing import cast

from tui.protocol import codec
from tui.protocol.errors import CloseCode, ErrorCode, ProtocolError
from tui.protocol.express import Draft
from tui.protocol.models import (
    AuthRequestMessage,
    DisconnectMessage,
    ErrorMessage,
    Message,
    PingMessage,
    PongMessage,
    SubscribeMessage,
    UnknownMessage,
    UnsubscribeMessage,
)
from tui.protocol.topics import Filter
from tui.server import wishes
from tui.server.auth import Access, Authority
from tui.server.effects import Close, Effect, Pong, Publish, Send, Subscribe, Unsubscribe
from tui.server.intake import MAX_BATCH, Intake
from tui.server.limits.limiter import Limiter
from tui.server.limits.rates import RateLimits
from tui.server.limits.sizes import DEFAULTS, Limits
from tui.server.metrics import Metrics
from tui.server.replies import Replies

_new = tuple.__new__
"""A named tuple's own takes twice as long."""
MAX_WRONG_TOKENS = 5
"""Wrong tokens in band from one connection, so that nobody who is known can try on for ever."""


class Session:
    """One connection's state: who the client is, and what it subscribed to.

    `clock` gives Unix seconds. `access` is None until the client has said who it is; `judged` is
    told whether a token in band was a right one. Without `rates` nothing is limited.
    """

    def __init__(
        self,
        client_id: str,
        authority: Authority,
        access: Access | None,
        clock: Callable[[], float],
        *,
        v1: bool,
        metrics: Metrics | None = None,
        rates: RateLimits | None = None,
        limits: Limits = DEFAULTS,
        judged: Callable[[bool], None] | None = None,
    ) -> None:
        self._metrics = metrics or Metrics()
        self.replies = Replies(client_id, clock, self._metrics.sent, v1=v1, limits=limits)
        self.client_id = client_id
        self.access: Access | None = None
        self.subscriptions: dict[str, Filter] = {}
        """What was asked for, by id; the connection may have yet to act on the last of it."""
        self.v1 = v1
        self._authority = authority
        self._clock = clock
        self._judged = judged
        self._limiter = Limiter(rates, access, clock) if rates else None
        self._wrong_tokens = 0
        self.limits = limits
        self._intake = Intake(self._metrics, self._limiter, None, depth=limits.depth)
        self._limit = limits.unauthenticated_message
        self._names = (f"subscription-{n}" for n in count(1))
        if access is not None:
            self._let_in(access)

    def open(self) -> list[Effect]:
        """The handshake is done."""
        return [Send(self.replies.connect(self._limit))]

    def expire(self) -> list[Effect]:
        """The time for authentication is over."""
        if self.access is not None:
            return []
        return [Close(CloseCode.UNAUTHENTICATED, "not authenticated in time")]

    def check_expiry(self) -> list[Effect]:
        """Whether the token is good still; to be called about once a second."""
        if self.access is None:
            return []
        present = self._authority.current(self.access)
        if present is None:
            return [Close(CloseCode.TOKEN_EXPIRED, "the key is no longer valid")]
        effects = [] if present is self.access else self._renew(present)
        if present.expires is not None and self._clock() >= present.expires:
            return [Close(CloseCode.TOKEN_EXPIRED, "the token has expired")]
        return effects

    def receive(self, frame: bytes) -> list[Effect]:
        """A frame came in."""
        self._intake.held = 0.0
        if frame[:1] == b"{" and len(frame) <= self._limit:
            return self._receive_message(frame, 0)  # by far the most frequent case
        try:
            members = self._split(frame)
        except ProtocolError as error:
            return [Send(self.replies.error(error))]
        effects: list[Effect] = []
        drafts: list[Draft] | None = None
        for index, raw in enumerate(members):
            for effect in self._receive_message(raw, index):
                # A refusal between two events is no reason to store them apart.
                if drafts is not None and isinstance(effect, Publish):
                    drafts += effect.drafts
                    continue
                if not isinstance(effect, Send):
                    drafts = effect.drafts if isinstance(effect, Publish) else None
                effects.append(effect)
            if self.access is None or (effects and isinstance(effects[-1], Close)):
                break  # the rest is said by somebody unknown, or who has taken leave
        return effects

    def permitted(self, filters: Mapping[str, Filter]) -> dict[str, Filter]:
        """Those that may be followed now: since they were asked for, the token may have changed."""
        access = self.access
        return {id_: one for id_, one in filters.items() if access and access.may_subscribe(one)}

    def not_subscribed(
        self,
        asked: Mapping[str, Filter],
        in_force: Mapping[str, Filter],
        taken_back: Mapping[str, Filter],
    ) -> list[Effect]:
        """A `Subscribe` could not be done: what was in force before under its ids still is.

        But what was `taken_back` from there meanwhile has ended.
        """
        lost = {}
        for id_, filter_ in asked.items():
            if self.subscriptions.get(id_) is not filter_:
                continue  # the client has changed its mind since
            del self.subscriptions[id_]
            if id_ in in_force:
                self.subscriptions[id_] = in_force[id_]
            elif id_ in taken_back:
                lost[id_] = taken_back[id_]
        return self._end(lost)

    def published(
        self, ids: Iterable[str], outcomes: Iterable[ProtocolError | None]
    ) -> list[Effect]:
        """The broker has answered a `Publish` of these; a plain client hears of refusals only."""
        effects: list[Effect] = []
        stored = []
        for id_, refusal in zip(ids, outcomes, strict=True):
            if refusal is None:
                stored.append(id_)
            else:
                effects.append(Send(self.replies.error(refusal)))
        if stored and self.v1:
            effects.append(Send(self.replies.publish_ack(stored)))
        return effects

    def _split(self, frame: bytes) -> list[bytes]:
        members = codec.split(codec.inflate(frame, self._limit))
        if len(members) > MAX_BATCH:
            raise ProtocolError(
                ErrorCode.LIMIT_EXCEEDED, f"more than {MAX_BATCH} messages in one frame"
            )
        return members

    def _receive_message(self, raw: bytes, index: int) -> list[Effect]:
        seen: Draft | Message | None = None
        try:
            seen = self._intake.take(raw)
            if type(seen) is Draft:
                return [_new(Publish, ([seen],))]
            return self._judge(cast("Message", seen))
        except ProtocolError as error:
            error.index = index
            if error.message_id is None and seen is not None:
                error.message_id = seen.id
            return [Send(self.replies.error(error))]

    def _judge(self, message: Message) -> list[Effect]:
        if isinstance(message, AuthRequestMessage):
            return self._authenticate(message)
        if isinstance(message, DisconnectMessage):
            return [Close(CloseCode.NORMAL)]
        if self.access is None:
            raise ProtocolError(
                ErrorCode.UNAUTHENTICATED, f"{message.type}: send auth_request first"
            )
        if isinstance(message, SubscribeMessage):
            return self._subscribe(message)
        if isinstance(message, UnsubscribeMessage):
            return self._unsubscribe(message)
        if isinstance(message, PingMessage):
            self._count("ping")
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
        self._count("auth_request")
        access = self._authority.check(message.data.token)
        if self._judged:
            self._judged(access is not None)
        if access is None:
            self._wrong_tokens += 1
            is_over = self.access is None or self._wrong_tokens >= MAX_WRONG_TOKENS
            reason = "the token is not valid here"
            failure = self.replies.auth_failure(ErrorCode.UNAUTHENTICATED, reason, message.id)
            end = [Close(CloseCode.UNAUTHENTICATED, reason)] if is_over else []
            return [Send(failure), *end]
        effects = self._renew(access, message.id)
        return [Send(self.replies.auth_success(self._limit, message.id)), *effects]

    def _let_in(self, access: Access) -> None:
        self.access = access
        limits = self.limits
        self._limit = limits.publisher_message if access.publish else limits.message
        self._intake.let_in(access)
        if self._limiter:
            self._limiter.grant(access)

    def _renew(self, access: Access, to: str | None = None) -> list[Effect]:
        """Go on with another access, and end the subscriptions that it does not permit."""
        self._let_in(access)
        permitted = self.permitted(self.subscriptions)
        lost = {id_: one for id_, one in self.subscriptions.items() if id_ not in permitted}
        self.subscriptions = permitted
        return self._end(lost, to)

    def _end(self, lost: Mapping[str, Filter], to: str | None = None) -> list[Effect]:
        """End what the token does not permit, and say so."""
        effects: list[Effect] = []
        for id_, one in lost.items():
            effects.append(Unsubscribe(id_))
            if not self.v1:
                reason = f"subscription {id_} has ended: {_no_permission(one)}"
                error = ProtocolError(ErrorCode.FORBIDDEN, reason, message_id=to)
                effects.append(Send(self.replies.error(error)))
        if lost and self.v1:
            reason = _no_permission(next(iter(lost.values())))
            effects.append(Send(self.replies.denied(lost, reason, to)))
        return effects

    def _subscribe(self, message: SubscribeMessage) -> list[Effect]:
        self._count("subscribe")
        data = message.data
        asked = wishes.filters(data, self.subscriptions, self._names, self.limits)
        allowed = self.permitted(asked)
        if len(self.subscriptions | allowed) > self.limits.subscriptions:
            raise wishes.too_many(self.limits)
        effects: list[Effect] = []
        if denied := {id_: one for id_, one in asked.items() if id_ not in allowed}:
            reason = _no_permission(next(iter(denied.values())))
            if not self.v1:
                raise ProtocolError(ErrorCode.FORBIDDEN, reason)
            effects.append(Send(self.replies.denied(denied, reason, message.id)))
        if allowed or not denied:
            resume, since = wishes.cursor(data)
            self.subscriptions |= allowed
            effects.append(Subscribe(allowed, message.id, resume, since, data.snapshot or "auto"))
        return effects

    def _unsubscribe(self, message: UnsubscribeMessage) -> list[Effect]:
        self._count("unsubscribe")
        id_ = message.data.subscription_id
        if self.subscriptions.pop(id_, None) is None:
            raise ProtocolError(
                ErrorCode.UNKNOWN_SUBSCRIPTION,
                f"there is no subscription {id_}",
                field="data.subscriptionId",
            )
        effects: list[Effect] = [Unsubscribe(id_)]
        if self.v1:
            effects.append(Send(self.replies.closed(id_, message.id)))
        return effects

    def _count(self, type_: str) -> None:
        """Count a message against its limit; raises the refusal of one over it."""
        if self._limiter and (wait := self._limiter.take(type_)):
            self._metrics.rate_limited += 1
            raise self._limiter.refusal(type_, wait)


def _no_permission(filter_: Filter) -> str:
    return f"no permission to subscribe to {filter_}"
