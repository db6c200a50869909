"""One moment of the demo's story, and how it is dated once somebody plays it."""

from typing import Any, NamedTuple
from uuid import UUID, uuid5

_NAMESPACE = UUID("6f1c2a58-7f0e-4a53-9a6e-0d5d0c3a7b11")
_MOMENTS = frozenset({"timestamp", "startTime", "estimatedCompletion"})
_LENGTHS = frozenset({"duration", "estimatedDuration"})


class Beat(NamedTuple):
    """An event of the story. Moments inside `data` are milliseconds since the story's start."""

    at: float
    """Seconds since the story's start."""
    type: str
    data: dict[str, Any]
    source: str


def event_id(seed: int, index: int) -> str:
    """The envelope id of a story's beat: the same for the same seed and place."""
    return f"evt-{uuid5(_NAMESPACE, f'{seed}/{index}')}"


def dated(data: dict[str, Any], start: float, speed: float) -> dict[str, Any]:
    """`data` with its moments in Unix milliseconds, of a story played since `start` (likewise).

    Lengths of time shrink with the story's `speed`, so that both agree.
    """
    return {
        key: start + value / speed
        if key in _MOMENTS
        else value / speed
        if key in _LENGTHS
        else dated(value, start, speed)
        if isinstance(value, dict)
        else value
        for key, value in data.items()
    }
