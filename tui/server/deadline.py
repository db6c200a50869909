"""The one time by which a stop is over, whatever has a part in it."""

import time
from collections.abc import Callable

STOP_SECONDS = 9.0
"""What a stop takes at most: a second less than is promised, for the process to end in."""
LOG_SECONDS = 1.0
TRACE_SECONDS = 1.0
JOURNAL_SECONDS = 2.0
"""What of them is the log's, the trace's and the journal's alone, however long others took."""


class Deadline:
    """It runs from `begin` on, the first time. `clock` gives seconds."""

    def __init__(
        self, seconds: float = STOP_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._seconds = seconds
        self._clock = clock
        self._end: float | None = None

    def begin(self) -> None:
        if self._end is None:
            self._end = self._clock() + self._seconds

    def left(self, reserve: float = 0.0) -> float:
        """Seconds that there are for whoever asks; `reserve` are for those who come after."""
        left = self._seconds if self._end is None else self._end - self._clock()
        return max(0.0, left - reserve)
