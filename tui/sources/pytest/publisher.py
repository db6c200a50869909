"""The pipe to `relay`, the process of its own that holds the connection; nothing here blocks.

A thread beside the tests would do harm that a process cannot: it makes `os.fork` warn and perhaps
hang, its imports hold the interpreter's lock for half a second, and whatever a test does to
sockets, time, files or modules, it does to the thread, too. A process also delivers the rest when
the run is over. It is no child that a test could wait for, since it leaves its parent at once.

Down the pipe go lines of JSON, `[type, data]`, and `null` at the end; up comes one line, `Report`.
"""

import json
import os
import select
import subprocess
import sys
from collections import deque
from contextlib import suppress
from time import monotonic
from typing import Any, NamedTuple

MAX_BACKLOG = 8 * 1024 * 1024
"""Bytes kept for a relay that does not read; events beyond them are dropped and counted."""
_UNWANTED = ("COV_CORE_", "COVERAGE_", "PYTEST_", "PYTHONWARNINGS", "PYTHONSTARTUP")
"""Variables that would make the relay a part of the run (measured, or its warnings errors)."""


class Report(NamedTuple):
    """What became of the events; `problem` in words that a person can act on."""

    sent: int
    problem: str | None = None


class Publisher:
    """Takes events at any rate and hands them on as the pipe takes them; used from one thread.

    Raises OSError where no process can be started.
    """

    def __init__(self, url: str, token: str | None) -> None:
        environment = {k: v for k, v in os.environ.items() if not k.startswith(_UNWANTED)}
        environment |= {"AUTOSDLC_URL": url}
        environment |= {"AUTOSDLC_TOKEN": token} if token else {}
        self.dropped = 0
        self._backlog: deque[bytes] = deque()
        self._waiting = 0
        self._process = subprocess.Popen(
            # Safe path: modules of the project under test must not stand in for ours.
            [sys.executable, "-P", "-W", "ignore", "-m", "tui.sources.pytest.relay"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        )
        assert self._process.stdin is not None  # noqa: S101 - asked for above
        assert self._process.stdout is not None  # noqa: S101
        self._down = self._process.stdin.fileno()
        self._up = self._process.stdout.fileno()
        os.set_blocking(self._down, False)
        os.set_blocking(self._up, False)

    def publish(self, type_: str, data: dict[str, Any]) -> None:
        self._append(json.dumps([type_, data]).encode("ascii"))

    def finish(self, timeout: float, patience: float) -> Report | None:
        """Hand on the rest, in `timeout` s at most, and wait `patience` s for word of it.

        None where there is none by then: the relay goes on by itself for as long as it thinks
        right.
        """
        deadline = monotonic() + timeout
        self._append(b"null")
        while self._backlog and (left := deadline - monotonic()) > 0:
            select.select([], [self._down], [], left)
            self._drain()
        deadline = monotonic() + patience
        word = b""
        while not word.endswith(b"\n") and (left := deadline - monotonic()) > 0:
            if not select.select([self._up], [], [], left)[0]:
                break
            chunk = os.read(self._up, 65_536)
            if not chunk:
                return Report(0, "the relay ended without a word")
            word += chunk
        self.close()
        return Report(*json.loads(word)) if word.endswith(b"\n") else None

    def close(self) -> None:
        """Let go of the relay, which reads this as the end."""
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                pipe.close()  # type: ignore[union-attr]  # both were asked for
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(0.5)

    def _append(self, line: bytes) -> None:
        if self._waiting + len(line) > MAX_BACKLOG:
            self.dropped += 1
            return
        self._backlog.append(line + b"\n")
        self._waiting += len(line) + 1
        self._drain()

    def _drain(self) -> None:
        self._process.poll()  # the parent that the relay left is gone by now
        try:
            while self._backlog:
                written = os.write(self._down, self._backlog[0])
                self._waiting -= written
                if written < len(self._backlog[0]):
                    self._backlog[0] = self._backlog[0][written:]
                    return
                self._backlog.popleft()
        except BlockingIOError:
            pass
        except BrokenPipeError:  # the relay has given up; its report says why
            self._backlog.clear()
            self._waiting = 0
