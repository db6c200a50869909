"""Pane 3: is it moving, and when is it done? The steps of one workflow, or all workflows."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, ClassVar

from rich.cells import cell_len

from tui.details.subject import Subject
from tui.panes.one_of import OneOfPane, Row
from tui.protocol.topics import Filter
from tui.store import Slice
from tui.store.schedule import Forecast, Place, places
from tui.store.workflows import Step, Workflow
from tui.widgets.cells import (
    Column,
    Line,
    age,
    column_widths,
    fit,
    in_words,
    joined,
    meter,
    table_line,
    wrap,
)
from tui.widgets.gantt import Gantt, ending, rough

MARKS = {
    "done": ("✓", "ok"),
    "running": ("●", "info"),
    "failed": ("✗", "bad"),
    "pending": ("○", "dim"),
}
STATES = {"running": ("●", "info"), "complete": ("✓", "ok"), "failed": ("✗", "bad")}
MAX_NAME, MAX_TIME = 24, 26
GAPS = 4
"""Cells of a step's row that are neither name, bar nor time."""
MIN_BAR = 24
"""Cells that bars have before a row says how sure its expected time is."""
MAX_ERROR_LINES = 3
OTHERS = 20
"""Other workflows listed below the steps; all are in the overview."""
GAP = (" ", "")
WORKFLOWS = (
    Column("", 1),
    Column("WORKFLOW", 10, flex=2),
    Column("ID", 6, flex=1, wanted_from=48),
    Column("STEPS", 6, right=True),
    Column("", 8, wanted_from=40),
    Column("TOOK, OR ETA", 20, flex=1),
)


class WorkflowPane(OneOfPane):
    NUMBER = 3
    NAME = "WORKFLOW"
    SPOKEN = "workflow"
    FILTERS: ClassVar[tuple[Filter, ...]] = (Filter("workflow"),)
    SLICES = frozenset({Slice.WORKFLOWS})
    EMPTY = "no workflow yet: one appears with its workflow_started"

    _workflow: Workflow | None = None
    _forecast: Forecast | None = None
    _asked: tuple[Workflow, float, list[str]] | None = None
    _places: Sequence[Place] = ()
    _here: int | None = None
    """The row of the step that failed, or else of the first that runs."""
    _follows = True
    """Whether the cursor goes along with that: until a person moves it elsewhere, or scrolls."""

    def ids(self) -> Sequence[str]:
        # By what stays as it is: whatever goes on meanwhile, each has its turn.
        known = self.store.workflows.by_id.values()
        return [one.id for one in sorted(known, key=lambda one: (one.started, one.id))]

    def usual(self) -> str | None:
        current = self.store.workflows.current()
        return current.id if current else None

    def known(self, id_: str) -> bool:
        return id_ in self.store.workflows.by_id

    def record(self, item: Row) -> dict[str, Any]:
        if item.thing is None:
            return {}
        workflow, step = item.thing
        now = self.clock()
        return workflow_record(workflow, now) if step is None else step_record(workflow, step, now)

    def update_rows(self) -> None:
        store = self.store.workflows
        before, self._workflow = self._workflow, store.by_id.get(self.shown or "")
        self._forecast = None
        if self._workflow is None:
            self.rows = ()
        elif self.overview:
            self.rows = [self._of(workflow) for workflow in store.running_first()]
        else:
            self._forecast = store.forecast(self._workflow, self.clock())
            self.rows = [*self._drawn(self._workflow), *self._others(self._workflow)]
        super().update_rows()
        self._here = None if self.overview else _here(self.rows)
        if self._workflow is not before:
            self._begin_following()
        elif self._follows and self._here is not None:
            self._go_to(self._here)

    # Following: steps long done, with which a workflow begins, say less than what it has got to.

    def _begin_following(self) -> None:
        self._scrolled_by_hand = False
        self._go_to(self._here or 0)
        self._follows = True

    def _go_to(self, row: int) -> None:
        """Put the cursor there, in sight with some of what stands around it."""
        if self.size.height <= self._head_height:
            return  # it is not open: another page than it will have
        self.cursor = row
        top, around = self.scroll_offset.y, self.page // 3
        if not top <= row < top + self.page - min(MAX_ERROR_LINES, around):
            self._scroll(max(0, row - around))

    def watch_cursor(self, old: int, new: int) -> None:
        super().watch_cursor(old, new)
        self._follows = new == self._here

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._follows = self._follows and not self._scrolled_by_hand

    def _anew(self) -> None:
        super()._anew()
        self._begin_following()

    def summary(self) -> Line:
        workflow = self._workflow
        if workflow is None:
            return ()
        everything = self.store.workflows.by_id
        if self.overview:
            running = sum(one.state == "running" for one in everything.values())
            return ((f"all {len(everything)} ", "text"), (f"●{running} running", "info"))
        return (
            (f"{workflow.kind or workflow.id} ", "text"),
            (f"{workflow.done}/{len(workflow.steps)} ", "dim"),
            ending(workflow, self._forecast, self.clock()),
            *self.others(len(everything)),
        )

    def columns_line(self, width: int) -> Line | None:
        if not self.overview:
            return None
        cells = ((column.title, "head") for column in WORKFLOWS)
        return table_line(WORKFLOWS, column_widths(WORKFLOWS, width), cells)

    # One workflow.

    def _drawn(self, workflow: Workflow) -> list[Row]:
        width = max(20, self.width_beside_scrollbar)
        listed = self._placed(workflow)
        gantt = Gantt(workflow, self._forecast, self.clock())
        names = max((cell_len(_name(place)) for place in listed), default=0)
        names = min(MAX_NAME, names, width // 3)
        for sure in (True, False):
            times = {p.step.id: self._time(workflow, p, sure=sure) for p in listed}
            columns = names, max(map(len, times.values()), default=0)
            if width - sum(columns) - GAPS >= MIN_BAR:
                break
        rows: list[Row] = []
        for place in listed:
            step = place.step
            line = _StepLine(place, gantt, times[step.id], columns)
            about = Subject("workflow", workflow.id, step.id)
            words = partial(self._step_words, workflow, place)
            rows.append(Row(line, f"step {step.id}", about, (workflow, step), words))
            if step.state == "failed":
                rows += _error(workflow, step.id, width)
        if workflow.error and not any(step.state == "failed" for step in workflow.steps.values()):
            rows += _error(workflow, "", width)
        if not rows:
            mark, style = STATES[workflow.state]
            said = f"{mark} {workflow.state}, its steps are not known"
            about = Subject("workflow", workflow.id)
            rows.append(_fixed("workflow", ((said, style),), about, (workflow, None)))
        return rows

    def _step_words(self, workflow: Workflow, place: Place) -> str:
        step = place.step
        time = self._time(workflow, place, sure=True)
        waits = f"← {', '.join(place.waits_for)}" if place.waits_for else ""
        said = joined(MARKS[step.state][0], step.name, step.state, time, step.agent, waits)
        return f"{said}: {joined(workflow.error)}" if step.state == "failed" else said

    def _placed(self, workflow: Workflow) -> Sequence[Place]:
        """Worked out anew only when a step has changed, not whenever time has passed."""
        states = [step.state for step in workflow.steps.values()]
        asked = (workflow, workflow.started, states)
        if self._asked != asked:
            self._asked, self._places = asked, places(tuple(workflow.steps.values()))
        return self._places

    def _time(self, workflow: Workflow, place: Place, *, sure: bool) -> str:
        """How long it took or takes, and how long it was to be expected to; `sure`: by what."""
        step = place.step
        if place.stuck:
            return ""
        if step.state in ("done", "failed"):
            return age(step.duration) if step.duration else ""
        estimate = self.store.workflows.expected(workflow, step)
        usual = rough(estimate.median) if estimate else ""
        if step.state == "pending":
            return f"~{usual}" if usual else ""
        taken = age(self.clock() - step.started)
        if estimate is None:
            return taken
        if sure and estimate.seen:
            return f"{taken} (p50 {usual}, n={estimate.seen})"
        return f"{taken} of ~{usual}"

    # All workflows.

    def _others(self, shown: Workflow) -> list[Row]:
        others = [one for one in self.store.workflows.running_first() if one is not shown]
        if not others:
            return []
        rows = [_fixed("others", (("OTHER WORKFLOWS", "head"),))]
        rows += [self._of(one) for one in others[:OTHERS]]
        if len(others) > OTHERS:
            rows.append(_fixed("more", ((f"  and {len(others) - OTHERS:,} more", "dim"),)))
        return rows

    def _of(self, workflow: Workflow) -> Row:
        def line(width: int) -> Line:
            return table_line(WORKFLOWS, column_widths(WORKFLOWS, width), self._cells(workflow))

        def words() -> str:
            return in_words(tuple(one for cell in self._cells(workflow) for one in (cell, GAP)))

        about = Subject("workflow", workflow.id)
        return Row(line, f"workflow {workflow.id}", about, (workflow, None), words)

    def _cells(self, workflow: Workflow) -> Line:
        now = self.clock()
        mark, style = STATES[workflow.state]
        total = len(workflow.steps)
        seen = self.store.workflows.forecast(workflow, now)
        return (
            (mark, style),
            (workflow.kind or workflow.id, "text"),
            (workflow.id, "dim"),
            (f"{workflow.done}/{total}", "dim"),
            (meter(workflow.done / total, 8) if total else "", style),
            ending(workflow, seen, now, ago=True),
        )


class _StepLine:
    """One step's row: mark, name, its bar on the workflow's own time, how long it takes."""

    def __init__(self, place: Place, gantt: Gantt, time: str, columns: tuple[int, int]) -> None:
        self._place = place
        self._gantt = gantt
        self._time = time
        self._columns = columns

    def __call__(self, width: int) -> Line:
        step = self._place.step
        names, times = self._columns
        mark, style = MARKS[step.state]
        room = max(0, width - names - times - GAPS)
        waits = ", ".join(self._place.waits_for)
        note = step.agent if step.state == "running" else f"← {waits}" if waits else ""
        bar = self._gantt.bar(step, room, note)
        if self._place.stuck:
            bar = ((fit(f"can never start {note}", room), "bad"),)
        return (
            (f"{mark} ", style),
            (fit(_name(self._place), names) + " ", "dim" if step.state == "pending" else "text"),
            *bar,
            (" " + fit(self._time, times, right=True), "dim"),
        )


def _here(rows: Sequence[Row]) -> int | None:
    for state in ("failed", "running"):
        for index, row in enumerate(rows):
            if row.thing is not None and row.thing[1] and row.thing[1].state == state:
                return index
    return None


def _name(place: Place) -> str:
    return f"{place.branch} {place.step.name}" if place.branch else place.step.name


def _error(workflow: Workflow, step_id: str, width: int) -> list[Row]:
    lines = wrap(workflow.error, max(10, width - 4))
    shown = lines[:MAX_ERROR_LINES]
    if len(lines) > MAX_ERROR_LINES:
        shown[-1] = fit(f"{shown[-1]} {lines[MAX_ERROR_LINES]}", max(10, width - 4))
    return [
        _fixed(
            f"error {number}",
            (("    " if number else "  └ ", "dim"), (text, "bad")),
            Subject("workflow", workflow.id, step_id),
            None if step_id or number else (workflow, None),
            partial(joined, workflow.error),
        )
        for number, text in enumerate(shown)
    ]


def _fixed(
    key: str,
    line: Line,
    about: Subject | None = None,
    thing: Any = None,
    words: Callable[[], str] | None = None,
) -> Row:
    """A row that is the same in any width."""
    return Row(lambda _: line, key, about, thing, words)


def workflow_record(workflow: Workflow, now: float) -> dict[str, Any]:
    """A workflow as plain values; times in Unix ms, lengths in ms, None for what is not known."""
    running = workflow.state == "running"
    return {
        "workflow": workflow.id,
        "type": workflow.kind,
        "initiator": workflow.initiator,
        "state": workflow.state,
        "started": workflow.started or None,
        "duration": _so_far(workflow.started, now) if running else workflow.duration,
        "estimated": workflow.estimated or None,
        "steps": len(workflow.steps),
        "done": workflow.done,
        "error": workflow.error,
    }


def step_record(workflow: Workflow, step: Step, now: float) -> dict[str, Any]:
    began = step.started if step.state != "pending" else 0.0
    running = step.state == "running"
    return {
        "workflow": workflow.id,
        "step": step.id,
        "name": step.name,
        "agent": step.agent,
        "dependencies": " ".join(step.dependencies),
        "state": step.state,
        "started": began or None,
        "duration": _so_far(began, now) if running or not began else step.duration,
        "error": workflow.error if step.state == "failed" else "",
    }


def _so_far(began: float, now: float) -> int | None:
    return max(0, round(now - began)) if began else None
