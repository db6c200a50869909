"""Times and sizes as people write them: `7d`, `90s`, `1GiB`, `500MB`."""

import re

_SECONDS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}
_BYTES = {"": 1, "b": 1} | {
    f"{prefix}{unit}": base**power
    for power, prefix in enumerate("kmgt", start=1)
    for unit, base in (("b", 1000), ("ib", 1024), ("", 1024))
}
_WRITTEN = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)\s*([a-z]*)")


def seconds(written: str) -> float | None:
    """From `7d`, `12h`, `30min` or `90s`; None where it is no time."""
    return _amount(written, _SECONDS)


def size(written: str) -> int | None:
    """Bytes, from `1GiB`, `500MB` or a plain number; None where it is no size."""
    amount = _amount(written, _BYTES)
    return None if amount is None else int(amount)


def _amount(written: str, units: dict[str, int]) -> float | None:
    found = _WRITTEN.fullmatch(written.strip().lower())
    if found is None or found[2] not in units:
        return None
    return float(found[1]) * units[found[2]]
