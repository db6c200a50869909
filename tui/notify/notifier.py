"""Which needs are news: on the edge only, each occurrence once, a burst in one summary. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from tui.protocol.text import clean
from tui.store.inbox import Need

SPACING = 5_000.0
"""Milliseconds from one piece of news to the next; what comes meanwhile is told together."""
MAX_TEXT, MAX_WHO = 300, 60
MAX_TOLD = 2_000
"""Needs that are known to have been told; the one told first is forgotten."""
NAMED = 3
"""How many a summary names."""
WORDS = {"needs_input": "needs you", "blocked": "is blocked", "error": "has failed"}


_Occurrence = tuple[str, float]
"""A need's key and when it began: what ended and is asked again between two looks is news."""


class News(NamedTuple):
    """Harmless text, a line each."""

    who: str
    kind: str
    """`needs_input` `blocked` `error` `alert`, or `several`."""
    text: str

    @property
    def title(self) -> str:
        return f"{self.who} {WORDS[self.kind]}" if self.kind in WORDS else self.who


class Notifier:
    """Told of all open needs every now and then, says what of them is new.

    What has begun, or come back from a snooze, before `started` (Unix ms) is no news: whoever
    starts a dashboard sees it there.
    """

    def __init__(self, started: float) -> None:
        self._started = started
        self._before: Sequence[Need] = ()
        self._open: frozenset[_Occurrence] = frozenset()
        self._waiting: dict[_Occurrence, Need] = {}
        """Those that are to be told, by occurrence."""
        self._told = float("-inf")
        self._already: dict[_Occurrence, float] = {}
        """Of those that have been told when their last snooze had ended, by key and beginning."""

    def news(self, needs: Sequence[Need], now: float, *, quiet: bool = False) -> News | None:
        """What there is to tell at `now`; in `quiet` hours nothing, but after them what is open."""
        if needs is not self._before:
            self._before = needs
            found = {(need.key, need.since): need for need in needs}
            is_open = frozenset(found)
            self._waiting = {k: need for k, need in self._waiting.items() if k in is_open}
            self._waiting |= {
                key: need
                for key, need in found.items()
                if key not in self._open and max(need.since, need.back) >= self._started
            }
            self._open = is_open
            self._waiting = {k: need for k, need in self._waiting.items() if self._is_news(need)}
        if quiet or not self._waiting or now < self._told + SPACING:
            return None
        self._told = now
        told, self._waiting = list(self._waiting.values()), {}
        self._already |= {(need.key, need.since): need.back for need in told}
        while len(self._already) > MAX_TOLD:
            del self._already[next(iter(self._already))]
        return _one(told[0]) if len(told) == 1 else _several(told)

    def _is_news(self, need: Need) -> bool:
        """Not where a person has put it off and taken that back: only the end of a snooze is."""
        return need.back > self._already.get((need.key, need.since), float("-inf"))


def _one(need: Need) -> News:
    who = f"{need.level.upper()} {need.who}" if need.level else need.who
    return News(clean(who, MAX_WHO), need.kind, clean(need.text, MAX_TEXT))


def _several(needs: Sequence[Need]) -> News:
    named = [clean(need.who, MAX_WHO) for need in needs[:NAMED]]
    more = f" and {len(needs) - NAMED} more" if len(needs) > NAMED else ""
    return News(f"{len(needs)} need you", "several", ", ".join(named) + more)
