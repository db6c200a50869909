"""Token buckets: how often something may happen, with room for bursts. Pure, the clock is passed.

A bucket holds a minute's worth. So who was quiet may say all of it at once, and in the worst
minute of all twice the figure, as with the document's own windows at their edges.
"""

from math import inf

MINUTE = 60.0
_ONE = 0.999
"""A whole token, near enough: whoever waited as told must not fail for a clock's rounding."""


class Bucket:
    """One thing's bucket; `now` in seconds, of any clock that is always the same.

    Where the clock was set back, refilling goes on from there; set forward, it fills the bucket and
    no more.
    """

    __slots__ = ("_at", "_capacity", "_tokens", "pace")

    def __init__(self, a_minute: float, now: float) -> None:
        self._tokens = self._capacity = max(a_minute, 1.0)
        self._at = now
        self.pace = MINUTE / a_minute
        """Seconds from one token to the next."""

    def take(self, now: float) -> float:
        """Take a token. What is returned is 0.0, or the seconds until there is one to take."""
        wait = self.wait(now)
        if wait == 0.0:
            self._tokens -= 1.0
        return wait

    def wait(self, now: float) -> float:
        """Seconds until there is a token; 0.0 where there is one."""
        if self._capacity == inf:
            return 0.0
        passed = now - self._at
        self._at = now
        if passed > 0.0:
            self._tokens = min(self._tokens + passed / self.pace, self._capacity)
        return 0.0 if self._tokens >= _ONE else (1.0 - self._tokens) * self.pace

    def change(self, a_minute: float, now: float) -> None:
        """Go on at another rate, with what was left: nobody gets a fresh bucket by asking."""
        self.wait(now)
        self._capacity = max(a_minute, 1.0)
        self._tokens = inf if a_minute == inf else min(self._tokens, self._capacity)
        self.pace = MINUTE / a_minute
