"""Log lines of all agents, bounded, with the count of those that had to go."""

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from tui.store.bounds import MESSAGE, cut

if TYPE_CHECKING:
    from tui.protocol.models.agent import AgentErrorEvent, AgentLogEvent

MAX_LINES = 10_000


class LogLine(NamedTuple):
    at: float
    agent: str
    level: str
    """One of the protocol's log levels, or `raw` for what this version cannot read."""
    message: str


class Logs:
    """The newest lines, in the order they came."""

    def __init__(self, limit: int = MAX_LINES) -> None:
        self.lines: deque[LogLine] = deque(maxlen=limit)
        self.total = 0
        """How many there ever were; those that had to go are `total - len(lines)`."""

    @property
    def dropped(self) -> int:
        return self.total - len(self.lines)

    def add(self, line: LogLine) -> None:
        self.lines.append(line)
        self.total += 1

    def on_log(self, event: "AgentLogEvent") -> None:
        data = event.data
        self.add(
            LogLine(event.timestamp, data.agent_id, cut(data.level), cut(data.message, MESSAGE))
        )

    def on_error(self, event: "AgentErrorEvent") -> None:
        data = event.data
        self.add(LogLine(event.timestamp, data.agent_id, "error", cut(data.message, MESSAGE)))
