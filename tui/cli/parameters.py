"""Times, sizes and files as people write them on the command line: `7d`, `1GiB`, `events.db`."""

import re
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pathlib import Path

_SECONDS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}
_LONGEST_DAYS = 36_500
"""A hundred years; calendars have an end, and so has the protocol's time."""
_BYTES = {"": 1, "b": 1} | {
    f"{prefix}{unit}": base**power
    for power, prefix in enumerate("kmgt", start=1)
    for unit, base in (("b", 1000), ("ib", 1024), ("", 1024))
}
_WRITTEN = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)\s*([a-z]*)")


class Duration(click.ParamType[float]):
    """Seconds, from `7d`, `12h`, `30min` or `90s`."""

    name = "time"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        if isinstance(value, int | float):
            return float(value)
        amount = _amount(str(value), _SECONDS)
        if amount is None or amount <= 0:
            self.fail(f"{value!r} is no time; say 7d, 12h, 30min or 90s", param, ctx)
        if amount > _LONGEST_DAYS * _SECONDS["d"]:
            self.fail(
                f"{value!r} is beyond all calendars; {_LONGEST_DAYS}d is the most", param, ctx
            )
        return amount


class Size(click.ParamType[int]):
    """Bytes, from `1GiB`, `500MB` or a plain number."""

    name = "size"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        if isinstance(value, int):
            return value
        amount = _amount(str(value), _BYTES)
        if amount is None or amount < 1:
            self.fail(f"{value!r} is no size; say 1GiB, 500MB or a number of bytes", param, ctx)
        return int(amount)


class File(click.ParamType["Path"]):
    """A file that may have yet to be made."""

    name = "file"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> "Path":
        from pathlib import Path  # which takes as long to import as all of this

        path = Path(str(value))
        try:
            is_directory = path.is_dir()
        except OSError as error:
            self.fail(f"{value} cannot be used: {error.strerror}", param, ctx)
        if is_directory:
            self.fail(f"{value} is a directory", param, ctx)
        return path


def _amount(written: str, units: dict[str, int]) -> float | None:
    found = _WRITTEN.fullmatch(written.strip().lower())
    if found is None or found[2] not in units:
        return None
    return float(found[1]) * units[found[2]]
