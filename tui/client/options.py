"""What a client can be told: the document's configuration under Python names, and sizes.

Times are in seconds, sizes in bytes.
"""

from dataclasses import dataclass, field
from typing import Literal

from tui.protocol.limits import MAX_CLIENT_RECEIVE


@dataclass(frozen=True, slots=True)
class Reconnect:
    """Full-jitter back-off: a random time below a ceiling that doubles with each failure."""

    enabled: bool = True
    delay: float = 0.25
    """The first ceiling."""
    max_delay: float = 30.0
    attempts: int | None = None
    """Tries in a row after which the client stops; None: it never does."""
    stable_after: float = 10.0
    """How long a connection must last before the ceiling starts from `delay` again."""


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """A ping every `interval`; the link is stale `interval + timeout` after the last byte heard."""

    interval: float = 10.0
    timeout: float = 10.0


@dataclass(frozen=True, slots=True)
class Authentication:
    type: Literal["jwt", "api-key"] = "api-key"
    """Said only where a server asks for the token in-band."""
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class ClientOptions:
    reconnect: Reconnect = Reconnect()
    heartbeat: Heartbeat = Heartbeat()
    authentication: Authentication = Authentication()
    open_timeout: float = 5.0
    close_timeout: float = 2.0
    send_timeout: float = 10.0
    """How long a peer may take no data before the connection is cut."""
    max_message: int = MAX_CLIENT_RECEIVE
    """The largest frame accepted, inflated size included."""
    queue_bytes: int = 1024 * 1024
    """Frames received whose events wait for handlers; over it, nothing more is read."""
    outbox_bytes: int = 8 * 1024 * 1024
    """Published events kept until the server has them; over it, the oldest go."""
