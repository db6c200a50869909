"""Lines for a file or a pipe, written by a thread: one that stalls must stop nobody else.

What waits is bounded. Lines that come while there is no room are counted, and their number is
said once there is room again.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence

CAPACITY = 4 * 1024 * 1024
"""Characters that may wait."""
CLOSE_SECONDS = 2.0
"""How long a sink may take for what waits at the end."""
Sink = Callable[[Sequence[str]], None]


class LineWriter:
    """`put` and `close` may be called from any thread; `sink` is called in one of its own.

    `dropped` makes the line that says how many are missing. When the sink raises OSError or
    ValueError (which a closed file does), `fault` hears of it, in that thread, and all that comes
    afterwards is dropped.
    """

    def __init__(
        self,
        sink: Sink,
        *,
        dropped: Callable[[int], str],
        fault: Callable[[Exception], None],
        capacity: int = CAPACITY,
    ) -> None:
        self.is_broken = False
        self._sink = sink
        self._dropped = dropped
        self._fault = fault
        self._capacity = capacity
        self._lines: deque[str] = deque()
        self._size = 0
        self._missing = 0
        self._is_closing = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="autosdlc-lines", daemon=True)
        self._thread.start()

    def put(self, line: str) -> None:
        """Have a line, without its end, written soon."""
        with self._changed:
            if self.is_broken or self._is_closing:
                return
            if self._size + len(line) > self._capacity:
                self._missing += 1
                return
            if self._missing:
                self._lines.append(self._dropped(self._missing))
                self._missing = 0
            self._lines.append(line)
            self._size += len(line)
            self._changed.notify()

    def close(self, seconds: float = CLOSE_SECONDS) -> bool:
        """Write what waits, if that takes no longer; False where the sink is still stalled."""
        with self._changed:
            if self._missing:
                self._lines.append(self._dropped(self._missing))
                self._missing = 0
            self._is_closing = True
            self._changed.notify()
        self._thread.join(min(seconds, CLOSE_SECONDS))
        return not self._thread.is_alive()

    def _run(self) -> None:
        while lines := self._next():
            try:
                self._sink(lines)
            except (OSError, ValueError) as error:
                with self._changed:
                    self.is_broken = True
                    self._lines.clear()
                self._fault(error)
                return

    def _next(self) -> list[str]:
        """All that waits, at least one line; none at the end."""
        with self._changed:
            while not self._lines and not self._is_closing:
                self._changed.wait()
            lines = list(self._lines)
            self._lines.clear()
            self._size = 0
            return lines
