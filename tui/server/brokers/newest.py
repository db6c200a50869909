"""The present state of one stream: the newest event of each (type, state key)."""

from collections import OrderedDict
from operator import attrgetter

from tui.server.brokers import OVERHEAD, Stored


class NewestState:
    """At most `capacity` keys and `size` bytes of each type of event.

    Of each apart: else what is measured of agents, once there are thousands, would push out what
    their status is, and a newcomer's screen would know some of them by their figures alone.

    So that the dead don't haunt that screen, one rule serves for everything: a key that was not
    heard of for `age` seconds leaves. An alert is last heard of when it is resolved, a workflow
    when it ends.
    """

    def __init__(self, capacity: int, size: int, age: float) -> None:
        self._capacity = capacity
        self._size = size
        self._age = age
        self._types: dict[str, _Newest] = {}

    def put(self, event: Stored) -> None:
        if event.key is None:
            return
        newest = self._types.get(event.type)
        if newest is None:
            newest = self._types[event.type] = _Newest(self._capacity, self._size)
        newest.put(event.key, event)

    def present(self, now: float) -> list[Stored]:
        """What is still true at `now` (Unix seconds), by rising offset."""
        found = [e for newest in self._types.values() for e in newest.present(now, self._age)]
        found.sort(key=attrgetter("offset"))
        return found


class _Newest:
    """That of one type; the longest untouched key makes room for others."""

    def __init__(self, capacity: int, size: int) -> None:
        self._capacity = capacity
        self._room = size
        self._newest: OrderedDict[str, Stored] = OrderedDict()
        """Longest untouched first. Not a dict, which is slow to give up what is at its front."""

    def put(self, key: str, event: Stored) -> None:
        newest = self._newest
        if older := newest.pop(key, None):
            self._room += len(older.plain) - len(event.plain)
        else:
            self._room -= len(event.plain) + OVERHEAD
        newest[key] = event
        while newest and (self._room < 0 or len(newest) > self._capacity):
            self._room += newest.popitem(last=False)[1].size

    def present(self, now: float, age: float) -> list[Stored]:
        for key, event in list(self._newest.items()):
            if event.time > now:
                # The clock was set back: it counts from now on, not from a time that is to come.
                self._newest[key] = event._replace(time=now)
            elif event.time <= now - age:
                del self._newest[key]
                self._room += event.size
        return list(self._newest.values())
