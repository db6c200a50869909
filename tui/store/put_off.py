"""What a person has seen of what asks for something: acknowledged, or put off for a while.

This dashboard's own, and never published. By occurrence (see `Item.occurrence`): what is open again
asks again. The values are plain, so that they can be kept from one start to the next.
"""

from typing import Any

MAX_KEPT = 1_000
"""Of each; the oldest are forgotten first."""


def acknowledged(kept: dict[str, Any]) -> dict[str, float]:
    """The occurrences that a person has acknowledged, and when."""
    return _values(kept, "acknowledged")


def snoozed(kept: dict[str, Any], now: float) -> dict[str, float]:
    """The occurrences that are put off at `now` (Unix ms), and until when."""
    return {what: until for what, until in _values(kept, "snoozed").items() if until > now}


def acknowledge(kept: dict[str, Any], occurrence: str, now: float) -> bool:
    """Acknowledge it, or take that back; whether it is acknowledged now."""
    values = acknowledged(kept)
    taken_back = values.pop(occurrence, None) is not None
    kept["acknowledged"] = values if taken_back else _newest(values | {occurrence: now})
    return not taken_back


def snooze(kept: dict[str, Any], occurrence: str, now: float, until: float) -> None:
    """Put it off until that moment."""
    kept["snoozed"] = _newest(snoozed(kept, now) | {occurrence: until})


def wake(kept: dict[str, Any]) -> None:
    """Put off nothing any more."""
    kept["snoozed"] = {}


def _values(kept: dict[str, Any], name: str) -> dict[str, float]:
    """As they are kept; whatever else a file may hold there is none of ours."""
    values = kept.get(name)
    if not isinstance(values, dict):
        return {}
    return {what: at for what, at in values.items() if isinstance(at, int | float)}


def _newest(values: dict[str, float]) -> dict[str, float]:
    over = sorted(values, key=values.__getitem__)[: max(0, len(values) - MAX_KEPT)]
    return {what: at for what, at in values.items() if what not in over} if over else values
