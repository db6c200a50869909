"""A workflow in time: bars of its steps on one axis, and when it should be done. Pure."""

from tui.store.schedule import Forecast
from tui.store.workflows import Step, Workflow
from tui.widgets.cells import Line, Span, age, clock_time, fit, line_width

DONE, REST = "█", "░"
MIN_NOTE = 8
"""Cells before a bar from which on a note stands there."""


class Gantt:
    """The axis goes from the workflow's start to its end, or to when that is expected."""

    def __init__(self, workflow: Workflow, forecast: Forecast | None, now: float) -> None:
        self._forecast = forecast
        self._now = now
        starts = (step.started for step in workflow.steps.values() if step.started)
        self._begin = workflow.started or min(starts, default=now)
        end = workflow.ended or (forecast.done if forecast else now)
        self._end = max(end, self._begin + 1)

    def bar(self, step: Step, width: int, note: str = "") -> Line:
        """The step in exactly `width` cells: what is over solid, what is expected lighter.

        What is over its expected time, or failed, has a style of its own. `note` goes where there
        is room beside.
        """
        if width <= 0:
            return ()
        rest = self._forecast.spans.get(step.id) if self._forecast else None
        if step.started and step.state != "pending":
            over = self._now if step.state == "running" else step.started + step.duration
            left, right = self._cells(step.started, over, width)
            to_come = self._place(rest[1], width) - right if rest else 0
            solid: Line = ((DONE * (right - left), self._style(step, rest)),)
            bar: Line = (*solid, (REST * to_come, "dim")) if to_come > 0 else solid
        elif rest:
            left, right = self._cells(*rest, width)
            bar = ((REST * (right - left), "dim"),)
        else:
            return ((fit(note, width), "dim"),)
        before, after = (note, "") if left >= MIN_NOTE else ("", note)
        space = width - left - line_width(bar)
        return ((fit(before, left), "dim"), *bar, (fit(f" {after}", space), "dim"))

    def _cells(self, start: float, end: float, width: int) -> tuple[int, int]:
        """From which cell to which: at least one."""
        left = min(self._place(start, width), width - 1)
        return left, max(left + 1, self._place(end, width))

    def _style(self, step: Step, rest: tuple[float, float] | None) -> str:
        if step.state != "running":
            return "bad" if step.state == "failed" else "ok"
        return "warn" if rest and rest[1] <= self._now else "info"

    def _place(self, at: float, width: int) -> int:
        share = (at - self._begin) / (self._end - self._begin)
        return round(min(1.0, max(0.0, share)) * width)


def ending(workflow: Workflow, forecast: Forecast | None, now: float, *, ago: bool = False) -> Span:
    """When a workflow will be done, or was; in short, how long it took and how long ago."""
    if workflow.state in ("complete", "failed"):
        failed = workflow.state == "failed"
        took = age(workflow.duration)
        since = f"{took}, {age(now - workflow.ended)} ago"
        said = since if ago else f"failed after {took}" if failed else f"done in {took}"
        return (said, "bad" if failed else "ok")
    if forecast is None:
        running = f" for {age(now - workflow.started)}" if workflow.started else ""
        return (f"running{running}", "info")
    if forecast.done <= now:
        return (f"late by {age(forecast.overdue)}", "warn")
    spread = f" ±{rough(forecast.spread)}" if forecast.spread >= 1000 else ""
    at = clock_time(forecast.done, seconds=False)
    style = "warn" if forecast.overdue else "info"
    return (f"ETA {at}{spread} in {age(forecast.done - now)}", style)


def rough(milliseconds: float) -> str:
    """A length as one says it of what is not known exactly: `45s`, `2m20s`, `18m`, `2h05m`."""
    minutes = milliseconds / 60_000
    if 10 <= minutes < 60:
        return f"{round(minutes)}m"
    return age(milliseconds + 500)
