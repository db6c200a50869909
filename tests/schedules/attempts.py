"""A client's attempts to connect, against the envelope that its back-off promises.

After n failures in a row a wait is at least the server's hint, and at most the hint and a ceiling
that doubles from `delay` with each of them up to `max_delay`. A failure is whatever ended before it
had been live for `stable_after`.
"""

import re

from tests.support.machines import Machine
from tui.client import ConnectionStatus, Reconnect

RETRY_AFTER = 2
"""Seconds, said by whoever answers 429 here."""
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

    def told(self, status: ConnectionStatus, failures: int) -> None:
        """The status has changed, and the client counts so many failures."""
        now = self._machine.monotonic()
        if status.phase == "live" and self._live_since is None:
            self._live_since = now
        elif status.phase == "waiting":
            self._count(now, failures)
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

    def _count(self, now: float, failures: int) -> None:
        stable_after = self._options.stable_after
        if self._live_since is not None and now - self._live_since >= stable_after:
            right: tuple[int, ...] = (0,)
        elif now - self._tried_at < stable_after:
            right = (self.failures + 1,)
        else:  # it may have been live for so long and could not say so yet
            right = (0, self.failures + 1)
        assert failures in right, f"{self._machine.name} counts {failures} failures, not {right}"
        self.failures = failures

    def _envelope(self, now: float, reason: str) -> tuple[float, float]:
        options = self._options
        ceiling = min(options.max_delay, options.delay * 2 ** max(self.failures - 1, 0))
        hint = 0.0
        if found := _BACK_IN.search(reason):
            hint = int(found[1]) / 1000
        elif "HTTP 429" in reason:
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
