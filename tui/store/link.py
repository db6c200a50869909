"""The connection as the screen shows it; written by the feed, which alone knows the client."""

from typing import NamedTuple


class Link(NamedTuple):
    phase: str = "starting"
    """`starting` `connecting` `live` `waiting` `stopped`, or of a recording `replay` `ended`."""
    url: str = ""
    server: str = ""
    """What it is called, where several are watched."""
    kind: str = ""
    """`demo`, `embedded`, or empty for somebody else's server."""
    reason: str = ""
    retry_in: float | None = None
    """Seconds to the next try, while waiting."""
    attempt: int = 0
    round_trip: float | None = None
    """Seconds."""
    quiet_since: float | None = None
    """When the link was last live (Unix ms), while it is not."""
    rate: float = 0.0
    """Events a second, over the last few."""
    lag: int = 0
    """Events that the server has and the screen has not: an upper bound."""
    hint: str = ""
    """How to feed this server, shown while there is nothing to see."""
    speed: float = 1.0
    """How fast a recording is replayed."""

    @property
    def live(self) -> bool:
        """Whether what the store says is so now, by the clock that is shown."""
        return self.phase in ("live", "replay", "ended")

    @property
    def may_be_retried(self) -> bool:
        return self.phase in ("waiting", "stopped")
