"""What a server is told before it starts, and the one error that starting may raise."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

from tui.server.limits.sizes import DEFAULTS, Limits

DAY = 24 * 3600.0
GIB = 1024**3


class TraceConfig(NamedTuple):
    """Which messages `--trace` shows. Where several are given, one of them has to match."""

    types: tuple[str, ...] = ()
    """Message types or globs of them (`agent_*`); none means all."""
    exclude: tuple[str, ...] = ()
    """The same, for what is left out."""
    clients: tuple[str, ...] = ()
    """Ids or names of clients, or globs of them; none means all."""
    direction: Literal["in", "out"] | None = None
    """Seen from the server: what it receives, or what it sends. None: both."""
    data: bool = False
    """Whether the messages' `data` is shown."""
    file: Path | None = None
    """Where to write; None: standard output."""


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """One server's settings; ports of 0 mean any free one."""

    host: str = "127.0.0.1"
    port: int = 8765
    http_port: int | Literal["off"] | None = None
    """None: port + 1, or any free one where `port` is 0."""
    token: str = field(default="", repr=False)
    """The API key with all permissions; empty: this machine's own (`discovery`)."""
    keys: Path | None = None
    """A file of further API keys."""
    jwt_key: Path | bytes | None = field(default=None, repr=False)
    """The secret or public key that JSON Web Tokens are checked with, or a file that has it."""
    jwt_audience: str | None = None
    jwt_issuer: str | None = None
    allow_query_token: bool = False
    """Whether a token may come as `?token=`, which ends up in other people's logs."""
    origins: tuple[str, ...] = ()
    """Allowed `Origin` headers (`https://host:port`). Requests without one are fine."""
    rate_limits: str = "default"
    """`default`, `off`, or the path of a file of rates."""
    limits: Limits = DEFAULTS
    """How large, how deep, how many and how long."""
    connections_per_address: int = 100
    trusted_proxies: tuple[str, ...] = ()
    """Addresses or ranges (CIDR) whose `X-Forwarded-For` is believed."""
    history_bytes: int = 8 * 1024 * 1024
    """How much of each resource's past is kept in memory for those who resume."""
    journal: Path | None = None
    """The file in which events survive a restart; None: they don't."""
    retain_seconds: float = 7 * DAY
    """How long the journal keeps events."""
    retain_bytes: int = GIB
    """How large the journal may become; 16 MiB at the least."""
    trace: TraceConfig | None = None
    log_file: Path | None = None
    """None: standard error."""
    log_level: str = "info"
    """`debug`, `info`, `warning` or `error`."""
    stop_seconds: float = 5.0
    """How long clients have to take leave; whoever has not gone by then is cut off."""
    kind: str = "serve"
    """`serve`, `embedded` or `demo`."""
    announce: bool = True
    """Whether others on this machine can find the server."""


class ServerError(Exception):
    """The server cannot start; the text says what is wrong, where, and what to do."""
