"""Ids that were stored lately, so that an event sent twice is stored once."""

from collections import OrderedDict
from collections.abc import Iterable


class RecentIds:
    """Ids of the last `age` seconds, and of these at most the newest `capacity`.

    All times are of one clock, which is never set back.
    """

    def __init__(self, age: float, capacity: int) -> None:
        self._age = age
        self._capacity = capacity
        self._seen: OrderedDict[str, float] = OrderedDict()
        """Not a dict, which is slow to give up what is at its front."""

    def __len__(self) -> int:
        return len(self._seen)

    def add(self, id_: str, now: float) -> bool:
        """Whether the id is new; one that is not keeps the window it has."""
        stored = self._seen.get(id_)
        if stored is not None:
            if stored > now - self._age:
                return False
            del self._seen[id_]
        self._seen[id_] = now
        return True

    def discard(self, ids: Iterable[str]) -> None:
        """As if these had never been added."""
        for id_ in ids:
            self._seen.pop(id_, None)

    def forget(self, now: float, count: int) -> None:
        """Let go of what is too old or too much: twice `count` at most, which were just added.

        So that no single event pays for many.
        """
        seen = self._seen
        horizon = now - self._age
        for _ in range(min(2 * count, len(seen))):
            if len(seen) <= self._capacity and seen[next(iter(seen))] > horizon:
                break
            seen.popitem(last=False)
