"""What clients are told when the server stops.

All of them coming back at once would be the next thing to bring it down: so each is told when, one
after another (PROTOCOL.md, "Errors and close codes": the delay stands in the reason).
"""

from collections.abc import Iterator

from tui.protocol.errors import CloseCode

FIRST_MS = 500
STEP_MS = 5
LAST_MS = 30_000


def farewells(clients: int, *, restarts: bool) -> Iterator[tuple[CloseCode, str]]:
    """A code and a reason for each client; `restarts` says that there will be a server again.

    However many they are, none is asked to wait longer than the last, and as few as can be come
    at the same time.
    """
    step = min(STEP_MS, (LAST_MS - FIRST_MS) / max(clients, 1))
    for number in range(clients):
        if restarts:
            yield CloseCode.RESTARTING, f"restarting; back in {FIRST_MS + int(number * step)} ms"
        else:
            yield CloseCode.GOING_AWAY, "the server is stopping"
