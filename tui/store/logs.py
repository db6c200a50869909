"""Log lines of all agents, bounded, with the count of those that had to go."""

from collections import deque
from collections.abc import Callable, Iterator
from functools import cache
from itertools import islice
from sys import getsizeof, intern
from typing import TYPE_CHECKING, NamedTuple

from tui.store.bounds import MESSAGE, TITLE

if TYPE_CHECKING:
    from tui.protocol.models.agent import AgentErrorEvent, AgentLogEvent

MAX_LINES = 100_000
MAX_BYTES = 52 * 2**20
"""Of lines and what they hold: 60 MiB with what Python's own bookkeeping adds."""
CONTEXT = 2_048
"""What is kept of a line's context (characters of JSON)."""
LINE_BYTES = 184
"""What a line takes without its texts: the tuple, its two numbers, its place."""


class LogLine(NamedTuple):
    at: float
    agent: str
    level: str
    """One of the protocol's log levels, or `raw` for what this version cannot read."""
    message: str
    context: str = ""
    """What came with it, as JSON; cut where it is long."""
    times: int = 1
    """How often it was said in a row, by the same agent."""
    last: float = 0.0
    """When it was said last, where that was more than once."""


class Logs:
    """The newest lines, in the order they came, each with a number that it keeps.

    A line said again at once by the same agent is counted, not added.
    """

    def __init__(self, limit: int = MAX_LINES, bytes_limit: int = MAX_BYTES) -> None:
        self.lines: deque[LogLine] = deque()
        self.first = 0
        """The number of the first line kept."""
        self.total = 0
        """How many there ever were, repeats too."""
        self.dropped = 0
        """How many of them had to go."""
        self._limit = limit
        self._bytes_limit = bytes_limit
        self._bytes = 0

    @property
    def end(self) -> int:
        """The number that the next line will have."""
        return self.first + len(self.lines)

    def get(self, number: int) -> LogLine | None:
        """The line of that number, if it is still kept."""
        return self.lines[number - self.first] if self.first <= number < self.end else None

    def between(self, start: int, stop: int) -> Iterator[tuple[int, LogLine]]:
        """The lines of those numbers that are kept, in order."""
        start = max(start, self.first)
        return enumerate(islice(self.lines, start - self.first, max(0, stop - self.first)), start)

    def backwards(self, start: int, stop: int) -> Iterator[tuple[int, LogLine]]:
        """The same from the last to the first."""
        stop = min(stop, self.end)
        start = max(start, self.first)
        found = islice(reversed(self.lines), self.end - stop, self.end - start)
        return zip(range(stop - 1, start - 1, -1), found, strict=False)

    def add(self, line: LogLine) -> None:
        self.total += 1
        lines = self.lines
        if lines:
            before = lines[-1]
            if before.message == line.message and before[1:5] == line[1:5]:
                lines[-1] = before._replace(times=before.times + 1, last=line.at)
                return
        lines.append(line)
        self._bytes += _size(line)
        while len(lines) > self._limit or (self._bytes > self._bytes_limit and len(lines) > 1):
            gone = lines.popleft()
            self.first += 1
            self.dropped += gone.times
            self._bytes -= _size(gone)

    def on_log(self, event: "AgentLogEvent") -> None:
        data = event.data
        self._say(event.timestamp, data.agent_id, data.level[:TITLE], data.message, data.context)

    def on_error(self, event: "AgentErrorEvent") -> None:
        data = event.data
        context: dict[str, object] = {}
        if data.code is not None:
            context["code"] = data.code
        if data.task_id is not None:
            context["taskId"] = data.task_id
        if data.recoverable is not None:
            context["recoverable"] = data.recoverable
        if data.stack is not None:
            context["stack"] = data.stack
        self._say(event.timestamp, data.agent_id, "error", data.message, context or None)

    def _say(self, at: float, agent: str, level: str, message: str, context: object) -> None:
        said = "" if context is None else _json(context)
        line = (at, intern(agent), intern(level), message[:MESSAGE], said, 1, 0.0)
        # The class's own `__new__` takes twice as long.
        self.add(tuple.__new__(LogLine, line))


def _size(line: LogLine) -> int:
    """Bytes that a line takes; what is shared (agent, level) is not counted."""
    context = getsizeof(line.context) if line.context else 0
    return LINE_BYTES + getsizeof(line.message) + context


@cache
def _encode() -> Callable[[object], str]:
    """`json.dumps`, which would make an encoder for each call."""
    import json  # not before the first frame

    # What came as JSON holds itself nowhere.
    return json.JSONEncoder(
        ensure_ascii=False, check_circular=False, separators=(",", ":"), default=str
    ).encode


def _json(value: object) -> str:
    try:
        text = _encode()(value)
    except (ValueError, RecursionError):
        return "…"
    return text if len(text) <= CONTEXT else text[: CONTEXT - 1] + "…"
