"""From a topic to those who asked for it, at a cost that grows with the matches only.

Every event type has one (resource, event) pair, so a filter is resolved to the pairs it reaches
when it is added. What is left for each event is its id: looked up where filters name it
literally, free where they say `*`, and matched one by one only where they are globs that begin as
it does.
"""

from collections import Counter
from collections.abc import Collection, Hashable
from typing import Generic, TypeVar

from tui.protocol.topics import Filter, Topic, glob_match

S = TypeVar("S", bound=Hashable)
"""A subscriber, whatever the caller delivers to."""
MAX_FOUND = 100_000
"""Matches that are remembered, of all topics together; eight letters of an id count as one."""


class SubscriptionIndex(Generic[S]):
    """Who subscribed to what; a subscriber's several filters on a topic make one match."""

    def __init__(self) -> None:
        self._pairs: dict[tuple[str, str], _Pair[S]] = {}
        self._room = MAX_FOUND

    def add(self, subscriber: S, filter_: Filter) -> None:
        for name in filter_.pairs:
            pair = self._pairs.get(name)
            if pair is None:
                pair = self._pairs[name] = _Pair()
            self._forget(pair)
            pair.add(subscriber, filter_.id)

    def remove(self, subscriber: S, filter_: Filter) -> None:
        """Undo one `add` of the same subscriber and filter."""
        for name in filter_.pairs:
            pair = self._pairs[name]
            self._forget(pair)
            pair.remove(subscriber, filter_.id)

    def match(self, topic: Topic) -> Collection[S]:
        """Each subscriber with a matching filter, once. Use it before anything is added again."""
        resource, id_, event = topic
        pair = self._pairs.get((resource, event))
        if pair is None:
            return ()
        found = pair.found.get(id_)
        if found is None:
            found = tuple(pair.match(id_))
            size = len(found) + 1 + len(id_) // 8
            if size > self._room:
                for other in self._pairs.values():
                    self._forget(other)
            self._room -= size
            pair.found_size += size
            pair.found[id_] = found
        return found

    def _forget(self, pair: "_Pair[S]") -> None:
        self._room += pair.found_size
        pair.found_size = 0
        pair.found.clear()


class _Pair(Generic[S]):
    """Subscribers to one (resource, event), by what they say of the id, with their filter count."""

    def __init__(self) -> None:
        self._any: dict[S, int] = {}
        self._literal: dict[str, dict[S, int]] = {}
        self._globs: dict[str, dict[str, dict[S, int]]] = {}
        """By what is before their first `*`."""
        self._head_sizes: Counter[int] = Counter()
        """How many of those heads have so many letters."""
        self.found: dict[str, Collection[S]] = {}
        """What was matched since the last change: events come again and again on few topics."""
        self.found_size = 0

    def add(self, subscriber: S, id_: str) -> None:
        counts = self._counts(id_)
        counts[subscriber] = counts.get(subscriber, 0) + 1

    def remove(self, subscriber: S, id_: str) -> None:
        counts = self._counts(id_)
        counts[subscriber] -= 1
        if not counts[subscriber]:
            del counts[subscriber]
        if not counts:
            self._drop(id_)

    def match(self, id_: str) -> Collection[S]:
        found = [self._any] if self._any else []
        if literal := self._literal.get(id_):
            found.append(literal)
        for size in self._head_sizes:
            if size <= len(id_) and (globs := self._globs.get(id_[:size])):
                found += [counts for glob, counts in globs.items() if glob_match(glob, id_)]
        return found[0] if len(found) == 1 else set().union(*found)

    def _counts(self, id_: str) -> dict[S, int]:
        if id_ == "*":
            return self._any
        head, star, _ = id_.partition("*")
        if not star:
            return self._literal.setdefault(id_, {})
        globs = self._globs.get(head)
        if globs is None:
            globs = self._globs[head] = {}
            self._head_sizes[len(head)] += 1
        return globs.setdefault(id_, {})

    def _drop(self, id_: str) -> None:
        """Leave nothing of an id, or a glob, that nobody asks for any more."""
        head, star, _ = id_.partition("*")
        if not star:
            del self._literal[id_]
        elif id_ != "*":
            del self._globs[head][id_]
            if not self._globs[head]:
                del self._globs[head]
                self._head_sizes -= Counter((len(head),))
