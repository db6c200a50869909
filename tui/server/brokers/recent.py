"""Ids that were stored lately, so that an event sent twice is stored once."""

from itertools import islice


class RecentIds:
    """Ids of the last `age` seconds, and of these at most the newest `capacity`."""

    def __init__(self, age: float, capacity: int) -> None:
        self._age = age
        self._capacity = capacity
        self._seen: dict[str, float] = {}

    def seen(self, id_: str, now: float) -> bool:
        """Whether the id is within its window; the window is not prolonged by asking."""
        self._forget(now)
        stored = self._seen.get(id_)
        return stored is not None and stored > now - self._age

    def add(self, id_: str, now: float) -> None:
        self._seen.pop(id_, None)
        self._seen[id_] = now
        self._forget(now)

    def _forget(self, now: float) -> None:
        # Two old ones leave at a time at most, so that no single event pays for many.
        for oldest in list(islice(self._seen, 2)):
            if self._seen[oldest] <= now - self._age or len(self._seen) > self._capacity:
                del self._seen[oldest]
