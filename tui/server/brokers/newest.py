"""The present state of one stream: the newest event of each (type, state key)."""

from collections import OrderedDict

from tui.server.brokers import Stored


class NewestState:
    """At most `capacity` keys and `size` bytes; the longest untouched key makes room for others.

    So that the dead don't haunt a newcomer's screen, one rule serves for everything: a key that
    was not heard of for `age` seconds leaves. An alert is last heard of when it is resolved, a
    workflow when it ends.
    """

    def __init__(self, capacity: int, size: int, age: float) -> None:
        self._capacity = capacity
        self._room = size
        self._age = age
        self._newest: OrderedDict[tuple[str, str], Stored] = OrderedDict()
        """Longest untouched first. Not a dict, which is slow to give up what is at its front."""

    def put(self, event: Stored) -> None:
        if event.key is None:
            return
        key = (event.type, event.key)
        self._drop(key)
        self._newest[key] = event
        self._room -= event.size
        while len(self._newest) > self._capacity or (self._room < 0 and self._newest):
            self._drop(next(iter(self._newest)))

    def present(self, now: float) -> list[Stored]:
        """What is still true at `now` (Unix seconds), by rising offset."""
        expired = []
        for key, event in self._newest.items():
            if event.time > now - self._age:
                break
            expired.append(key)
        for key in expired:
            self._drop(key)
        return list(self._newest.values())

    def _drop(self, key: tuple[str, str]) -> None:
        if event := self._newest.pop(key, None):
            self._room += event.size
