"""What a server is told before it starts, and the one error that starting may raise."""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """One server's settings; ports of 0 mean any free one."""

    host: str = "127.0.0.1"
    port: int = 8765
    http_port: int | Literal["off"] | None = None
    """None: port + 1, or any free one where `port` is 0."""
    token: str = field(default="", repr=False)
    """The API key with all permissions; empty: this machine's own (`discovery`)."""
    origins: tuple[str, ...] = ()
    """Allowed `Origin` headers (`https://host:port`). Requests without one are fine."""
    history_bytes: int = 8 * 1024 * 1024
    """How much of each resource's past is kept for those who resume."""
    kind: str = "serve"
    """`serve`, `embedded` or `demo`."""
    announce: bool = True
    """Whether others on this machine can find the server."""


class ServerError(Exception):
    """The server cannot start; the text says what is wrong, where, and what to do."""
