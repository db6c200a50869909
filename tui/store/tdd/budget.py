"""How much is kept of what may be large: within one bound for all agents together."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

K = TypeVar("K")


class Budget(Generic[K]):
    """Sizes by key; what was put in longest ago goes, but never the newest."""

    def __init__(self, limit: int, drop: Callable[[K], None]) -> None:
        """`drop` is given the key of what goes."""
        self._limit = limit
        self._drop = drop
        self._sizes: OrderedDict[K, int] = OrderedDict()
        self._held = 0

    def put(self, key: K, size: int) -> None:
        """It takes so much from now on; nothing: it takes no place at all."""
        self.remove(key)
        if size:
            self._sizes[key] = size
            self._held += size
        while self._held > self._limit and len(self._sizes) > 1:
            oldest, less = self._sizes.popitem(last=False)
            self._held -= less
            self._drop(oldest)

    def remove(self, key: K) -> None:
        self._held -= self._sizes.pop(key, 0)
