"""How long to wait before the next try: full jitter under a doubling ceiling.

Full jitter spreads a herd of clients best (Brooker, "Exponential Backoff And Jitter", AWS 2015).
The ceiling falls back only after a connection has been stable for a while, so that a server which
accepts and closes at once is not hammered.
"""

from random import Random

from tui.client.options import Reconnect

LONGEST_HINT = 300.0
"""Seconds; a server that asks for more is not believed."""


class Backoff:
    def __init__(self, options: Reconnect, randomness: Random) -> None:
        self._options = options
        self._random = randomness
        self.failures = 0
        """Tries that failed since the connection was last stable."""

    @property
    def spent(self) -> bool:
        """Whether there were as many failures in a row as were to be borne."""
        attempts = self._options.attempts
        return attempts is not None and self.failures >= attempts

    def ended(self, lasted: float, hint: float | None = None) -> float:
        """Seconds to wait now that a connection has ended which was live for `lasted` seconds.

        A server's `hint` is waited out in full, and the jitter added to it.
        """
        self.failures = 0 if lasted >= self._options.stable_after else self.failures + 1
        # The exponent is bounded only so that the power stays a small number.
        doublings = min(max(self.failures - 1, 0), 32)
        ceiling = min(self._options.max_delay, self._options.delay * 2**doublings)
        return min(hint or 0.0, LONGEST_HINT) + self._random.uniform(0.0, ceiling)
