"""The present state of one stream: the newest event of each (type, state key)."""

from collections import OrderedDict

from tui.server.brokers import OVERHEAD, Stored


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
        newest = self._newest
        key = (event.type, event.key)
        if older := newest.pop(key, None):
            self._room += len(older.plain) - len(event.plain)
        else:
            self._room -= len(event.plain) + OVERHEAD
        newest[key] = event
        while newest and (self._room < 0 or len(newest) > self._capacity):
            self._room += newest.popitem(last=False)[1].size

    def present(self, now: float) -> list[Stored]:
        """What is still true at `now` (Unix seconds), by rising offset."""
        for key, event in list(self._newest.items()):
            if event.time > now:
                # The clock was set back: it counts from now on, not from a time that is to come.
                self._newest[key] = event._replace(time=now)
            elif event.time <= now - self._age:
                del self._newest[key]
                self._room += event.size
        return list(self._newest.values())
