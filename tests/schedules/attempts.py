"""A client's attempts to connect, against the envelope that its back-off promises.

After n failures in a row a wait is at least the server's hint, and at most the hint and a ceiling
that doubles from `delay` with each of them up to `max_delay`. A failure is whatever ended before it
had been live for `stable_after`.
"""

import re

from tests.support.machines import Machine
from tui.client import ConnectionStatus, Reconnect

RETRY_AFTER = 2
"""Seconds, said by whoever answers 503 here."""
_BACK_IN = re.compile(r"back in (\d+) ms")
_LEEWAY = 1e-6


class Attempts:
    def __init__(self, machine: Machine, options: Reconnect) -> None:
        self.failures = 0
        self.made: list[float] = []
        """When (seconds of the loop)."""
        self._machine = machine
        self._options = options
        self._tried_at = 0.0
        self._live_since: float | None = None
        self._window: tuple[float, float] | None = None
        self._is_due = False
        self._naps = 0
        self._is_hurried = False

    def hurry(self) -> None:
        """The client is told not to wait."""
        self._is_hurried = True

    def told(self, status: ConnectionStatus) -> None:
        """The status has changed."""
        now = self._machine.monotonic()
        if status.phase == "live" and self._live_since is None:
            self._live_since = now
        elif status.phase == "waiting":
            self._window = self._envelope(now, status.reason or "")
            self._live_since = None
            self._naps = self._machine.naps
            self._is_hurried = False
        elif status.phase == "connecting":
            self._check(now)
            self._tried_at = now
            self._is_due = True
        elif status.phase == "stopped":
            self._window = self._live_since = None

    def tried(self, now: float) -> None:
        """The network was asked for a connection."""
        assert self._is_due, f"{self._machine.name} tries again without a wait"
        self._is_due = False
        self.made.append(now)

    def _envelope(self, now: float, reason: str) -> tuple[float, float]:
        options = self._options
        lasted = 0.0 if self._live_since is None else now - self._live_since
        self.failures = 0 if lasted >= options.stable_after else self.failures + 1
        ceiling = min(options.max_delay, options.delay * 2 ** max(self.failures - 1, 0))
        hint = 0.0
        if found := _BACK_IN.search(reason):
            hint = int(found[1]) / 1000
        elif "HTTP 503" in reason:
            hint = RETRY_AFTER
        return now + hint, now + hint + ceiling

    def _check(self, now: float) -> None:
        window, self._window = self._window, None
        if window is None or self._is_hurried or self._naps != self._machine.naps:
            return  # the first, or after somebody asked for it, or slept through it
        earliest, latest = window
        assert earliest - _LEEWAY <= now <= latest + _LEEWAY, (
            f"{self._machine.name} tries again at {now:.3f}, "
            f"which is not within {earliest:.3f} and {latest:.3f} ({self.failures} failures)"
        )
