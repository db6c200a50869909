"""Whether the machine slept: its wall clock went on meanwhile, its monotonic clock did not."""

from tui.client.clock import Clock

LEAP = 5.0
"""Seconds that one clock gains on the other, below which it is only being set right."""


class SleepWatch:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._apart = self._difference()

    def slept(self) -> float:
        """Seconds that were slept since the last call; 0.0 where it was none.

        A wall clock that somebody sets forward looks the same.
        """
        before, self._apart = self._apart, self._difference()
        gained = self._apart - before
        return gained if gained >= LEAP else 0.0

    def _difference(self) -> float:
        return self._clock.wall() - self._clock.monotonic()
