"""Whether the link is alive, judged by what is heard, of whatever kind.

A server that never answers a ping but keeps sending is alive. Time in which we did not read, or in
which our own loop stood still (a suspended machine, a stalled terminal), does not count.
All times are monotonic seconds.
"""

from tui.client.options import Heartbeat

LATE = 0.5
"""A timer this much behind tells that our own loop stood still."""


class Liveness:
    def __init__(self, options: Heartbeat, now: float) -> None:
        self._interval = options.interval
        self._silence = options.interval + options.timeout
        self._ping_at = float("inf")
        self._pinged: float | None = None
        self.is_reading = True
        """Whether anything could be heard."""
        self._due = float("inf")
        self.heard = now
        """When the last byte came; set for every frame."""
        self.round_trip: float | None = None
        """Seconds; of a ping that was answered within the interval."""

    @property
    def limit(self) -> float:
        """The silence after which a link is stale."""
        return self._silence

    def start(self, now: float) -> None:
        """Begin to ping, at once: the first round trip is wanted early."""
        self._ping_at = now

    def probe(self, now: float) -> None:
        """Doubt the link: ping now, and take it for stale where nothing comes within `timeout`."""
        if self._ping_at < float("inf"):
            self._ping_at = now
            self.heard = min(self.heard, now - self._interval)

    def pause(self) -> None:
        self.is_reading = False

    def resume(self, now: float) -> None:
        self.is_reading = True
        self.heard = now

    def pong(self, now: float) -> None:
        if self._pinged is not None:
            self.round_trip = now - self._pinged
            self._pinged = None

    def tick(self, now: float) -> bool:
        """Whether a ping is due; `pinged` tells that it is sent."""
        late = now - self._due
        if late > LATE:
            self.heard = min(now, self.heard + late)
        self._due = float("inf")
        return now >= self._ping_at

    def pinged(self, now: float) -> None:
        """A ping is sent, be it before it was due."""
        self._ping_at = now + self._interval
        # The next pong answers the first of several: pongs come in order.
        if self._pinged is None or now - self._pinged >= self._interval:
            self._pinged = now

    def is_stale(self, now: float) -> bool:
        return self.is_reading and now - self.heard >= self._silence

    def deadline(self) -> float:
        """When `tick` is due."""
        stale_at = self.heard + self._silence if self.is_reading else float("inf")
        self._due = min(self._ping_at, stale_at)
        return self._due
