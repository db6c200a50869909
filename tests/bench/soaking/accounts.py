"""What each reader was given, held against the streams as they were stored.

The streams are read from their beginning once all is over: by offset, 1 first.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from tests.bench.soaking.ledger import Ledger
from tests.bench.soaking.story import Made

Streams = Mapping[str, Sequence[str]]
"""Ids by resource, in the order of their offsets."""
Matches = Callable[[Made], bool]


class Given(NamedTuple):
    """One thing that a v1 reader was given of a stream, in order."""

    kind: str
    """`live`, `replayed`, `snapshot`, `gap`, `position` (by a pong), `connected`."""
    offset: int = 0
    conflated: int = 0
    since: int = 0
    """Of a gap: the first offset that may be lost; `offset` is the last."""
    id: str = ""
    state: Sequence[tuple[int, str]] = ()
    """Of a snapshot: offsets and ids."""


def check_streams(ledger: Ledger, streams: Streams) -> None:
    """Acknowledged means stored, once, in the publisher's order; nothing else is stored."""
    all_ids = [id_ for ids in streams.values() for id_ in ids]
    stored = set(all_ids)
    if len(stored) != len(all_ids):
        ledger.wrong(f"{len(all_ids) - len(stored)} events are stored twice")
    if lost := ledger.acknowledged - stored:
        ledger.wrong(f"{len(lost)} acknowledged and not stored, such as {sorted(lost)[:3]}")
    if strange := stored - ledger.published.keys():
        ledger.wrong(f"{len(strange)} stored and never published: {sorted(strange)[:3]}")
    for resource, ids in streams.items():
        last: dict[str, str] = {}
        for id_ in ids:
            name = id_.rpartition("-")[0]
            if last.get(name, "") > id_:
                ledger.wrong(f"{resource}: {id_} is stored behind {last[name]}")
            last[name] = id_


class Account:
    """One v1 reader's account of one stream: nothing is missing that was not declared."""

    def __init__(self, stream: Sequence[Made], matches: Matches, begin: int) -> None:
        self._stream = stream
        self._matches = matches
        self._at = begin
        self._skipped: dict[tuple[str, str | None], list[int]] = {}
        """By state key, what was passed over and must be stood for by a newer one."""
        self._state: dict[tuple[str, str | None], tuple[int, str]] = {}
        self._state_at = 0
        self._before_cut: set[int] = set()
        """What was passed over on an earlier connection, whose conflating event may be lost."""

    def faults(self, given: Iterable[Given], *, to_the_end: bool = True) -> Iterator[str]:
        """What is wrong with it; the reader was there to the end, or left before."""
        for one in given:
            if one.kind == "connected":
                self._before_cut = {at for all_ in self._skipped.values() for at in all_}
            elif one.kind == "gap":
                yield from self._pass_over(one.since - 1)
                self._at = max(self._at, one.offset)
                for key, all_ in list(self._skipped.items()):
                    self._skipped[key] = [at for at in all_ if not one.since <= at <= one.offset]
            elif one.kind == "snapshot":
                yield from self._snapshot(one)
            elif one.kind == "position":
                yield from self._pass_over(one.offset)
                yield from self._unsettled(f"a pong that speaks of {one.offset}")
            else:
                yield from self._event(one)
        if to_the_end:
            yield from self._pass_over(len(self._stream))
            yield from self._unsettled("the end")

    def _event(self, one: Given) -> Iterator[str]:
        if one.offset <= self._at:
            yield f"{one.id} at {one.offset} came again, or late: already at {self._at}"
            return
        if one.offset > len(self._stream) or self._stream[one.offset - 1].id != one.id:
            yield f"{one.id} has offset {one.offset}, where another event is stored"
            return
        made = self._stream[one.offset - 1]
        if not self._matches(made):
            yield f"{one.id} was not asked for"
        yield from self._pass_over(one.offset - 1)
        self._at = one.offset
        skipped = self._skipped.pop((made.type, made.key), [])
        fresh = [at for at in skipped if at not in self._before_cut]
        if len(fresh) != one.conflated:
            yield f"{one.id} stands for {one.conflated} others, and {fresh} were left out"

    def _pass_over(self, upto: int) -> Iterator[str]:
        for offset in range(self._at + 1, min(upto, len(self._stream)) + 1):
            made = self._stream[offset - 1]
            if not self._matches(made):
                continue
            if made.conflatable:
                self._skipped.setdefault((made.type, made.key), []).append(offset)
            else:
                yield f"{made.id} at {offset} ({made.type}) was never given, nor declared lost"
        self._at = max(self._at, upto)

    def _snapshot(self, one: Given) -> Iterator[str]:
        yield from self._pass_over(one.offset)
        self._skipped.clear()
        for offset in range(self._state_at + 1, min(one.offset, len(self._stream)) + 1):
            made = self._stream[offset - 1]
            if made.key is not None and self._matches(made):
                self._state[made.type, made.key] = (offset, made.id)
        self._state_at = max(self._state_at, one.offset)
        if strange := sorted(set(one.state) ^ set(self._state.values())):
            yield f"the snapshot at {one.offset} is not the state then: {strange[:3]}"

    def _unsettled(self, when: str) -> Iterator[str]:
        left = {
            key: fresh
            for key, all_ in self._skipped.items()
            if (fresh := [at for at in all_ if at not in self._before_cut])
        }
        if left:
            key, offsets = next(iter(left.items()))
            yield f"{key} at {offsets} has no newer one before {when}, nor {len(left) - 1} others"


def check_set(
    stream: Sequence[Made], matches: Matches, seen: set[str], gaps: Sequence[tuple[int, int]]
) -> Iterator[str]:
    """The same for a reader that keeps no order: the SDK's handlers, which see no offsets' play."""
    newer: set[tuple[str, str | None]] = set()
    for offset in range(len(stream), 0, -1):
        made = stream[offset - 1]
        if not matches(made):
            continue
        if made.id in seen:
            newer.add((made.type, made.key))
        elif any(since <= offset <= upto for since, upto in gaps):
            pass
        elif not made.conflatable or (made.type, made.key) not in newer:
            yield f"{made.id} at {offset} ({made.type}) was never given, nor declared lost"


def check_run(stream: Sequence[Made], matches: Matches, run: Sequence[str]) -> Iterator[str]:
    """What one plain connection was given of a stream: all of it, from its first to its last."""
    places = {made.id: offset for offset, made in enumerate(stream) if matches(made)}
    if unknown := [id_ for id_ in run if id_ not in places]:
        yield f"given, and not in the stream or not asked for: {unknown[:3]}"
        return
    order = list(places)
    index = {id_: n for n, id_ in enumerate(order)}
    for one, next_ in pairwise(run):
        if index[next_] != index[one] + 1:
            yield f"{next_} came behind {one}, with {index[next_] - index[one] - 1} in between"
