"""What wants a person at the servers that are watched and not shown."""

from collections.abc import Iterable
from operator import attrgetter
from typing import NamedTuple

from tui.store.inbox import Inbox

KINDS = ("needs_input", "blocked", "error", "alert")
"""Of needs, the most urgent first."""


class Elsewhere(NamedTuple):
    server: str
    """What it is called."""
    counts: tuple[tuple[str, int], ...]
    """How many of each kind that there is, the most urgent first."""
    since: float
    """Since when the first of them waits (Unix ms)."""


def elsewhere(others: Iterable[tuple[str, Inbox]], now: float) -> list[Elsewhere]:
    """Those of the others, by name, at which something is open; the longest waiting first."""
    found = []
    for server, inbox in others:
        if needs := inbox.open(now):
            counts = ((kind, inbox.count(now, kind)) for kind in KINDS)
            counted = tuple(pair for pair in counts if pair[1])
            found.append(Elsewhere(server, counted, needs[0].since))
    return sorted(found, key=attrgetter("since"))
