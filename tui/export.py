"""Rows as JSON or CSV, and files that are new: nothing is ever written over."""

import asyncio
import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tui.protocol.numbers import whole

if TYPE_CHECKING:
    from tui.widgets.rows import RowView

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What makes a spreadsheet run a cell's text instead of showing it."""
AT_ONCE = 200
"""Rows that are made ready before others have their turn."""
MAX_SAME = 1_000
"""Files of one name, told apart by a number."""


async def records_of(view: "RowView") -> list[dict[str, Any]]:
    """All of the view's, as they are now: keys are taken, and the screen is drawn, meanwhile."""
    records = []
    for record in view.records():
        records.append(whole(record))
        if len(records) % AT_ONCE == 0:
            await asyncio.sleep(0)
    return records


def export(
    directory: Path, stem: str, format_: Literal["json", "csv", "svg"], what: object
) -> Path:
    """Write rows, or a picture that is SVG already, into a new file; raises OSError.

    The directory is made where there is none.
    """
    with suppress(FileExistsError):  # to be told when a file in its place is written into
        directory.mkdir(parents=True, exist_ok=True)
    if format_ == "json":
        text = to_json(what)
    elif format_ == "csv" and isinstance(what, list):
        text = to_csv(what)
    else:
        text = str(what)
    return write_new(directory, stem, f".{format_}", text)


def to_json(records: object) -> str:
    return json.dumps(records, indent=2, ensure_ascii=False, default=str) + "\n"


def to_csv(records: Sequence[Mapping[str, Any]]) -> str:
    """RFC 4180: a column for each name that any record has; what is no plain value is JSON."""
    names = list(dict.fromkeys(name for record in records for name in record))
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(map(_cell, names))
    writer.writerows([_cell(record.get(name)) for name in names] for record in records)
    return text.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, bool) or value is None:
        return "" if value is None else str(value).lower()
    if isinstance(value, int | float):
        return value
    if isinstance(value, Mapping | Iterable) and not isinstance(value, str):
        value = json.dumps(value, ensure_ascii=False, default=str)
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def write_new(directory: Path, stem: str, suffix: str, text: str) -> Path:
    """Write `text` into a file that was not there before, and say which.

    Raises OSError, and leaves no half of a file.
    """
    # Lone surrogates, which hostile events may hold, are in no encoding.
    content = text.encode("utf-8", "replace")
    for number in range(1, MAX_SAME):
        path = directory / f"{stem}{f'-{number}' if number > 1 else ''}{suffix}"
        try:
            file = path.open("xb")
        except FileExistsError:
            continue
        try:
            with file:
                file.write(content)
        except OSError:
            with suppress(OSError):
                path.unlink()
            raise
        return path
    raise FileExistsError(f"{directory} holds {MAX_SAME} exports of this name")
