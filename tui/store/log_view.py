"""The log lines that a person wants to see, kept up to date line by line.

Whatever a filter costs, it is paid once for each line: new lines are tested as they come, and after
a change of the filter the others in slices, from where somebody reads on both ways, so that what is
read is there at once and nothing waits for the rest.
"""

from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, overload

from tui.store.logs import LogLine, Logs
from tui.store.query import Query

SLICE = 10_000
"""Lines tested at once: some milliseconds."""
LEVELS = ("", "info", "warn", "error")
"""The least level that is shown; the first shows all."""
_RANKS = {"debug": 0, "raw": 0, "info": 1, "warn": 2, "error": 3, "critical": 4}
"""A level that we do not know counts as info."""


class Wanted(NamedTuple):
    """What a line must be to be seen."""

    query: Query = Query()
    level: str = ""
    agent: str = ""

    def __bool__(self) -> bool:
        """Whether it leaves anything out."""
        return bool(self.query or self.level or self.agent)


def text_of(line: LogLine) -> str:
    """What a filter looks for its text in."""
    return f"{line.agent} {line.level} {line.message}"


class LogView(Sequence[LogLine]):
    """Lines in their order, as of the last `advance`.

    `number` and `place` tell where each is in the logs, from where it may be gone meanwhile.
    """

    def __init__(self, logs: Logs) -> None:
        self._logs = logs
        self.wanted = Wanted()
        self._numbers: deque[int] = deque()
        """Of the lines that match; empty where all are wanted."""
        self._low = self._high = logs.end
        """From where to where lines have been tested; where all are wanted, those there were."""
        self.advance()

    def want(self, wanted: Wanted, near: int | None = None) -> None:
        """See others from now on; lines are tested by `advance`.

        Those around the line of the number `near` first, or else the newest.
        """
        logs = self._logs
        self.wanted = wanted
        self._numbers.clear()
        self._low = self._high = logs.end if near is None else max(logs.first, min(near, logs.end))
        if not wanted:
            self.advance()

    @property
    def done(self) -> bool:
        """Whether every line has been tested."""
        return not self.wanted or (self._low <= self._logs.first and self._high == self._logs.end)

    @property
    def tested(self) -> int:
        """How many lines have been."""
        return self._high - self._low

    def advance(self, most: int = SLICE) -> None:
        """Test what is newer than what has been, and what is older; forget what is gone.

        Each gets half of `most`, and what the other leaves of it.
        """
        if not self.wanted:
            self._low, self._high = self._logs.first, self._logs.end
            return
        logs, numbers = self._logs, self._numbers
        first = logs.first
        while numbers and numbers[0] < first:
            numbers.popleft()
        self._low = max(self._low, first)
        self._high = max(self._high, first)
        half = max(most // 2, most - (self._low - first))
        newest = min(logs.end, self._high + half)
        passes = self._passing()
        numbers.extend(passes(logs.between(self._high, newest)))
        most -= newest - self._high
        self._high = newest
        oldest = max(first, self._low - most)
        numbers.extendleft(passes(logs.backwards(oldest, self._low)))
        self._low = oldest

    def _passing(self) -> Callable[[Iterable[tuple[int, LogLine]]], Iterator[int]]:
        """What leaves the numbers of those lines that are wanted.

        A line costs a microsecond, so that nothing is looked at that is not asked for.
        """
        agent, matches = self.wanted.agent, self.wanted.query.matches
        levels = _RANKS[self.wanted.level] if self.wanted.level else 0

        def few(lines: Iterable[tuple[int, LogLine]]) -> Iterator[tuple[int, LogLine]]:
            for number, line in lines:
                if agent and line.agent != agent:
                    continue
                if _RANKS.get(line.level, 1) >= levels:
                    yield number, line

        def passing(lines: Iterable[tuple[int, LogLine]]) -> Iterator[int]:
            chosen = few(lines) if agent or levels else lines
            if not self.wanted.query:
                return (number for number, _ in chosen)
            return (number for number, line in chosen if matches(text_of(line)))

        return passing

    def number(self, index: int) -> int:
        """The number of the line at `index`."""
        return self._numbers[index] if self.wanted else self._low + index

    def place(self, number: int) -> int:
        """Where the line of that number is, or else the first after it."""
        if self.wanted:
            return bisect_left(self._numbers, number)
        return min(max(0, number - self._low), self._high - self._low)

    def get(self, index: int) -> LogLine | None:
        """The line at `index`; None where it has gone since the last `advance`."""
        return self._logs.get(self.number(index)) if 0 <= index < len(self) else None

    def __len__(self) -> int:
        return len(self._numbers) if self.wanted else self._high - self._low

    @overload
    def __getitem__(self, index: int) -> LogLine: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[LogLine]: ...
    def __getitem__(self, index: int | slice) -> LogLine | Sequence[LogLine]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        line = self.get(index)
        if line is None:
            raise IndexError(index)
        return line

    def __iter__(self) -> Iterator[LogLine]:
        """Those that have not gone, before another comes: what goes through them must not wait."""
        if not self.wanted:
            return (line for _, line in self._logs.between(self._low, self._high))
        chosen = set(self._numbers)
        between = self._logs.between(min(chosen, default=0), max(chosen, default=-1) + 1)
        return (line for number, line in between if number in chosen)
