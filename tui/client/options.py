"""What a client can be told: the document's configuration under Python names, and sizes.

Times are in seconds, sizes in bytes.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
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


Token = str | Callable[[], str | Awaitable[str | None] | None]
"""A token, or a function that is asked for one at each connection: one that expires is renewed."""


@dataclass(frozen=True, slots=True)
class Authentication:
    type: Literal["jwt", "api-key"] = "api-key"
    """Said only where a server asks for the token in-band."""
    token: Token | None = field(default=None, repr=False)


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
    """Published events kept until the server has them."""
    outbox_seconds: float = 24 * 3600.0
    """What could not be delivered for so long is dropped."""
    outbox_full: Literal["block", "drop_oldest", "raise"] = "drop_oldest"
    """What `publish` does where the outbox is full: wait for room, even while there is no server;
    drop the oldest events, and count them; or raise OutboxError."""
    outbox_file: Path | None = None
    """Where published events are kept, too, so that they survive this process; its alone."""
