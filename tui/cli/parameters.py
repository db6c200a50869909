"""Times, sizes and files as people write them on the command line: `7d`, `1GiB`, `events.db`."""

from typing import TYPE_CHECKING

import click

from tui import amounts

if TYPE_CHECKING:
    from pathlib import Path

_LONGEST_DAYS = 36_500
"""A hundred years; calendars have an end, and so has the protocol's time."""


class Duration(click.ParamType[float]):
    """Seconds, from `7d`, `12h`, `30min` or `90s`."""

    name = "time"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        if isinstance(value, int | float):
            return float(value)
        amount = amounts.seconds(str(value))
        if amount is None or amount <= 0:
            self.fail(f"{value!r} is no time; say 7d, 12h, 30min or 90s", param, ctx)
        if amount > _LONGEST_DAYS * 86_400:
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
        amount = amounts.size(str(value))
        if amount is None or amount < 1:
            self.fail(f"{value!r} is no size; say 1GiB, 500MB or a number of bytes", param, ctx)
        return amount


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
