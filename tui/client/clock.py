"""Time as the client sees it, so that tests can turn the hands."""

import time
from collections.abc import Callable
from typing import NamedTuple


class Clock(NamedTuple):
    monotonic: Callable[[], float] = time.monotonic
    """Seconds, for intervals."""
    wall: Callable[[], float] = time.time
    """Unix seconds, for timestamps."""

    def milliseconds(self) -> float:
        """Unix milliseconds, as envelopes carry them."""
        return float(round(self.wall() * 1000))
