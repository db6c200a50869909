"""What a client tells about its connection."""

from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple

from tui.protocol.topics import Filter


class ConnectionStatus(NamedTuple):
    phase: Literal["connecting", "live", "waiting", "stopped"]
    reason: str | None = None
    """Why it waits or stopped: harmless text, one line."""
    retry_at: float | None = None
    """While waiting: when the next try is due (monotonic seconds)."""
    attempt: int = 0
    """Tries since the connection was last stable, this one included."""
    round_trip: float | None = None
    """Seconds from the last answered ping to its pong."""
    v1: bool = False
    """Whether the server speaks v1 (resume, batches, acknowledgements)."""


class ConnectionStopped(Exception):  # noqa: N818 - it is a state, with its reason
    """The client stopped for good; the message is the reason."""

    @property
    def reason(self) -> str:
        return str(self)


@dataclass(frozen=True, slots=True)
class Gap:
    """Events of one stream were, or with a plain server may have been, lost to this client.

    The bounds are offsets, both included, and an upper bound; None where nobody knows how many
    there were: the numbering has started afresh, a plain server was away for a while, or neither a
    message could be read nor its offset. Where a v1 server tells of it, the present state follows.
    """

    type: ClassVar[str] = "gap"
    resource: str
    lost_from: int | None = None
    lost_to: int | None = None

    def __str__(self) -> str:
        """What people are told."""
        said = f"what {self.resource} said meanwhile is missing"
        if self.lost_from is None or self.lost_to is None:
            return said
        count = self.lost_to - self.lost_from + 1
        return f"{said}, up to {count:,} event{'s' if count != 1 else ''}"


@dataclass(frozen=True, slots=True)
class Denied:
    """The server denies a subscription, at first or later on; told once for each reason.

    It is asked for again on each connection, and what was denied may be granted then.
    """

    type: ClassVar[str] = "denied"
    filter: Filter
    reason: str | None = None

    def __str__(self) -> str:
        """What people are told."""
        return f"the server denies {self.filter}: {self.reason or 'no reason given'}"
