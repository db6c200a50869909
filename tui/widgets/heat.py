"""Coverage by file as a map of tiles, the worst first. Pure."""

from collections import Counter
from collections.abc import Sequence
from functools import partial

from tui.store.tdd import CoveredFile
from tui.widgets.cells import Line, fit, spark, spread
from tui.widgets.cycle_lines import Drawn, grade

COLUMN = 20
"""Cells that a file has at least: its bar, its percentage, its name."""
TILE = 8
"""Cells of that which are not the name."""
FEWEST = 2
"""Files from which on there is anything to compare."""


def heat_lines(files: Sequence[CoveredFile], minimum: float, width: int, most: int) -> list[Drawn]:
    """A title and at most `most` lines of files, which come the worst first."""
    known = [file for file in files if file.lines is not None]
    columns = max(1, width // COLUMN)
    shown = known[: columns * most]
    if len(shown) < FEWEST:
        return []
    names = Counter(_name(file) for file in shown)
    rows = (shown[at : at + columns] for at in range(0, len(shown), columns))
    return [
        partial(_title, known, len(known) - len(shown), minimum),
        *(partial(_row, row, names, minimum, columns) for row in rows),
    ]


def _title(known: Sequence[CoveredFile], left_out: int, minimum: float, width: int) -> Line:
    low = sum((file.lines or 0.0) < minimum for file in known)
    below = f"{low:,} of {len(known):,} files below {minimum:g}%" if low else ""
    more = f"  +{left_out:,}" if left_out else ""
    said = ((below or f"{len(known):,} files", "warn" if low else "dim"), (more, "dim"))
    return spread((("COVERAGE HEAT", "head"),), said, width)


def _row(
    files: Sequence[CoveredFile], names: Counter[str], minimum: float, columns: int, width: int
) -> Line:
    room = max(1, width // columns - TILE)
    spans: list[tuple[str, str]] = []
    for file in files:
        name = _name(file)
        percent = file.lines or 0.0
        style = grade(percent, minimum)
        # Rounded down: what is below the minimum must not look as if it were not.
        spans += [
            (spark([percent], 100.0), style),
            (fit(f"{percent // 1:.0f}", 4, right=True) + " ", f"{style}-tile"),
            (f" {fit(name if names[name] == 1 else _name(file, 2), room)} ", "text"),
        ]
    return tuple(spans)


def _name(file: CoveredFile, parts: int = 1) -> str:
    """The last parts of its path."""
    return "/".join(file.path.split("/")[-parts:])
