"""The session in time: phases, how much happened, what stands out, and now.

On one line, or, where there is height, on one axis below one another with a lane an agent.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from textual.events import Click, MouseMove
from textual.message import Message

from tui.store import Store
from tui.store.ribbon import SESSION_GAP
from tui.widgets.cells import Line, Span, clock_time, fit, line_width, span_at, spark
from tui.widgets.pane_wanted import PaneWanted
from tui.widgets.rows import RowView

if TYPE_CHECKING:
    from tui.widgets.swim_lanes import SwimLanes

MARKS = {
    "deploy_failed": ("⇡", "failed", "bad", "alerts"),
    "ci": ("✗", "ci", "bad", "alerts"),
    "deploy": ("⇡", "deploy", "ok", "alerts"),
    "coverage": ("▼", "cov", "warn", "tdd"),
    "needs": ("‼", "needs you", "accent", "agents"),
}
"""Glyph, word, style, and the pane that says more.

Of markers that fall on one cell the first, the rarer, is shown.
"""
PANES = {glyph: pane for glyph, _, _, pane in MARKS.values()}
PHASE_STYLES = {"R": "red", "G": "green", "F": "refactor"}
FIRST_LANE = 2
"""The line of the first lane, where there are any."""
MORE = " +"
"""Before how many agents have no lane."""
ROOM_FOR_PHASES, ROOM_FOR_MARKERS = 50, 98
"""Cells of the line from which the phases, and the markers, have cells of their own.

Markers without are drawn over the rate.
"""


class Scale(NamedTuple):
    """How time lies on cells."""

    begin: float
    step: float
    """Milliseconds a cell."""
    cells: int


class TimeRibbon(RowView, can_focus=False):
    DEFAULT_CSS = """
    TimeRibbon { height: 1; background: $background; overflow: hidden; padding: 0 1; }
    """

    stands_at: float | None = None
    """When the view was paused (Unix ms); None while it goes on.

    Another size or agent has it drawn anew even then, from what is known by now of the time before.
    """
    agent: str = ""
    """Whose phases are shown; empty: of whom it matters most."""

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        super().__init__(id="ribbon")
        self.store = store
        self.clock = clock
        self.most_lanes = 0
        """For how many agents there is room."""
        self._lanes: SwimLanes | None = None
        self._names: list[str] = []
        """Who has a lane, from the top."""
        self._pointed = -1
        """The line that the mouse is on."""
        self._lines: tuple[Line, ...] = ((),)
        self._drawn_for: tuple[int, int, str] | None = None
        """What they were drawn for: the width, the lanes there is room for, whose phases."""

    class Chosen(Message):
        """A person clicked on an agent's lane."""

        def __init__(self, agent: str) -> None:
            super().__init__()
            self.agent = agent

    # The mouse: what there is to see here is said by a pane, or by all about an agent.

    def on_click(self, event: Click) -> None:
        lane = event.y - FIRST_LANE
        if 0 <= lane < len(self._names):
            self.post_message(self.Chosen(self._names[lane]))
            return
        offset = event.get_content_offset(self)
        line = self._lines[offset.y] if offset and offset.y < len(self._lines) else ()
        place = span_at(line, offset.x) if offset else None
        text, style = ("", "") if place is None else line[place]
        if text.startswith("▌"):
            self.call_next(self.run_action, "screen.pause")
        elif pane := PANES.get(text[:1]):
            self.post_message(PaneWanted(pane))
        elif style in PHASE_STYLES.values():
            self.post_message(PaneWanted("tdd"))
        elif text.startswith(MORE):
            self.post_message(PaneWanted("agents"))

    def on_mouse_move(self, event: MouseMove) -> None:
        self._point(event.y)

    def on_leave(self) -> None:
        self._point(-1)

    def _point(self, line: int) -> None:
        if line != self._pointed:
            self._pointed = line
            RowView.update_rows(self)  # as it was drawn, but for what says that it can be opened

    # Drawing.

    def pause(self) -> None:
        """Stand at what is the end now, until it is to `go_on`."""
        self.stands_at = self.clock() if self.store.ribbon.start is None else self._end()
        self._drawn_for = None
        self.update_rows()

    def go_on(self) -> None:
        self.stands_at = None
        self.update_rows()

    def count(self) -> int:
        return len(self._lines)

    def line(self, index: int, width: int) -> Line:
        del width
        line = self._lines[index]
        if FIRST_LANE <= self._pointed < len(self._lines):
            (text, style), *others = line
            if index == self._pointed:
                name = text.rstrip()
                return ((name, "link"), (text[len(name) :], style), *others)
            if index == FIRST_LANE - 1:  # a tooltip would hide other lanes
                return ((fit("click opens", line_width(line[:1])), style), *others)
        return line

    def update_rows(self) -> None:
        width = self.known_room.width
        wanted = (width, self.most_lanes, self.agent)
        if width and (self.stands_at is None or wanted != self._drawn_for):
            self._drawn_for = wanted
            before, self._lines = len(self._lines), self.drawn_lines(width)
            if before != len(self._lines):
                self.styles.height = len(self._lines)
        super().update_rows()

    def drawn_lines(self, width: int) -> tuple[Line, ...]:
        """How much happened, what stood out, and the lanes; one line where there is none."""
        self._names = []
        start = self.store.ribbon.start
        if start is None or not self.most_lanes:
            return (self.drawn(width),)
        lanes = self._lanes = self._lanes or _swim_lanes(self.store)
        agents = lanes.agents(self.most_lanes, held=self.stands_at is not None)
        end = self._end()
        after = self._now(end)
        name = lanes.name_width() + 1
        cells = width - name - line_width(after) - 1
        if cells < 1 or not agents:
            return (self.drawn(width),)
        self._names = agents
        scale = self._scale(start, end, cells)
        since = fit(f"{clock_time(start, seconds=False)} events", name)
        more = len(self.store.agents.by_id) - len(agents)
        others = f"{MORE}{more:,} more" if more > 0 else ""
        return (
            ((since, "dim"), *self._rate(scale), (" ", ""), *after),
            ((" " * name, "dim"), *self._markers(scale), (others, "dim")),
            *lanes.lines(*scale),
        )

    def drawn(self, width: int) -> Line:
        """The line as it is now, in `width` cells."""
        start = self.store.ribbon.start
        if start is None:
            return (("no events yet", "dim"),)
        end = self._end()
        before: Line = ((f"{clock_time(start, seconds=False)} ", "dim"),)
        after = self._now(end)
        room = width - line_width(before) - line_width(after) - 1
        if room < 1:
            return after
        phases = room * 3 // 8 if width >= ROOM_FOR_PHASES else 0
        markers = room * 3 // 8 if width >= ROOM_FOR_MARKERS else 0
        parts = [before]
        if phases:
            parts.append((*self._phases(self._scale(start, end, phases - 1)), (" ", "")))
        rate = self._scale(start, end, room - phases - markers)
        parts.append(self._rate(rate) if markers else self._rate_with_markers(rate))
        if markers:
            parts.append(((" ", ""), *self._markers(self._scale(start, end, markers - 1))))
        return (*(span for part in parts for span in part), (" ", ""), *after)

    def _now(self, end: float) -> Line:
        word, style = ("LIVE", "ok") if self.store.link.live else ("LAST", "warn")
        if self.stands_at is not None:
            word, style = "PAUSED", "alarm"
        return ((f"▌{word}", style), (f" {clock_time(end, seconds=False)}", "dim"))

    def _end(self) -> float:
        """Now, or where the newest event is if that is on another clock."""
        if self.stands_at is not None:
            return self.stands_at
        end = self.store.ribbon.end
        now = self.clock()
        return max(end, now) if now - end < SESSION_GAP else end

    def _scale(self, start: float, end: float, cells: int) -> Scale:
        """Whole buckets to a cell, the last one now: all stays in place until the next begins."""
        bucket = self.store.ribbon.width
        buckets = int(end // bucket) - int(start // bucket) + 1
        step = bucket * max(1, -(-buckets // max(1, cells)))
        if end // step - start // step >= cells > 1:  # the first and the last are cut by a cell
            step = bucket * -(-buckets // (cells - 1))
        last = end // step
        return Scale((last - cells + 1) * step, step, cells)

    def _phases(self, scale: Scale) -> Line:
        cycle = None if self.agent else self.store.tdd.current()
        agent = cycle.agent_id if cycle else self.agent
        letters = self.store.ribbon.phases(agent, *scale)
        return _runs([(letter, PHASE_STYLES.get(letter, "dim")) for letter in letters])

    def _rate(self, scale: Scale) -> Line:
        return ((self._bars(scale), "info"),)

    def _rate_with_markers(self, scale: Scale) -> Line:
        cells: list[Span] = [(bar, "info") for bar in self._bars(scale)]
        for cell, kind in self._marked(scale).items():
            glyph, _, style, _ = MARKS[kind]
            cells[cell] = glyph, style
        return _runs(cells)

    def _bars(self, scale: Scale) -> str:
        counts = self.store.ribbon.events(*scale)
        most = max(counts, default=0)
        return "".join(spark([n], most) if n else " " for n in counts)

    def _markers(self, scale: Scale) -> Line:
        """Glyphs where they belong, each with its word where there is room for it."""
        at = self._marked(scale)
        spans: list[Span] = []
        done = 0
        places = sorted(at)
        for cell, following in pairwise((*places, scale.cells)):
            glyph, word, style, _ = MARKS[at[cell]]
            text = glyph + word if cell + len(glyph + word) < following else glyph
            spans += [("·" * (cell - done), "dim"), (text, style)]
            done = cell + len(text)
        return (*spans, ("·" * (scale.cells - done), "dim"))

    def _marked(self, scale: Scale) -> dict[int, str]:
        """The kind of the marker on each cell that has any."""
        kinds = list(MARKS)
        at: dict[int, str] = {}
        for marker in self.store.ribbon.markers():
            cell = int((marker.at - scale.begin) // scale.step)
            if 0 <= cell < scale.cells:
                at[cell] = min(at.get(cell, marker.kind), marker.kind, key=kinds.index)
        return at


def _swim_lanes(store: Store) -> "SwimLanes":
    from tui.widgets.swim_lanes import SwimLanes

    return SwimLanes(store)


def _runs(cells: list[Span]) -> Line:
    """The same in as few spans as possible."""
    spans: list[Span] = []
    for text, style in cells:
        if spans and spans[-1][1] == style:
            spans[-1] = (spans[-1][0] + text, style)
        else:
            spans.append((text, style))
    return tuple(spans)
