"""A screen as text that a person can compare: what it says, and in which styles."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby

from rich.cells import cell_len
from rich.style import Style
from textual.strip import Strip


def drawn(strips: Iterable[Strip]) -> str:
    """Its lines, and for each the cells that are not in the commonest style, with theirs."""
    lines = list(strips)
    styles = [list(_styles(line)) for line in lines]
    [(usual, _)] = Counter(style for line in styles for style in line).most_common(1)
    said = [line.text.rstrip() for line in lines]
    said += ["", f"Styles, where they are not {usual}:"]
    for number, line in enumerate(styles):
        runs = [f"{cells} {style}" for cells, style in _runs(line) if style != usual]
        if runs:
            said.append(f"{number}: {', '.join(runs)}")
    return "\n".join(said) + "\n"


def _styles(line: Strip) -> Iterator[str]:
    """Each cell's; a space shows no colour of its own, so it is taken to have the one before."""
    before = Style.null()
    for text, style, _ in line:
        now = style or Style.null()
        for character in text:
            if character != " " or not _alike(now, before):
                before = now
            yield from [_said(before)] * cell_len(character)


def _alike(one: Style, other: Style) -> bool:
    """Whether a space looks the same in both."""
    lines = any(style.reverse or style.underline or style.strike for style in (one, other))
    return one.bgcolor == other.bgcolor and not lines


def _said(style: Style) -> str:
    """Without the clicks that it carries along, and what it says that it is not."""
    return re.sub(r"\bnot \w+ ?", "", str(style.clear_meta_and_links()))


def _runs(styles: list[str]) -> Iterator[tuple[str, str]]:
    at = 0
    for style, run in groupby(styles):
        end = at + sum(1 for _ in run)
        yield f"{at}-{end - 1}", style
        at = end
