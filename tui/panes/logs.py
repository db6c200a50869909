"""Pane 5: what the agents say, the newest at the end."""

from typing import ClassVar

from tui.panes.pane import Pane
from tui.protocol.topics import Filter
from tui.store import Slice
from tui.widgets.cells import Line, clock_time, fit

LEVELS = {
    "debug": "dim",
    "info": "info",
    "warn": "warn",
    "error": "bad",
    "critical": "alarm",
    "raw": "dim",
}


class LogsPane(Pane):
    """Follows the end until the cursor leaves it; then it stays where it is read."""

    NUMBER = 5
    NAME = "LOGS"
    FILTERS: ClassVar[tuple[Filter, ...]] = (Filter("agent", "*", ("log", "error")),)
    SLICES = frozenset({Slice.LOGS})
    EMPTY = "no log lines yet: agent_log and agent_error show up here"
    FOLLOWS = True

    def row_count(self) -> int:
        return len(self.store.logs.lines)

    def key(self, index: int) -> str | None:
        return str(self.store.logs.dropped + index)

    def find(self, key: str) -> int | None:
        return max(0, int(key) - self.store.logs.dropped)

    def summary(self) -> Line:
        logs = self.store.logs
        follow = ("FOLLOW ", "ok") if self._at_end else ("held ", "warn")
        dropped = f" {logs.dropped:,} older gone" if logs.dropped else ""
        return ((f"{len(logs.lines):,} ", "dim"), follow, (dropped, "dim"))

    def row(self, index: int, width: int) -> Line:
        line = self.store.logs.lines[index]
        at = clock_time(line.at) + " "
        agent = min(16, max(8, width // 8))
        return (
            (at, "dim"),
            (fit(line.agent, agent) + " ", "text"),
            (fit(line.level.upper(), 5) + " ", LEVELS.get(line.level, "text")),
            (line.message, "text"),
        )
