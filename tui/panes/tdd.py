"""Pane 2: is the code green? Phase, tests, coverage, failures."""

from typing import TYPE_CHECKING, ClassVar

from tui.panes.pane import Pane
from tui.protocol.topics import Filter
from tui.store import Slice
from tui.store.tdd import Cycle, Failure
from tui.widgets.cells import Line, age, meter, spark

if TYPE_CHECKING:
    from tui.protocol.models.tdd import Coverage

COVERAGES = (
    ("line", "lines"),
    ("branch", "branches"),
    ("func", "functions"),
    ("stmt", "statements"),
)
GOOD, FAIR = 80.0, 60.0
"""Coverage is green from GOOD percent, yellow from FAIR, red below (DESIGN)."""
WORST = 5
"""How many files with uncovered lines are listed."""
PHASES = frozenset({"red", "green", "refactor"})


class TddPane(Pane):
    NUMBER = 2
    NAME = "TDD"
    FILTERS: ClassVar[tuple[Filter, ...]] = (Filter("tdd"),)
    SLICES = frozenset({Slice.TDD})
    EMPTY = "no tests yet: run pytest --autosdlc in a project"

    _lines: tuple[Line, ...] = ()

    def row_count(self) -> int:
        return len(self._lines)

    def row(self, index: int, width: int) -> Line:
        del width
        return self._lines[index]

    def update_rows(self) -> None:
        cycle = self.store.tdd.current()
        self._lines = self._draw(cycle) if cycle else ()
        super().update_rows()

    def summary(self) -> Line:
        cycle = self.store.tdd.current()
        if cycle is None:
            return ()
        phase = (f"{cycle.phase.upper()} " if cycle.phase else "", _phase_style(cycle.phase))
        failing = cycle.totals.failing
        tests = (f"✗{failing} ", "bad") if failing else (f"✓{cycle.totals.passing} ", "ok")
        others = len(self.store.tdd.by_agent) - 1
        more = f" +{others}" if others else ""
        return (phase, tests, (f"{cycle.agent_id} {cycle.task_id}{more}", "dim"))

    def _draw(self, cycle: Cycle) -> tuple[Line, ...]:
        lines = [self._ribbon(cycle), self._tests(cycle)]
        if cycle.coverage is not None:
            lines.append(_coverage_line(cycle.coverage, cycle.previous_coverage))
        for failure in cycle.failures:
            lines += _failure_lines(failure)
        lines += [
            (
                (f"{file.lines:5.1f}% ", _grade(file.lines)),
                (f"{meter(file.lines / 100, 8)} ", _grade(file.lines)),
                (f"{file.path} ", "text"),
                (f"uncovered {ranges(file.uncovered)}", "dim"),
            )
            for file in cycle.covered_files[:WORST]
            if file.uncovered
        ]
        return tuple(lines)

    def _ribbon(self, cycle: Cycle) -> Line:
        spans: list[tuple[str, str]] = []
        for past in list(cycle.past)[-2:]:
            spans += [
                (f"{past.phase.upper()} {age(past.duration)}", _phase_style(past.phase)),
                (" ▸ ", "dim"),
            ]
        if cycle.phase:
            now = age(self.clock() - cycle.since)
            spans.append((f"▌{cycle.phase.upper()} {now}▐", _phase_style(cycle.phase)))
        else:
            spans.append(("no phase yet", "dim"))
        if cycle.count:
            spans.append((f"   cycle {cycle.count + 1}", "dim"))
        return tuple(spans)

    def _tests(self, cycle: Cycle) -> Line:
        totals = cycle.totals
        return (
            (f"{totals.total} test{'s' * (totals.total != 1)}  ", "strong"),
            (f"✓{totals.passing} ", "ok" if totals.passing else "dim"),
            (f"✗{totals.failing} ", "bad" if totals.failing else "dim"),
            (f"↷{totals.skipped} ", "dim"),
            (f" {cycle.duration / 1000:.1f}s  " if cycle.duration else " ", "dim"),
            (spark(cycle.passing_trend, 1.0), "dim"),
            (" pass" if cycle.passing_trend else "", "dim"),
        )


def ranges(lines: tuple[int, ...], most: int = 6) -> str:
    """Line numbers as a person writes them: `12-14,30,41-44`."""
    runs: list[list[int]] = []
    for line in sorted(set(lines)):
        if runs and line == runs[-1][-1] + 1:
            runs[-1][1:] = [line]
        else:
            runs.append([line])
    said = ["-".join(map(str, run)) for run in runs[:most]]
    return ",".join(said) + ("…" if len(runs) > most else "")


def _failure_lines(failure: Failure) -> list[Line]:
    return [
        (("✗ ", "bad"), (f"{failure.name}  ", "strong"), (failure.where, "dim")),
        (("    ", ""), (failure.message, "bad")),
    ]


def _coverage_line(coverage: "Coverage", previous: "Coverage | None") -> Line:
    spans: list[tuple[str, str]] = []
    for label, field in COVERAGES:
        value: float | None = getattr(coverage, field)
        if value is None:
            continue
        before: float | None = getattr(previous, field) if previous else None
        arrow = "" if before is None or before == value else "▲" if value > before else "▼"
        spans += [(f"{label} ", "dim"), (f"{value:.1f}{arrow}", _grade(value)), ("  ", "")]
    return tuple(spans)


def _grade(percent: float) -> str:
    return "ok" if percent >= GOOD else "warn" if percent >= FAIR else "bad"


def _phase_style(phase: str) -> str:
    return phase if phase in PHASES else "text"
