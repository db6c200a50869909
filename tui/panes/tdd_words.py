"""What the TDD pane shows, as it is copied and exported: whole, and without a picture. Pure."""

from typing import Any

from tui.protocol.text import clean
from tui.store.tdd import Breach, CoveredFile, Cycle, Failure, Overall
from tui.store.tdd.cycle import Round
from tui.widgets import cycle_lines as draw
from tui.widgets.cells import clock_time, in_words, joined


def tests_words(tested: Cycle | Overall) -> str:
    totals = tested.totals
    took = draw.seconds(tested.duration) if tested.duration else ""
    counted = f"{totals.total} test{'s' * (totals.total != 1)} "
    return in_words(
        ((counted, ""), *draw.counts(totals), *draw.change(tested.change), (f" {took}", ""))
    )


def failure_words(failure: Failure, who: str) -> str:
    """All that is kept of it, its traceback as lines of their own."""
    head = joined("✗", who, failure.name, failure.where)
    return "\n".join(
        (f"{head}: {joined(failure.message)}", *map(clean, failure.traceback.splitlines()))
    )


def breach_words(breach: Breach, who: str) -> str:
    at = clock_time(breach.at, seconds=False)
    return joined(at, f"⚠ cycle {breach.cycle} {breach.rule}:", who, breach.said)


def file_words(file: CoveredFile) -> str:
    share = "?" if file.lines is None else f"{file.lines:.1f}%"
    return joined(share, file.path, draw.ranges(file.uncovered, len(file.uncovered)))


def cycle_record(cycle: Cycle) -> dict[str, Any]:
    """A cycle as plain values."""
    return {
        "agent": cycle.agent_id,
        "task": cycle.task_id,
        "phase": cycle.phase,
        "since": cycle.since,
        "cycle": cycle.number,
        **cycle.totals._asdict(),
        "duration": cycle.duration if cycle.runs else None,
        **draw.figures(cycle.coverage),
        "warnings": len(cycle.breaches),
    }


def round_record(past: Round) -> dict[str, Any]:
    """A past cycle as plain values; lengths in ms."""
    return {
        "task": past.task_id,
        "cycle": past.number,
        "since": past.started,
        "phases": dict(past.spans),
        **past.totals._asdict(),
        "lines": past.lines,
    }
