"""What a session wants done: bytes to send, events to store, subscriptions to follow."""

from typing import NamedTuple

from tui.protocol.errors import CloseCode
from tui.protocol.express import Draft
from tui.protocol.topics import Filter
from tui.server.brokers import Position


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

    @property
    def begins_with_state(self) -> bool:
        """Whether history is to be preceded by the state of the time before it."""
        return self.since is not None and self.snapshot == "always"


class Unsubscribe(NamedTuple):
    id: str


class Pong(NamedTuple):
    """Answer a ping, with what has been delivered up to now."""

    message_id: str | None


Effect = Send | Close | Publish | Subscribe | Unsubscribe | Pong
