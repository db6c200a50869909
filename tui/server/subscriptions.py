"""From a topic to those who asked for it, at a cost that grows with the matches only.

Every event type has one (resource, event) pair, so a filter is resolved to the pairs it reaches
when it is added. What is left for each event is its id: looked up where filters name it
literally, free where they say `*`, and matched one by one only where they are globs.
"""

from collections.abc import Collection, Hashable
from typing import Generic, TypeVar

from tui.protocol.topics import Filter, Topic, glob_match

S = TypeVar("S", bound=Hashable)
"""A subscriber, whatever the caller delivers to."""
MAX_FOUND = 100_000
"""Matches that are remembered, of all topics together."""


class SubscriptionIndex(Generic[S]):
    """Who subscribed to what; a subscriber's several filters on a topic make one match."""

    def __init__(self) -> None:
        self._pairs: dict[tuple[str, str], _Pair[S]] = {}
        self._found: dict[Topic, Collection[S]] = {}
        """What was matched since the last change: events come again and again on few topics."""
        self._room = MAX_FOUND

    def add(self, subscriber: S, filter_: Filter) -> None:
        self._forget()
        for pair in filter_.pairs:
            self._pairs.setdefault(pair, _Pair()).add(subscriber, filter_.id)

    def remove(self, subscriber: S, filter_: Filter) -> None:
        """Undo one `add` of the same subscriber and filter."""
        self._forget()
        for pair in filter_.pairs:
            self._pairs[pair].remove(subscriber, filter_.id)

    def match(self, topic: Topic) -> Collection[S]:
        """Each subscriber with a matching filter, once. Use it before anything is added again."""
        found = self._found.get(topic)
        if found is None:
            pair = self._pairs.get((topic.resource, topic.event))
            found = tuple(pair.match(topic.id)) if pair else ()
            self._room -= len(found) + 1
            if self._room < 0:
                self._forget()
            self._found[topic] = found
        return found

    def _forget(self) -> None:
        self._found.clear()
        self._room = MAX_FOUND


class _Pair(Generic[S]):
    """Subscribers to one (resource, event), by what they say of the id, with their filter count."""

    def __init__(self) -> None:
        self._any: dict[S, int] = {}
        self._literal: dict[str, dict[S, int]] = {}
        self._globs: dict[str, dict[S, int]] = {}

    def add(self, subscriber: S, id_: str) -> None:
        counts = self._counts(id_)
        counts[subscriber] = counts.get(subscriber, 0) + 1

    def remove(self, subscriber: S, id_: str) -> None:
        counts = self._counts(id_)
        counts[subscriber] -= 1
        if not counts[subscriber]:
            del counts[subscriber]
        if not counts:
            self._literal.pop(id_, None)
            self._globs.pop(id_, None)

    def match(self, id_: str) -> Collection[S]:
        found = [self._any] if self._any else []
        if literal := self._literal.get(id_):
            found.append(literal)
        found += [counts for glob, counts in self._globs.items() if glob_match(glob, id_)]
        return found[0] if len(found) == 1 else set().union(*found)

    def _counts(self, id_: str) -> dict[S, int]:
        if id_ == "*":
            return self._any
        return (self._globs if "*" in id_ else self._literal).setdefault(id_, {})
