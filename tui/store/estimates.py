"""How long things take, learnt from how long they took. Pure."""

from collections import OrderedDict, deque
from math import isfinite
from typing import NamedTuple

MAX_SAMPLES = 32
"""Past durations of one thing that count: older ones say little of how it goes now."""
MAX_KEYS = 2_000


class Estimate(NamedTuple):
    """Milliseconds: the median of what was seen, and its quartiles."""

    median: float
    low: float
    high: float
    seen: int
    """How many durations it is learnt from; 0: somebody said so beforehand."""

    @property
    def spread(self) -> float:
        """Half of what lies between the quartiles; 0 where one value is all there is."""
        return (self.high - self.low) / 2


class Estimates:
    """Durations by type of workflow and step; the step `""` is the whole."""

    def __init__(self) -> None:
        self._samples: OrderedDict[tuple[str, str], deque[float]] = OrderedDict()
        self._known: dict[tuple[str, str], Estimate] = {}
        """Worked out since the last word on them."""

    def learn(self, kind: str, step: str, duration: float) -> None:
        """Take in that it took so many milliseconds; a negative time is none."""
        if not isfinite(duration) or duration < 0:
            return
        key = (kind, step)
        self._known.pop(key, None)
        if key in self._samples:
            self._samples.move_to_end(key)
        elif len(self._samples) >= MAX_KEYS:
            oldest, _ = self._samples.popitem(last=False)
            self._known.pop(oldest, None)
        self._samples.setdefault(key, deque(maxlen=MAX_SAMPLES)).append(duration)

    def of(self, kind: str, step: str = "") -> Estimate | None:
        """None where nothing has been learnt."""
        key = (kind, step)
        known = self._known.get(key)
        if known is None and key in self._samples:
            samples = sorted(self._samples[key])
            low, median, high = (_quantile(samples, share) for share in (0.25, 0.5, 0.75))
            known = self._known[key] = Estimate(median, low, high, len(samples))
        return known


def _quantile(rising: list[float], share: float) -> float:
    """Interpolated between the two nearest values."""
    at = share * (len(rising) - 1)
    below = int(at)
    above = min(below + 1, len(rising) - 1)
    return rising[below] + (rising[above] - rising[below]) * (at - below)
