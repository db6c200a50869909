"""Pane 5: what the agents say, the newest at the end."""

from collections.abc import Sequence
from typing import Any, ClassVar

from textual.binding import Binding, BindingType
from textual.reactive import reactive

from tui.details.subject import Subject
from tui.panes.list_pane import ListPane
from tui.panes.pane import Clock
from tui.protocol.topics import Filter
from tui.store import Slice, Store
from tui.store.log_view import LEVELS, LogView, Wanted, text_of
from tui.store.logs import LogLine
from tui.widgets.cells import Line, clock_time, counted, fit, joined, speaker_width

STYLES = {
    "debug": "dim",
    "info": "info",
    "warn": "warn",
    "error": "bad",
    "critical": "alarm",
    "raw": "dim",
}
ROOMY = 70
"""From so many cells on a line has its seconds, and its level as a word."""


class LogsPane(ListPane[LogLine]):
    """Follows the end until the cursor or the wheel leaves it; then it stays where it is read."""

    NUMBER = 5
    NAME = "LOGS"
    SPOKEN = "logs"
    FILTERS: ClassVar[tuple[Filter, ...]] = (Filter("agent", "*", ("log", "error")),)
    SLICES = frozenset({Slice.LOGS})
    EMPTY = "no log lines yet: agent_log and agent_error show up here"
    FOLLOWS = True
    ROWS_STAY = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "f",
            "follow",
            "Follow",
            id="logs.follow",
            tooltip="Follow the newest line, or stay here",
        ),
        Binding(
            "v", "level", "Level", id="logs.level", tooltip="The least level of log that is shown"
        ),
        Binding(
            "w",
            "agent",
            "Agent",
            id="logs.agent",
            tooltip="This row's agent alone, or all again",
        ),
    ]

    level: reactive[str] = reactive("", init=False)
    """The least one that is shown; empty for all."""
    agent: reactive[str] = reactive("", init=False)
    """The one whose lines are shown; empty for all."""

    def __init__(self, store: Store, clock: Clock, kept: dict[str, Any] | None = None) -> None:
        super().__init__(store, clock, kept)
        level, agent = self.kept.get("level"), self.kept.get("agent")
        self.set_reactive(LogsPane.level, level if level in LEVELS else "")
        self.set_reactive(LogsPane.agent, agent if isinstance(agent, str) else "")
        self._view = LogView(store.logs)
        self._view.want(self._wanted())
        self.rows = self._view
        self._scanning = False
        self._read_to = 0
        """The number after the last line that had been there when the end was left."""

    def _wanted(self) -> Wanted:
        return Wanted(self.search, self.level, self.agent)

    # What there is.

    def select(self) -> None:
        wanted = self._wanted()
        if wanted != self._view.wanted:
            here = None if self._at_end or self._key is None else int(self._key)
            self._view.want(wanted, near=here)
        self._view.advance()
        self.total = len(self.store.logs.lines)
        self.matching = len(self._view)
        if not self._view.done and not self._scanning:
            self._scanning = True
            self.call_later(self._go_on)

    def _go_on(self) -> None:
        """Test the next lines, with keys and events let in before."""
        self._scanning = False
        self.renew()

    def update_rows(self) -> None:
        super().update_rows()
        if self._at_end:
            self._read_to = self.store.logs.end

    def changes_with_time(self) -> bool:
        return False

    def watch_cursor(self, old: int, new: int) -> None:
        super().watch_cursor(old, new)
        if self._at_end and not self.held:
            self._read_to = self.store.logs.end

    def text(self, item: LogLine) -> str:
        return text_of(item)

    def item(self, index: int) -> LogLine | None:
        """Of lines that are held, as it was, though it be gone."""
        held = self._held.get(index)
        return LogLine(**held.record) if held and held.record else self._view.get(index)

    def snapshot(self) -> Sequence[LogLine]:
        return list(self._view)

    def key(self, index: int) -> str | None:
        return str(self._view.number(index)) if index < len(self._view) else None

    def find(self, key: str) -> int | None:
        """Where the line is, or else the last before it that there is, or the first after it."""
        if not len(self._view):
            return None
        number, place = int(key), self._view.place(int(key))
        if place < len(self._view) and self._view.number(place) == number:
            return place
        return max(0, place - 1)

    def subject(self, index: int) -> Subject | None:
        key = self.key(index)
        return None if key is None else Subject("line", key)

    def words(self, item: LogLine) -> str:
        times = f"×{item.times:,}" if item.times > 1 else ""
        said = (item.agent, item.level.upper(), item.message, times)
        return joined(clock_time(item.last or item.at), *said)

    def record(self, item: LogLine) -> dict[str, Any]:
        return item._asdict() | {"last": item.last or item.at}

    def nothing(self) -> str:
        if not self.total or self.search.fault:
            return super().nothing()
        if not self._view.done:
            return f"looking through {self.total:,} lines…"
        return f"none of {self.total:,} lines fits {' and '.join(self._said())}"

    def _said(self) -> list[str]:
        """What is left to see, in words."""
        said = [f"≥{self.level.upper()}"] if self.level else []
        said += [f"of {self.agent}"] if self.agent else []
        return said + ([f"{self.search.text}"] if self.search else [])

    # How it looks.

    def summary(self) -> Line:
        logs = self.store.logs
        wanted = self._view.wanted
        found = f"{self.matching:,}{'' if self._view.done else '…'} of {self.total:,}"
        if self.search:
            count = ((f"│ ▽{self.search.text} {found} ", "warn"),)
        else:
            shown = found if wanted else f"{self.total:,}"
            count = ((f"│ {shown} line{'s' * (self.total != 1)} ", "dim"),)
        new = 0 if self._at_end else len(self._view) - self._view.place(self._read_to)
        return (
            (f"{self.agent or 'all agents'} ", "coder" if self.agent else "dim"),
            (f"│ ≥{self.level.upper()} " if self.level else "", "warn"),
            *count,
            ("│ ", "dim"),
            ("FOLLOW " if self._at_end else "held ", "ok" if self._at_end else "warn"),
            (f"+{new:,} new " if new else "", "warn"),
            (f"│ {logs.dropped:,} older gone " if logs.dropped else "", "dim"),
        )

    def row(self, index: int, width: int) -> Line:
        line = self._view[index]
        roomy = width >= ROOMY
        agent = speaker_width(width)
        level = line.level.upper()
        said: Line = (
            (clock_time(line.last or line.at, seconds=roomy) + " ", "dim"),
            (fit(line.agent, agent) + " ", "text"),
            (
                fit(level if roomy else level[:1], 5 if roomy else 1) + " ",
                STYLES.get(line.level, "text"),
            ),
            (line.message, "text"),
        )
        return counted(said, line.times, width)

    # What a person does.

    def watch_level(self, level: str) -> None:
        self.kept["level"] = level
        self.renew()

    def watch_agent(self, agent: str) -> None:
        self.kept["agent"] = agent
        self.renew()

    def title_clicked(self, word: str) -> None:
        if word in ("FOLLOW", "held"):
            self.action_follow()
        elif word.endswith("new"):
            self.action_move_to(-1)
        elif word.startswith("│ ≥"):
            self.action_level()
        elif word == self.agent:
            self.agent = ""
        else:
            super().title_clicked(word)

    def action_follow(self) -> None:
        if self._at_end:
            self.stay()
        else:
            self.action_move_to(-1)

    def action_level(self) -> None:
        self.level = LEVELS[(LEVELS.index(self.level) + 1) % len(LEVELS)]

    def action_agent(self) -> None:
        if self.agent:
            self.agent = ""
        elif line := self.item(self.cursor):
            self.agent = line.agent
