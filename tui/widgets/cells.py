"""Text in terminal cells: fitting, columns, meters, sparklines, ages. Pure functions.

A line is a tuple of spans, a span a text and the name of a style (see `styles.STYLES`).
"""

import time
from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import isfinite
from typing import NamedTuple

from rich.cells import cell_len, chop_cells, set_cell_size

from tui.protocol.text import clean

Span = tuple[str, str]
Line = tuple[Span, ...]

BARS = "▁▂▃▄▅▆▇█"
_NO_BARS = dict.fromkeys(map(ord, f"{BARS}▓░"))


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


def joined(*texts: str) -> str:
    """Those that say something, made harmless, in one line."""
    return " ".join(filter(None, (clean(text).strip() for text in texts)))


def in_words(line: Line) -> str:
    """What a line says, without its bars and the space between its columns."""
    return " ".join(clean("".join(text for text, _ in line)).translate(_NO_BARS).split())


def line_words(line: Line) -> str:
    """What a line says, as it is laid out."""
    return clean("".join(text for text, _ in line)).rstrip()


def line_width(line: Line) -> int:
    return sum(cell_len(text) for text, _ in line)


def speaker_width(width: int) -> int:
    """Cells for who says a log line, on one of `width`: from 72 on a name of twelve is whole."""
    return min(16, max(9, min(12, width // 6), width // 8))


def span_at(line: Line, x: int) -> int | None:
    """Which span is drawn over the cell at `x`."""
    if x >= 0:
        for place, (text, _) in enumerate(line):
            x -= cell_len(clean(text))
            if x < 0:
                return place
    return None


class Column(NamedTuple):
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
        for span in ((" ", ""), (fit(text, width, right=column.right), style))
    ]
    return tuple(spans[1:])


def spread(left: Line, right: Line, width: int) -> Line:
    """`left` and `right` at the two ends of a line; `right` gives way where both don't fit."""
    gap = width - line_width(left) - line_width(right)
    return (*left, (" " * gap, ""), *right) if gap > 0 else left


def fill(line: Line, width: int) -> Line:
    """The line in exactly `width` cells: padded, or cut with an ellipsis."""
    spans: list[Span] = []
    left = width
    for text, style in line:
        shown = clean(text)
        size = cell_len(shown)
        if size > left:
            return (*spans, (fit(shown, left), style))
        spans.append((shown, style))
        left -= size
    return (*spans, (" " * left, "")) if left > 0 else tuple(spans)


def counted(line: Line, times: int, width: int) -> Line:
    """A line that was said so often; the count is at the end of `width`, however long the line."""
    if times < 2:
        return line
    said = f" ×{times:,}"
    return (*fill(line, width - len(said)), (said, "warn"))


def join_fitting(words: Sequence[Span], width: int) -> Line:
    """As many of the words as fit with a space between them, and how many do not."""
    spans: list[Span] = []
    left = width
    for index, (text, style) in enumerate(words):
        rest = len(words) - index
        size = cell_len(clean(text)) + bool(spans)
        more = f" +{rest}"
        if size + (len(f" +{rest - 1}") if rest > 1 else 0) > left:
            return (*spans, (more[not spans :], "dim")) if len(more) <= left else tuple(spans)
        spans += [(" ", "")] if spans else []
        spans.append((text, style))
        left -= size
    return tuple(spans)


def filled(width: int, *groups: Line) -> Line:
    """The groups of spans that fit into `width`, in their order; the first in any case."""
    line = groups[0] if groups else ()
    room = width - line_width(line)
    for group in groups[1:]:
        needed = line_width(group)
        if needed <= room:
            line, room = (*line, *group), room - needed
    return line


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


def percent(value: float | None) -> str:
    """`45%`; nothing where nothing is known, and never more than four cells."""
    return "" if value is None else f"{min(999, max(-99, value)):.0f}%"


def byte_size(number: float) -> str:
    """Bytes as a person reads them, in at most six cells: `512M`, `1.4G`."""
    for unit in "BKMGTPE":
        if abs(number) < 999.5 or unit == "E":
            break
        number /= 1024
    whole = unit in "BKM" or abs(number) >= 99.5
    return f"{min(number, 9999):.0f}{unit}" if whole else f"{number:.1f}{unit}"


def chart(values: Sequence[float], width: int, height: int, top: float) -> list[str]:
    """`values` as bars, the newest at the right, on a scale from 0 to `top`: `height` texts.

    They are spread over the whole width: where there are more of them than cells, a cell shows the
    largest of those that it stands for.
    """
    if not values or width <= 0:
        return []
    edges = [len(values) * cell // width for cell in range(width + 1)]
    values = [max(values[a : max(a + 1, b)]) for a, b in pairwise(edges)]
    steps = len(BARS) * height
    filled = [
        max(1, min(steps, round(min(1.0, max(0.0, value / top)) * steps))) if top > 0 else 1
        for value in values
    ]
    lines = []
    for row in range(height - 1, -1, -1):
        below = row * len(BARS)
        cells = "".join(
            " " if fill <= below else BARS[min(len(BARS), fill - below) - 1] for fill in filled
        )
        lines.append(cells)
    return lines


def clock_time(milliseconds: float, *, seconds: bool = True) -> str:
    """A moment (Unix ms) as the local clock shows it; dashes where no clock can."""
    if seconds:
        return _local(milliseconds, "%H:%M:%S") or "--:--:--"
    return _local(milliseconds, "%H:%M") or "--:--"


def clock_day(milliseconds: float) -> str:
    """The day of a moment (Unix ms) in the local calendar; dashes where it has none."""
    return _local(milliseconds, "%Y-%m-%d") or "----------"


def _local(milliseconds: float, shown: str) -> str:
    try:
        return time.strftime(shown, time.localtime(milliseconds / 1000))
    except (OverflowError, ValueError, OSError):
        return ""


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
        *whole, line = (
            # A character may be wider than there is room.
            part if cell_len(part) <= width else fit(part, width)
            for part in (chop_cells(word, width) if cell_len(word) > width else (word,))
        )
        lines += whole
    return [*lines, line] if line else lines
