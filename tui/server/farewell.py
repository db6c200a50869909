"""What clients are told when the server stops.

All of them coming back at once would be the next thing to bring it down: so each is told when, one
after another (PROTOCOL.md, "Errors and close codes": the delay stands in the reason).
"""

from itertools import count

from tui.protocol.errors import CloseCode

FIRST_MS = 500
STEP_MS = 5
LAST_MS = 30_000


class Farewell:
    """A code and a reason for each client; `restarts` says that there will be a server again."""

    def __init__(self, *, restarts: bool) -> None:
        self._restarts = restarts
        self._numbers = count()

    def next(self) -> tuple[CloseCode, str]:
        if not self._restarts:
            return CloseCode.GOING_AWAY, "the server is stopping"
        delay = min(FIRST_MS + STEP_MS * next(self._numbers), LAST_MS)
        return CloseCode.RESTARTING, f"restarting; back in {delay} ms"
