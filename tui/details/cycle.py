"""An agent's test-driven cycle: failures with tracebacks, breaches, coverage by file, history."""

from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING

from tui.details.sections import as_data, block, field, paragraph, raw_events, section
from tui.details.subject import Subject
from tui.store import Store
from tui.store.tdd import Breach, CoveredFile, Cycle, Failure
from tui.widgets import cycle_lines as draw
from tui.widgets.cells import Line, age, clock_time, filled, meter

if TYPE_CHECKING:
    from tui.protocol.models import Message

TYPES = frozenset({"tdd_phase_change", "test_result", "coverage_update"})
EVENTS = 10
"""Raw events shown."""
SEARCHED = 1_000
"""Of the agent's newest events, where those of its cycle are looked for."""


class CycleDetail:
    def __init__(self, subject: Subject) -> None:
        self._id = subject.key

    def title(self, store: Store) -> str:
        cycle = store.tdd.by_agent.get(self._id)
        return f"TDD {self._id} {cycle.task_id}" if cycle else f"TDD {self._id}"

    def lines(self, store: Store, now: float, width: int) -> Sequence[Line]:
        cycle = store.tdd.by_agent.get(self._id)
        if cycle is None:
            return ()
        minimum = store.tdd.minimum
        failures = [line for f in cycle.failures for line in _failure(f, width)]
        breaches = [line for b in reversed(cycle.breaches) for line in _breach(b, width)]
        files = [line for f in cycle.covered_files for line in _file(f, minimum, width)]
        rounds = [draw.round_line(past, width) for past in draw.past_rounds(cycle)]
        return [
            *section("now", _now(cycle, now, minimum, width)),
            *section(f"failures {cycle.totals.failing}", failures),
            *section(f"discipline {len(cycle.breaches)}", breaches),
            *section("coverage by file, the worst first", files),
            *section("test files", _tests(cycle, width)),
            *section("past cycles", rounds),
            *section("events", raw_events(self._events(store, EVENTS), width)),
        ]

    def data(self, store: Store) -> object:
        return [as_data(event) for event in self._events(store, 50)]

    def _events(self, store: Store, most: int) -> "list[Message]":
        about = store.history.about("agent_id", self._id, SEARCHED)
        return list(islice((event for event in about if event.type in TYPES), most))


def _now(cycle: Cycle, now: float, minimum: float, width: int) -> list[Line]:
    figures, before = draw.figures(cycle.coverage), draw.figures(cycle.previous_coverage)
    return [
        draw.ribbon(cycle, now, width),
        draw.tests_line(cycle, width),
        *([draw.coverage_line(figures, before, minimum, width)] if figures else []),
        *([field("last run", f"{age(now - cycle.tested_at)} ago")] if cycle.tested_at else []),
    ]


def _failure(failure: Failure, width: int) -> list[Line]:
    lines = [line(width) for line in draw.failure_lines(failure)]
    return [*lines, *block(failure.traceback, width, indent=4)]


def _breach(breach: Breach, width: int) -> list[Line]:
    """The whole of it, in as many lines as that takes."""
    what = f"{clock_time(breach.at)} cycle {breach.cycle} {breach.rule}"
    return [(("⚠ ", "warn"), (what, "warn")), *paragraph(breach.said, width, indent=4)]


def _file(file: CoveredFile, minimum: float, width: int) -> list[Line]:
    """Percent and path, and below all the ranges that are not covered."""
    missing = draw.ranges(file.uncovered, len(file.uncovered)).replace(",", ", ")
    share, style = "    ?", "dim"
    if file.lines is not None:
        share, style = f"{file.lines:5.1f}%", draw.grade(file.lines, minimum)
    head: Line = (
        (f"{share} ", style),
        (f"{meter((file.lines or 0) / 100, 16)} ", style),
        (file.path, "text"),
    )
    return [head, *paragraph(missing, width, "dim", indent=8)]


def _tests(cycle: Cycle, width: int) -> list[Line]:
    """The slowest first."""
    files = sorted(cycle.files.values(), key=lambda file: -file.duration)
    return [
        filled(
            width,
            ((f"{draw.seconds(file.duration):>7} ", "dim"), *draw.counts(file.totals)),
            ((f"  {file.path}", "text"),),
        )
        for file in files[:200]
    ]
