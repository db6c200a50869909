"""What a client publishes, whichever way it comes: read, counted, permitted, within its rates."""

from functools import cache
from typing import Any, cast

from tui.protocol import codec
from tui.protocol.errors import ErrorCode, ProtocolError
from tui.protocol.express import Draft, accept
from tui.protocol.models import Event, Message
from tui.protocol.topics import Topic
from tui.server.auth import Access
from tui.server.limits.limiter import Limiter
from tui.server.metrics import Metrics

MAX_BATCH = 1000
"""Messages in one frame: as many as may all be refused without filling an outbox."""


class Intake:
    """Judges messages one by one. `access` is None while nobody knows who they are from.

    Where there is no limiter, nothing is limited.
    """

    def __init__(
        self, metrics: Metrics, limiter: Limiter | None, access: Access | None, *, depth: int
    ) -> None:
        """`depth` is how deep a message may nest."""
        self.held = 0.0
        """How long an earlier event of this frame has to wait, in seconds; 0.0: none has."""
        self._metrics = metrics
        self._limiter = limiter
        self._depth = depth
        self.let_in(access)

    def let_in(self, access: Access | None) -> None:
        self._access = access
        self._publishes_everything = access is not None and access.publishes_everything

    def take(self, raw: bytes) -> Draft | Message:
        """An event that may be stored, or what is no event, which nobody has judged yet.

        Raises ProtocolError, with the message's id where it can be read.
        """
        access = self._access
        seen: Draft | Message | None = None
        try:
            if access is not None:
                seen = accept(raw, max_depth=self._depth)
            if seen is None:
                seen = codec.decode_message(raw, max_depth=self._depth)
            self._metrics.received(seen.type, len(raw))
            kind: Any = type(seen)
            if access is None or not (kind is Draft or _is_event(kind)):
                return seen
            draft = seen if isinstance(seen, Draft) else Draft.of(cast("Event", seen), raw)
            if not self._publishes_everything:
                _permit(access, draft.topic)
            if self._limiter:
                self.held = self._limiter.take_event(draft.type, self.held)
                if self.held:
                    self._metrics.rate_limited += 1
                    raise self._limiter.refusal(draft.type, self.held)
        except ProtocolError as error:
            if error.message_id is None and seen is not None:
                error.message_id = seen.id
            raise
        return draft


@cache
def _is_event(kind: type[object]) -> bool:
    """The same as `isinstance`, which asks pydantic each time, at several times the cost."""
    return issubclass(kind, Event)


def _permit(access: Access, topic: Topic) -> None:
    if not access.may_publish(topic):
        raise ProtocolError(ErrorCode.FORBIDDEN, f"no permission to publish {topic}")
