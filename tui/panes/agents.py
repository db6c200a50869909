"""Pane 1: every agent, who needs a person first."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar

from tui.details.subject import Subject
from tui.panes.list_pane import ListPane
from tui.protocol.topics import Filter
from tui.store import Slice
from tui.store.agents import Agent
from tui.widgets.cells import Column, Line, age, column_widths, meter, spark, table_line

GLYPHS = {
    "needs_input": ("‼", "alarm", "needs you"),
    "blocked": ("◼", "bad", "blocked"),
    "error": ("✗", "bad", "failed"),
    "busy": ("●", "ok", "working"),
    "idle": ("○", "dim", "idle"),
    "offline": ("·", "dim", "offline"),
}
"""Status: glyph, style, word. The word says it all; colour comes last."""
KINDS = {
    "customer": "customer",
    "pm": "pm",
    "coder": "coder",
    "code-reviewer": "reviewer",
    "tester": "tester",
}
PHASES = {"red": ("RED", "red"), "green": ("GRN", "green"), "refactor": ("REF", "refactor")}
QUIET_AFTER = 60_000.0
"""A working agent unheard of for this long (ms) is marked as quiet."""
COLUMNS = (
    Column("", 1),
    Column("AGENT", 12, flex=1),
    Column("STATE", 9),
    Column("FOR", 6, right=True),
    Column("TDD", 3, wanted_from=52),
    Column("TASK", 6, flex=5, wanted_from=40),
    Column("PROG", 5, wanted_from=48),
    Column("CPU", 4, wanted_from=56),
    Column("MEM", 6, right=True, wanted_from=76),
)


Row = tuple[Agent, bool]
"""An agent, and whether the row is its why: who waits for a person takes a second one."""
ORDERS: dict[str, Callable[[Agent], Any]] = {
    "attention": lambda a: (a.attention, a.since if a.attention < 3 else 0, a.id),
    "name": lambda a: a.id,
    "state": lambda a: (a.status, a.id),
    "time": lambda a: (a.since, a.id),
}


class AgentsPane(ListPane[Row]):
    NUMBER = 1
    NAME = "AGENTS"
    FILTERS: ClassVar[tuple[Filter, ...]] = (Filter("agent"),)
    SLICES = frozenset({Slice.AGENTS, Slice.TDD})
    EMPTY = "no agents yet: they appear with their first agent_status"

    SORTS = tuple(ORDERS)

    def items(self) -> Iterable[Row]:
        return ((agent, False) for agent in self.store.agents.by_id.values())

    def ordered(self, items: Iterable[Row], order: str) -> Sequence[Row]:
        rows: list[Row] = []
        for agent in sorted((agent for agent, _ in items), key=ORDERS[order]):
            rows.append((agent, False))
            if agent.attention < 3 and _why(agent):
                rows.append((agent, True))
        return rows

    def text(self, item: Row) -> str:
        agent = item[0]
        return f"{agent.id} {agent.kind} {agent.status} {agent.task} {agent.reason}"

    def key(self, index: int) -> str | None:
        if index >= len(self.rows):
            return None
        agent, why = self.rows[index]
        return f"{agent.id} ?" if why else agent.id

    def subject(self, index: int) -> Subject | None:
        return Subject("agent", self.rows[index][0].id) if index < len(self.rows) else None

    def summary(self) -> Line:
        agents = self.store.agents
        counts = (
            ("‼", agents.count("needs_input"), "alarm"),
            ("✗", agents.count("error", "blocked"), "bad"),
            ("●", agents.count("busy"), "ok"),
            ("○", agents.count("idle"), "dim"),
        )
        counted = tuple((f"{glyph}{n} ", style) for glyph, n, style in counts if n)
        return (*counted, *self.list_summary())

    def columns_line(self, width: int) -> Line | None:
        cells = ((column.title, "head") for column in COLUMNS)
        return table_line(COLUMNS, column_widths(COLUMNS, width), cells)

    def row(self, index: int, width: int) -> Line:
        agent, why = self.rows[index]
        if why:
            return (("  └ ", "dim"), (_why(agent), "alarm" if agent.needs_you else "bad"))
        now = self.clock()
        glyph, style, word = GLYPHS.get(agent.status, ("?", "text", agent.status or "unknown"))
        quiet = agent.status == "busy" and now - agent.seen > QUIET_AFTER
        if quiet:
            glyph, style, word = "?", "dim", "quiet"
        cycle = self.store.tdd.by_agent.get(agent.id)
        phase = cycle.phase if cycle else ""
        progress = "" if agent.progress is None else meter(agent.progress / 100, 5)
        cells = (
            (glyph, style),
            (agent.id, KINDS.get(agent.kind, "text")),
            (word, style),
            (age(now - agent.since), "text"),
            PHASES.get(phase, (phase[:3].upper(), "dim")),
            (agent.task or agent.reason, "dim" if quiet else "text"),
            (progress, "dim" if quiet else "info"),
            (spark(list(agent.cpu_trend)[-4:], 100), "dim"),
            (_size(agent.memory), "dim"),
        )
        return table_line(COLUMNS, column_widths(COLUMNS, width), cells)


def _why(agent: Agent) -> str:
    """What a person should read: the exact question, or the reason."""
    return agent.reason or (agent.last_error if agent.status == "error" else "")


def _size(number: float | None) -> str:
    """Bytes as a person reads them: `512M`, `1.4G`."""
    if number is None:
        return ""
    mebibytes = number / 2**20
    return f"{mebibytes:.0f}M" if mebibytes < 1000 else f"{mebibytes / 1024:.1f}G"
