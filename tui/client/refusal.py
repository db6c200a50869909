"""What a server's `error` says: which message it refused, for good or for now, and for how long."""

from typing import NamedTuple

from tui.protocol.errors import RETRYABLE
from tui.protocol.models import ErrorMessage

RETRY_AFTER = 1.0
"""Where a refusal for now does not say how long to wait (seconds)."""
LONGEST_RETRY = 60.0
"""However long a refusal asks to wait, we ask again after this (seconds)."""


class Refusal(NamedTuple):
    id: str | None
    """Of the message; None where the server could not read it."""
    place: int | None
    """Or where it stood in the batch that was sent last."""
    final: bool
    wait: float
    """Seconds, before the same may be sent again."""


def refusal_of(message: ErrorMessage) -> Refusal:
    data = message.data
    seconds = RETRY_AFTER if data.retry_after_ms is None else data.retry_after_ms / 1000
    index = data.details.get("index") if isinstance(data.details, dict) else None
    return Refusal(
        id=message.metadata.correlation_id if message.metadata else None,
        place=index if isinstance(index, int) else None,
        final=data.code not in RETRYABLE,
        wait=min(max(seconds, 0.0), LONGEST_RETRY),
    )
