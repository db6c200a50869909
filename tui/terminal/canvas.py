"""The cells of a terminal, as they are and as they should be, and what makes the one the other.

Textual writes whole lines of widgets again, each piece of them with all of its colours. What is
compared here is what it writes, as text, so nothing of how Textual draws is relied on.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from rich.cells import cell_len, get_character_cell_size
from rich.segment import Segment

_FRAME = re.compile(r"\x1b\[\d+;\d+H")
"""How what draws begins, and nothing else that is written."""
_PARTS = re.compile(
    r"\x1b\[(?P<row>\d+);(?P<column>\d+)H|\x1b\[(?P<style>[\d;]*)m|(?P<text>[^\x00-\x1f\x7f-\x9f]+)"
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b\[[^@-~]*[@-~]"
)
"""Where, how and what. Hyperlinks are left out, and so are all other controls."""
JOINING = "\U0001f000"
"""From here on there are flags and emoji, of which several make one."""
JOINED = 8
"""Cells that are written again rather than jumped over: a jump takes as many bytes."""


@lru_cache(maxsize=4096)
def _is_simple(text: str) -> bool:
    """Whether each character is a cell, and none goes together with another."""
    return text.isascii() or all(
        character < JOINING and get_character_cell_size(character) == 1 for character in set(text)
    )


class _Row:
    """Cells of a line: what is in each, and in which style, as its SGR parameters.

    A piece of text whose characters are not one cell each is in its first cell as a whole, for
    terminals do not agree on how such characters go together; its other cells are empty.
    """

    __slots__ = ("odd", "styles", "texts")

    def __init__(self, columns: int, text: str) -> None:
        self.texts = [text] * columns
        self.styles = [""] * columns
        self.odd = False
        """Whether there ever was such a piece."""

    def put(self, at: int, text: str, style: str) -> int:
        """Write it there, cut off at the end of the row; the cell behind it."""
        behind = at + (len(text) if text.isascii() else cell_len(text))
        end = min(behind, len(self.texts))
        if at < end:
            if self.odd:
                self._split(at)
                self._split(end)
            whole = behind == end or text.isascii()
            self._place(at, end, text if whole else Segment(text).split_cells(end - at)[0].text)
            self.styles[at:end] = [style] * (end - at)
        return behind

    def _place(self, at: int, end: int, text: str) -> None:
        if _is_simple(text):
            self.texts[at:end] = text[: end - at]
        else:
            self.texts[at:end] = [text] + [""] * (end - at - 1)
            self.odd = True

    def _split(self, at: int) -> None:
        """Make two of a piece that goes on over the beginning of that cell."""
        if at >= len(self.texts) or self.texts[at]:
            return
        texts = self.texts
        begin = next(cell for cell in range(at, -1, -1) if texts[cell])
        end = next((cell for cell in range(at, len(texts)) if texts[cell]), len(texts))
        left, right = Segment(texts[begin]).split_cells(at - begin)
        self._place(begin, at, left.text)
        self._place(at, end, right.text)

    def become(self, other: "_Row") -> None:
        self.texts[:] = other.texts
        self.styles[:] = other.styles
        self.odd = other.odd


class Canvas:
    def __init__(self) -> None:
        self._columns = 0
        self._wanted: list[_Row] = []
        self._shown: list[_Row] = []
        self._changed: set[int] = set()
        self._cursor = (0, 0)
        self._cursor_shown = (0, 0)

    def resize(self, columns: int, rows: int) -> None:
        """The terminal has this size from now on, and nobody knows what is on it."""
        if (columns, rows) == (self._columns, len(self._wanted)):
            self.forget()  # told again: it may have had another meanwhile
            return
        self._columns = columns
        self._wanted = [_Row(columns, " ") for _ in range(rows)]
        self._shown = [_Row(columns, "\0") for _ in range(rows)]
        self._changed.clear()

    def forget(self) -> None:
        """Nobody knows what the terminal shows."""
        self._shown = [_Row(self._columns, "\0") for _ in self._wanted]
        self._changed.update(range(len(self._wanted)))

    def is_frame(self, data: str) -> bool:
        """Whether it draws, and on a terminal whose size is known."""
        return bool(self._wanted) and _FRAME.match(data) is not None

    def draw(self, frame: str) -> None:
        """Take in what should be shown."""
        rows = self._wanted
        row = column = 0
        style = ""
        for found in _PARTS.finditer(frame):
            kind = found.lastgroup
            if kind == "text":
                if row < len(rows):
                    column = rows[row].put(column, found["text"], style)
                    self._changed.add(row)
            elif kind == "style":
                style = "" if found["style"] == "0" else found["style"]
            elif kind == "column":
                row, column = int(found["row"]) - 1, int(found["column"]) - 1
        self._cursor = (row, column)

    def changes(self) -> str:
        """What makes the terminal show what it should, as it is taken to do from now on."""
        pen = ""
        written = []
        for at in sorted(self._changed):
            wanted, shown = self._wanted[at], self._shown[at]
            for begin, end in _differences(wanted, shown):
                for column, text, style in _runs(wanted, begin, end):
                    if column == begin or not wanted.texts[column - 1]:
                        written.append(f"\x1b[{at + 1};{column + 1}H")
                    written.append(_pen(pen, style))
                    written.append(text)
                    pen = style
        if written or self._cursor != self._cursor_shown:
            row, column = self._cursor
            written.append(f"{_pen(pen, '')}\x1b[{row + 1};{column + 1}H")
        self.mark_shown()
        return "".join(written)

    def mark_shown(self) -> None:
        """From now on the terminal is taken to show what it should."""
        for at in self._changed:
            self._shown[at].become(self._wanted[at])
        self._changed.clear()
        self._cursor_shown = self._cursor


def _differences(wanted: _Row, shown: _Row) -> Iterator[tuple[int, int]]:
    """From which to which cell it has to be written again."""
    if wanted.texts == shown.texts and wanted.styles == shown.styles:
        return
    if (wanted.odd and "" in wanted.texts) or (shown.odd and "" in shown.texts):
        yield 0, len(wanted.texts)
        return
    begin = end = -JOINED
    cells = zip(wanted.texts, shown.texts, wanted.styles, shown.styles, strict=True)
    for column, (text, old_text, style, old_style) in enumerate(cells):
        if text != old_text or style != old_style:
            if column - end >= JOINED:
                if end > 0:
                    yield begin, end
                begin = column
            end = column + 1
    yield begin, end


def _runs(row: _Row, begin: int, end: int) -> Iterator[tuple[int, str, str]]:
    """Where, text and style of these cells, in as few pieces as there are.

    One begins behind text that is not one cell a character: the terminal may be elsewhere by then.
    """
    texts, styles = row.texts, row.styles
    at = begin
    for column in range(begin + 1, end + 1):
        if (
            column == end
            or styles[column] != styles[at]
            or (texts[column] and not texts[column - 1])
        ):
            yield at, "".join(texts[at:column]), styles[at]
            at = column


class _Style(NamedTuple):
    flags: frozenset[str]
    colour: str
    background: str


@lru_cache(maxsize=1024)
def _style(parameters: str) -> _Style:
    flags = set()
    colour = background = ""
    codes = iter(parameters.split(";") if parameters else ())
    for code in codes:
        if code in ("38", "48"):
            mode = next(codes, "")
            rest = [next(codes, "") for _ in range(3 if mode == "2" else 1)]
            whole = ";".join((code, mode, *rest))
            if code == "38":
                colour = whole
            else:
                background = whole
        elif len(code) > 1 and code[-2] in "39":  # 30 to 39, 90 to 97
            colour = "" if code == "39" else code
        elif len(code) > 1 and code[-2] in "40":  # 40 to 49, 100 to 107
            background = "" if code == "49" else code
        else:
            flags.add(code)
    return _Style(frozenset(flags), colour, background)


@lru_cache(maxsize=4096)
def _pen(before: str, now: str) -> str:
    """The shortest sequence that changes the one style to the other."""
    if before == now:
        return ""
    was, is_ = _style(before), _style(now)
    if not now or was.flags - is_.flags:
        return f"\x1b[0;{now}m" if now else "\x1b[0m"
    codes = sorted(is_.flags - was.flags)
    if was.colour != is_.colour:
        codes.append(is_.colour or "39")
    if was.background != is_.background:
        codes.append(is_.background or "49")
    return f"\x1b[{';'.join(codes)}m"
