"""The code base of the story in numbers: its tests, and which of its lines they reach."""

from dataclasses import dataclass
from random import Random
from typing import Any

FILES_SHOWN = 8
"""How many files a coverage report lists: the one in question, then the least covered."""


@dataclass(slots=True)
class TestFile:
    passing: int
    failing: int = 0
    skipped: int = 0

    __test__ = False

    @property
    def total(self) -> int:
        return self.passing + self.failing + self.skipped


class Suite:
    """Every test file with its last result; the totals are always their sum."""

    def __init__(self) -> None:
        self.files = {
            "tests/test_api.py": TestFile(34),
            "tests/test_gateway.py": TestFile(27, skipped=2),
            "tests/test_ledger.py": TestFile(31),
            "tests/test_models.py": TestFile(18),
        }

    def totals(self) -> dict[str, int]:
        files = self.files.values()
        return {
            "total": sum(f.total for f in files),
            "passing": sum(f.passing for f in files),
            "failing": sum(f.failing for f in files),
            "skipped": sum(f.skipped for f in files),
        }

    def results(self, path: str) -> dict[str, float]:
        """One file's totals with the milliseconds they took."""
        file = self.files[path]
        return {
            "total": file.total,
            "passing": file.passing,
            "failing": file.failing,
            "skipped": file.skipped,
            "duration": 140.0 + 38.5 * file.passing + 61.0 * file.failing,
        }


@dataclass(slots=True)
class Module:
    statements: int
    uncovered: list[int]
    """Line numbers, rising."""

    @property
    def lines(self) -> float:
        return 100 * (1 - len(self.uncovered) / self.statements)


class Coverage:
    """Which lines the tests reach, by module; the other three figures follow the lines."""

    BRANCH_MINIMUM = 80.0
    """Percent: what the dashboard wants, too, unless it is told otherwise."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self.modules: dict[str, Module] = {}
        for path, statements, uncovered in (
            ("payments/api.py", 120, 26),
            ("payments/gateway.py", 140, 53),
            ("payments/ledger.py", 180, 58),
            ("payments/models.py", 90, 15),
        ):
            self.write(path, statements, uncovered)

    def write(self, path: str, statements: int, uncovered: int) -> None:
        """Write a module, or more of it, of which so many lines are not reached."""
        old = self.modules.get(path)
        above = old.statements if old else 0
        rows = _runs(self._rng, above + 1, above + statements, uncovered)
        self.modules[path] = Module(above + statements, (old.uncovered if old else []) + rows)

    @property
    def lines(self) -> float:
        modules = self.modules.values()
        missed = sum(len(m.uncovered) for m in modules)
        return 100 * (1 - missed / sum(m.statements for m in modules))

    def raise_to(self, lines: float) -> None:
        """New tests reach the least covered modules, until `lines` percent are reached in all."""
        while self.lines < lines:
            worst = min(self.modules.values(), key=lambda m: m.lines)
            del worst.uncovered[: max(1, len(worst.uncovered) // 12)]

    def figures(self) -> dict[str, float]:
        missed = 100 - self.lines
        return {
            "lines": round(100 - missed, 1),
            "branches": round(100 - 1.35 * missed, 1),
            "functions": round(100 - 0.6 * missed, 1),
            "statements": round(100 - 1.05 * missed, 1),
        }

    def report(self, focus: str) -> dict[str, Any]:
        """The coverage part of a `coverage_update` that is about one module."""
        others = sorted((path for path in self.modules if path != focus), key=self._percent)
        return {
            "coverage": self.figures(),
            "file": focus,
            "uncoveredLines": list(self.modules[focus].uncovered),
            "files": [
                {
                    "path": path,
                    "lines": round(self._percent(path), 1),
                    "uncoveredLines": list(self.modules[path].uncovered),
                }
                for path in (focus, *others[: FILES_SHOWN - 1])
            ],
        }

    def _percent(self, path: str) -> float:
        return self.modules[path].lines


def _runs(rng: Random, first: int, last: int, count: int) -> list[int]:
    """`count` line numbers of `first`..`last` in short runs, as untested branches leave them."""
    chosen: set[int] = set()
    while len(chosen) < count:
        start = rng.randint(first, last)
        run = range(start, min(start + rng.randint(1, 6), last + 1))
        chosen.update(list(run)[: count - len(chosen)])
    return sorted(chosen)
