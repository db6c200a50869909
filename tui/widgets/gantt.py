"""A workflow in time: bars of its steps on one axis, and when it should be done. Pure."""

from rich.cells import cell_len

from tui.protocol.text import clean
from tui.store.schedule import Forecast
from tui.store.workflows import Step, Workflow
from tui.widgets.cells import Line, Span, age, clock_time, fit, line_width

DONE, REST = "█", "░"
MIN_NOTE = 8
"""Cells beside a bar from which on a note stands there that has to be cut."""


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
            running = step.state == "running"
            over = self._now if running else step.started + step.duration
            to_come = bool(rest and rest[1] > self._now and width > 1)
            left, right = self._cells(step.started, over, width, spare=to_come)
            bar: Line = ((DONE * (right - left), self._style(step, rest)),)
            if rest and to_come:
                bar = (*bar, (REST * max(1, self._place(rest[1], width) - right), "dim"))
        elif rest:
            left, right = self._cells(*rest, width)
            bar = ((REST * (right - left), "dim"),)
        else:
            return ((fit(note, width), "dim"),)
        space = width - left - line_width(bar)
        before, after = _beside(note, left - 1, space - 1)
        before = fit(before, left - 1)  # a cell apart from the bar
        return ((fit(before, left), "dim"), *bar, (fit(f" {after}", space), "dim"))

    def _cells(
        self, start: float, end: float, width: int, *, spare: bool = False
    ) -> tuple[int, int]:
        """From which cell to which: at least one, and `spare` leaves one behind it."""
        last = width - spare
        left = min(self._place(start, width), last - 1)
        return left, max(left + 1, min(last, self._place(end, width)))

    def _style(self, step: Step, rest: tuple[float, float] | None) -> str:
        if step.state != "running":
            return "bad" if step.state == "failed" else "ok"
        return "warn" if rest and rest[1] <= self._now else "info"

    def _place(self, at: float, width: int) -> int:
        share = (at - self._begin) / (self._end - self._begin)
        return round(min(1.0, max(0.0, share)) * width)


def _beside(note: str, left: int, right: int) -> tuple[str, str]:
    """What stands left and right of a bar: the note where it is whole, or else where more is."""
    needed = cell_len(clean(note))
    if needed <= left or (needed > right and MIN_NOTE <= left >= right):
        return note, ""
    return ("", note) if needed <= right or right >= MIN_NOTE else ("", "")


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
    if forecast.stuck:
        return (f"never done: {forecast.stuck} stuck", "bad")
    if forecast.done <= now:
        return (f"late by {age(forecast.overdue)}", "warn")
    spread = f" ±{rough(forecast.spread)}" if forecast.spread >= 1000 else ""
    at = clock_time(forecast.done, seconds=False)
    if forecast.overdue >= 1000:  # what is left begins when that step is done, which nobody knows
        return (f"ETA {at}{spread}, {age(forecast.overdue)} late", "warn")
    return (f"ETA {at}{spread} in {age(forecast.done - now)}", "info")


def rough(milliseconds: float) -> str:
    """A length as one says it of what is not known exactly: `45s`, `2m20s`, `18m`, `2h05m`."""
    minutes = milliseconds / 60_000
    if 10 <= minutes < 60:
        return f"{round(minutes)}m"
    return age(milliseconds + 500)
