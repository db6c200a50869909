"""Text in terminal cells: fitting, columns, meters, sparklines, ages. Pure functions.

A line is a tuple of spans, a span a text and the name of a style (see `rows.STYLES`).
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isfinite

from rich.cells import cell_len, set_cell_size

from tui.protocol.text import clean

Span = tuple[str, str]
Line = tuple[Span, ...]

BARS = "▁▂▃▄▅▆▇█"


def fit(text: str, width: int, *, right: bool = False) -> str:
    """`text` made harmless, in exactly `width` cells: padded, or cut with an ellipsis."""
    if width <= 0:
        return ""
    text = clean(text)
    size = len(text) if text.isascii() else cell_len(text)
    if size == width:
        return text
    if size < width:
        pad = " " * (width - size)
        return pad + text if right else text + pad
    return "…" if width == 1 else set_cell_size(text, width - 1) + "…"


def line_width(line: Line) -> int:
    return sum(cell_len(text) for text, _ in line)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: `width` cells, and a share of what is left over (`flex`)."""

    title: str
    width: int
    flex: int = 0
    right: bool = False
    wanted_from: int = 0
    """The narrowest table, in cells, that shows it."""


def column_widths(columns: Sequence[Column], width: int) -> list[int]:
    """The cells each column gets in a table of `width`; 0 for one that is left out.

    Columns are one cell apart; flexible ones share the slack, and give way when there is none.
    """
    shown = [column.wanted_from <= width for column in columns]
    widths = [column.width if on else 0 for column, on in zip(columns, shown, strict=True)]
    slack = width - sum(widths) - max(0, sum(shown) - 1)
    flex = sum(column.flex for column, on in zip(columns, shown, strict=True) if on)
    if flex:
        for index, column in enumerate(columns):
            if column.flex and shown[index]:
                widths[index] = max(1, widths[index] + slack * column.flex // flex)
    return widths


def table_line(columns: Sequence[Column], widths: Sequence[int], cells: Iterable[Span]) -> Line:
    """One row of a table: a cell for each column, those without width left out."""
    spans = [
        span
        for column, width, (text, style) in zip(columns, widths, cells, strict=True)
        if width
        for span in ((fit(text, width, right=column.right), style), (" ", ""))
    ]
    return tuple(spans[:-1])


def spread(left: Line, right: Line, width: int) -> Line:
    """`left` and `right` at the two ends of a line; `right` gives way where both don't fit."""
    gap = width - line_width(left) - line_width(right)
    return (*left, (" " * gap, ""), *right) if gap > 0 else left


def meter(share: float, width: int) -> str:
    """A bar of `width` cells, `share` (0–1) of it filled."""
    full = round(min(1.0, max(0.0, share)) * width)
    return "▓" * full + "░" * (width - full)


def spark(values: Sequence[float], top: float) -> str:
    """One cell a value, on a fixed scale from 0 to `top`."""
    if top <= 0:
        return BARS[0] * len(values)
    last = len(BARS) - 1
    return "".join(BARS[min(last, max(0, int(value / top * len(BARS))))] for value in values)


def clock_time(milliseconds: float, *, seconds: bool = True) -> str:
    """A moment (Unix ms) as the local clock shows it; dashes where no clock can."""
    shown = "%H:%M:%S" if seconds else "%H:%M"
    try:
        return time.strftime(shown, time.localtime(milliseconds / 1000))
    except (OverflowError, ValueError, OSError):
        return "--:--:--" if seconds else "--:--"


def age(milliseconds: float) -> str:
    """A duration as a person reads it: `4s`, `2m14s`, `3h07m`, `2d04h`."""
    if not isfinite(milliseconds):
        return "?"
    seconds = max(0, int(milliseconds / 1000))
    if seconds < 60:
        return f"{seconds}s"
    if seconds < 3600:
        return f"{seconds // 60}m{seconds % 60:02d}s"
    if seconds < 86_400:
        return f"{seconds // 3600}h{seconds % 3600 // 60:02d}m"
    days = seconds // 86_400
    return f"{days}d{seconds % 86_400 // 3600:02d}h" if days < 100 else f"{days}d"


def wrap(text: str, width: int) -> list[str]:
    """`text` in lines of at most `width` cells, broken between words where that is possible."""
    lines: list[str] = []
    line = ""
    for word in clean(text).split(" "):
        joined = f"{line} {word}" if line else word
        if cell_len(joined) <= width:
            line = joined
            continue
        if line:
            lines.append(line)
        line = fit(word, width).rstrip() if cell_len(word) > width else word
    return [*lines, line] if line else lines
