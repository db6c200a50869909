"""A lane an agent, in the session's time: in which phase it was, and when it waited."""

from heapq import nsmallest
from itertools import chain, groupby, islice
from operator import attrgetter

from rich.cells import cell_len

from tui.protocol.text import clean
from tui.store import Store
from tui.widgets.cells import Line, Span, fit
from tui.widgets.statuses import STATUSES

SIGNS = {
    "R": ("R", "red"),
    "G": ("G", "green"),
    "F": ("F", "refactor"),
    "n": (STATUSES["needs_input"][0], "accent"),
    "b": STATUSES["blocked"][:2],
    "e": STATUSES["error"][:2],
    "w": ("━", "ok"),
    "i": ("·", "dim"),
    "o": (" ", ""),
}
"""Of each of the ribbon's letters, what is drawn: at work and idle where no phase is known."""
NOTHING = (" ", "")
MIN_NAME, MAX_NAME = 12, 24


class SwimLanes:
    """Works nothing out anew but what has changed."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._asked: tuple[object, ...] = ()
        self._agents: list[str] = []
        self._drawn_for: tuple[object, ...] = ()
        self._lines: list[Line] = []

    def agents(self, most: int, *, held: bool = False) -> list[str]:
        """Who has a lane: those that call, the longest waiting first, then the others by name.

        `held`: nobody who had none when this was last asked.
        """
        if held:
            self._asked, self._agents = (), self._agents[:most]
            return self._agents
        agents, cycles = self._store.agents, self._store.tdd.by_agent
        asked = (agents.revision, len(cycles), most)
        if asked == self._asked:
            return self._agents
        self._asked = asked
        by_urgency = attrgetter("attention", "called", "id")
        names = [one.id for one in nsmallest(most, agents.calling.values(), key=by_urgency)]
        if len(names) < most:
            by_activity = attrgetter("attention", "id")
            active = nsmallest(most + len(names), agents.by_id.values(), key=by_activity)
            unheard_of = (id_ for id_ in cycles if id_ not in agents.by_id)
            others = chain((one.id for one in active if one.id not in agents.calling), unheard_of)
            names += sorted(islice(others, most - len(names)))
        self._agents = names
        return names

    def name_width(self) -> int:
        longest = max((cell_len(clean(name)) for name in self._agents), default=0)
        return max(MIN_NAME, min(MAX_NAME, longest))

    def lines(self, begin: float, step: float, cells: int) -> list[Line]:
        """The lanes of the agents asked for last, from `begin` on, `step` milliseconds a cell."""
        store = self._store
        scale = begin, step, cells
        wanted = (*self._agents, store.agents.calls, store.ribbon.changes, *scale)
        if wanted != self._drawn_for:
            self._drawn_for = wanted
            width = self.name_width()
            letters = store.ribbon.lanes(self._agents, *scale)
            self._lines = [
                (self._name(name, width), *_signs(lane))
                for name, lane in zip(self._agents, letters, strict=True)
            ]
        return self._lines

    def _name(self, name: str, width: int) -> Span:
        calls = name in self._store.agents.calling
        return (fit(name, width) + " ", "strong" if calls else "dim")


def _signs(letters: str) -> Line:
    runs = ((SIGNS.get(letter, NOTHING), len(list(run))) for letter, run in groupby(letters))
    return tuple((sign * length, style) for (sign, style), length in runs)
