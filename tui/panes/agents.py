"""Pane 1: every agent, who needs a person first."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any, ClassVar, NamedTuple

from textual.events import Click

from tui.details.subject import Subject
from tui.panes.list_pane import ListPane
from tui.panes.pane import Pane
from tui.protocol.topics import Filter
from tui.store import Slice
from tui.store.agents import Agent
from tui.store.query import Query
from tui.widgets.cells import (
    Column,
    Line,
    Span,
    age,
    byte_size,
    column_widths,
    joined,
    meter,
    percent,
    span_at,
    spark,
    table_line,
)
from tui.widgets.needs import put_off_said
from tui.widgets.statuses import STATUSES, status_said

COUNTED = ("needs_input", "blocked", "error", "busy", "idle")
"""The statuses of which the title says how many are in each."""
QUIET = ("?", "dim", "quiet")
"""What it is for one that works and has long not been heard of."""
KINDS = {
    "customer": "customer",
    "pm": "pm",
    "coder": "coder",
    "code-reviewer": "reviewer",
    "tester": "tester",
}
PHASES = {
    "red": ("RED", "R", "red"),
    "green": ("GRN", "G", "green"),
    "refactor": ("REF", "F", "refactor"),
}
"""Phase: in three letters, in one, style."""
HEADS = {"AGENT": "name", "STATE": "state", "FOR": "time"}
"""The order that a click on the head of a column asks for."""
LAST_CALL = 2
"""The attention of those that want a person goes up to this."""
JUST_NOW = 10_000.0
"""What was heard within this (ms) was heard now: no counting of single seconds."""
MAX_NAME = 24
"""Cells of the longest agent's name that is shown whole."""
LETTERS_BELOW, NUMBERS_FROM = 52, 100
"""Widths below which a phase is a letter, and from which trends have their numbers beside them."""


class Why(NamedTuple):
    """The row below an agent that wants a person: the exact question, or the reason."""

    agent: Agent


Row = Agent | Why
Stamp = tuple[int, Query, str, int]
"""What the rows depend on: the agents' revision, the filter, the order; filtered, the second."""
ORDERS: dict[str, tuple[str, ...]] = {
    "attention": ("attention", "id"),
    "name": ("id",),
    "state": ("status", "id"),
    "time": ("since", "id"),
}
"""By what agents are put in order, the most important first; who calls, by attention as time."""


def ordered(agents: Iterable[Agent], order: str) -> list[Agent]:
    """One sort for each field, the least important first: ten times as fast as one by tuples."""
    found = list(agents)
    for field in reversed(ORDERS[order]):
        found.sort(key=attrgetter(field))
    if order == "attention":
        calling = bisect_right(found, LAST_CALL, key=attrgetter("attention"))
        found[:calling] = sorted(found[:calling], key=lambda a: (a.attention, a.called, a.id))
    return found


class AgentsPane(ListPane[Row]):
    NUMBER = 1
    NAME = "AGENTS"
    SPOKEN = "agents"
    FILTERS: ClassVar[tuple[Filter, ...]] = (Filter("agent"),)
    SLICES = frozenset({Slice.AGENTS, Slice.TDD, Slice.INBOX})
    EMPTY = "no agents yet: they appear with their first agent_status"

    SORTS = tuple(ORDERS)

    _stamp: Stamp | None = None
    _name_width = 12
    _columns: tuple[int, tuple[Column, ...], list[int]] = (0, (), [])

    def items(self) -> Iterable[Row]:
        return self.store.agents.by_id.values()

    def ordered(self, items: Iterable[Row], order: str) -> Sequence[Row]:
        agents = ordered(map(_agent, items), order)
        if not self.store.agents.calling:
            return agents
        rows: list[Row] = []
        for agent in agents:
            rows.append(agent)
            if agent.attention <= LAST_CALL and agent.why:
                rows.append(Why(agent))
        return rows

    def text(self, item: Row) -> str:
        """What is on the row in its widest form, and the words that events have for it."""
        agent = _agent(item)
        word = _state(agent, self.clock())[2]
        cycle = self.store.tdd.by_agent.get(agent.id)
        phase = f"{cycle.phase} {phase_cell(cycle.phase, letter=False)[0]}" if cycle else ""
        return f"{agent.id} {agent.kind} {agent.status} {word} {phase} {agent.task} {agent.why}"

    def update_rows(self) -> None:
        # What a filter looks at may change with time, and with another slice than the agents.
        second = int(self.clock() // 1000) if self.search else 0
        stamp = (self.store.agents.revision, self.search, self.order, second)
        if stamp == self._stamp:
            Pane.update_rows(self)  # ten thousand agents are put in order only where that changed
            return
        self._stamp = stamp
        longest = max(map(len, self.store.agents.by_id), default=0)
        self._name_width = max(8, min(MAX_NAME, longest))
        self._columns = (0, (), [])
        super().update_rows()

    def key(self, index: int) -> str | None:
        row = self.item(index)
        if isinstance(row, Why):
            return f"{row.agent.id} ?"
        return row.id if row else None

    def subject(self, index: int) -> Subject | None:
        row = self.item(index)
        return Subject("agent", _agent(row).id) if row else None

    def words(self, item: Row) -> str:
        if isinstance(item, Why):
            return joined(item.agent.why)
        now = self.clock()
        glyph, _, word = _state(item, now)
        cycle = self.store.tdd.by_agent.get(item.id)
        said = joined(
            *(glyph, item.id, word, age(now - item.since)),
            *(cycle.phase.upper() if cycle else "", item.task, percent(item.progress)),
        )
        return f"{said}: {joined(item.why)}" if item.why else said

    def record(self, item: Row) -> dict[str, Any]:
        if isinstance(item, Why):  # its agent has it already
            return {}
        cycle = self.store.tdd.by_agent.get(item.id)
        return {
            "id": item.id,
            "type": item.kind,
            "status": item.status,
            "since": item.since,
            "seen": item.seen,
            "why": item.why,
            "phase": cycle.phase if cycle else "",
            "task_id": item.task_id,
            "task": item.task,
            "progress": item.progress,
            "cpu": item.cpu,
            "memory": item.memory,
            "errors": item.errors,
        }

    def summary(self) -> Line:
        agents = self.store.agents
        quiet = agents.quiet(self.clock()) if agents.count("busy") else 0
        counts = {STATUSES[status]: agents.count(status) for status in COUNTED}
        counts[STATUSES["busy"]] -= quiet
        counts[QUIET] = quiet
        counted = tuple((f"{glyph}{n} ", style) for (glyph, style, _), n in counts.items() if n)
        return (*counted, *self.list_summary())

    def columns_line(self, width: int) -> Line | None:
        columns, widths = self._layout(width)
        return table_line(columns, widths, ((column.title, "head") for column in columns))

    def on_click(self, event: Click) -> None:
        """One on a column's head puts the agents in its order, or in the usual one again."""
        offset = event.get_content_offset(self)
        line = self.columns_line(self.room.width) or ()
        if offset is None or not self.rows or offset.y != self._head_height - 1:
            return
        place = span_at(line, offset.x)
        order = "" if place is None else HEADS.get(line[place][0].strip(), "")
        if order:
            self.order = order if order != self.order else self.SORTS[0]

    def _layout(self, width: int) -> tuple[tuple[Column, ...], list[int]]:
        """The columns of a table of `width`, and the cells of each; kept while nothing changes."""
        if self._columns[0] != width:
            columns = _columns(width, self._name_width)
            self._columns = (width, columns, column_widths(columns, width))
        return self._columns[1:]

    def row(self, index: int, width: int) -> Line:
        agent = self.rows[index]
        now = self.clock()
        if isinstance(agent, Why):
            return self._why(agent.agent, now)
        columns, widths = self._layout(width)
        state = glyph, style, word = _state(agent, now)
        quiet = state is QUIET
        cycle = self.store.tdd.by_agent.get(agent.id)
        phase = cycle.phase if cycle else ""
        numbers = width >= NUMBERS_FROM
        seen = now - agent.seen
        cells = (
            (glyph, style),
            (agent.id, KINDS.get(agent.kind, "text")),
            (word, style),
            (age(now - agent.since), "text"),
            phase_cell(phase, letter=width < LETTERS_BELOW),
            (agent.task or agent.why * (agent.attention > LAST_CALL), "dim" if quiet else "text"),
            (_progress(agent.progress, numbers=numbers), "dim" if quiet else "info"),
            (_trend(agent.cpu_trend, 100, percent(agent.cpu) if numbers else "", 4), "dim"),
            (_memory(agent, trend=numbers), "dim"),
            ("now" if seen < JUST_NOW else age(seen), "dim"),
        )
        return table_line(columns, widths, cells)

    def _why(self, agent: Agent, now: float) -> Line:
        """What a person should read; quietly, where a person has put it off."""
        if said := put_off_said(self.store.inbox, agent, now):
            return (("  └ ", "dim"), (f"({said}) ", "info"), (agent.why, "dim"))
        return (("  └ ", "dim"), (agent.why, "alarm" if agent.needs_you else "bad"))


def _agent(row: Row) -> Agent:
    return row.agent if isinstance(row, Why) else row


def _state(agent: Agent, now: float) -> tuple[str, str, str]:
    """Glyph, style, word."""
    if agent.is_quiet(now):
        return QUIET
    return status_said(agent.status)


def _columns(width: int, name: int) -> tuple[Column, ...]:
    """The columns of a table of `width` with names of `name` cells; the same number always."""
    numbers = width >= NUMBERS_FROM
    return (
        Column("", 1),
        Column("AGENT", min(name, max(10, width // 4))),
        Column("STATE", 9),
        Column("FOR", 6, right=True),
        Column("T", 1) if width < LETTERS_BELOW else Column("TDD", 3),
        Column("TASK", 6, flex=1, wanted_from=38),
        Column("PROGRESS" if numbers else "PROG", 10 if numbers else 5, wanted_from=48),
        Column("CPU", 9 if numbers else 4, wanted_from=56),
        Column("MEMORY" if numbers else "MEM", 11 if numbers else 6, wanted_from=75),
        Column("SEEN", 6, right=True, wanted_from=88),
    )


def phase_cell(phase: str, *, letter: bool) -> Span:
    """A phase of the cycle in three cells, or one."""
    word, initial, style = PHASES.get(phase, (phase[:3].upper(), phase[:1].upper(), "dim"))
    return (initial if letter else word, style)


def _progress(progress: float | None, *, numbers: bool) -> str:
    if progress is None:
        return ""
    bar = meter(progress / 100, 5)
    return f"{bar} {percent(progress):>4}" if numbers else bar


def _trend(values: Sequence[float], top: float, number: str, width: int) -> str:
    return f"{spark(values[-width:], top):>{width}} {number:>4}".rstrip()


def _memory(agent: Agent, *, trend: bool) -> str:
    if agent.memory is None:
        return ""
    size = f"{byte_size(agent.memory):>6}"
    if not trend:
        return size
    # From half of the most: memory moves little, and from nothing each bar would be full.
    half = max(agent.memory_trend) / 2
    return f"{spark([value - half for value in agent.memory_trend[-4:]], half):>4} {size}"
