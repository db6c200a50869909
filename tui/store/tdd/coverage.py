"""Coverage: the four figures, the files, and how both moved."""

from collections.abc import Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from tui.store.bounds import cut

if TYPE_CHECKING:
    from tui.protocol.models.tdd import Coverage, CoverageUpdateData

FIGURES = (
    ("line", "lines"),
    ("branch", "branches"),
    ("func", "functions"),
    ("stmt", "statements"),
)
"""What a person calls them, and the wire."""
MAX_COVERED = 200
MAX_UNCOVERED = 1_000
"""Files and lines of a coverage report."""
LINE_BYTES = 36
"""Of an uncovered line, whose number is an object of its own."""


class CoveredFile(NamedTuple):
    path: str
    lines: float | None
    """Percent; None where only its uncovered lines are known."""
    uncovered: tuple[int, ...]
    before: float | None = None
    """Percent, in the report before."""


class Move(NamedTuple):
    """One figure and its value before, in percent."""

    label: str
    before: float
    now: float


figures = attrgetter(*(name for _, name in FIGURES))
"""The values of the four."""


def drops(before: "Coverage | None", now: "Coverage") -> list[Move]:
    """The figures that are lower than before by as much as a screen shows: a tenth of a percent."""
    moves = []
    for label, name in FIGURES:
        old: float | None = getattr(before, name) if before else None
        new: float | None = getattr(now, name)
        if old is not None and new is not None and round(new, 1) < round(old, 1):
            moves.append(Move(label, old, new))
    return moves


def covered_files(
    data: "CoverageUpdateData", known: Sequence[CoveredFile]
) -> tuple[CoveredFile, ...]:
    """The files of a report, the worst first; of one that names a single file, that one anew."""
    if data.files is None and (data.file is None or data.uncovered_lines is None):
        return tuple(known)
    before = {file.path: file.lines for file in known}
    if data.files is not None:
        worst = sorted(data.files, key=lambda f: f.lines)[:MAX_COVERED]
        return tuple(
            CoveredFile(
                (path := cut(file.path)),
                file.lines,
                file.uncovered_lines[:MAX_UNCOVERED],
                before.get(path),
            )
            for file in worst
        )
    path = cut(data.file)
    uncovered = (data.uncovered_lines or ())[:MAX_UNCOVERED]
    fresh = CoveredFile(path, before.get(path), uncovered)
    files = (fresh, *(file for file in known if file.path != path))
    return tuple(sorted(files, key=_worst_first)[:MAX_COVERED])


def _worst_first(file: CoveredFile) -> float:
    """By what it has; what is not known is listed first, for it is news."""
    return -1.0 if file.lines is None else file.lines
