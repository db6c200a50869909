"""Pane 3: is it moving, and when is it done? The steps of the current workflow."""

from typing import ClassVar

from rich.cells import cell_len

from tui.panes.pane import Pane
from tui.protocol.topics import Filter
from tui.store import Slice
from tui.store.workflows import Step, Workflow
from tui.widgets.cells import Line, age, clock_time, fit

MARKS = {
    "done": ("✓", "ok"),
    "running": ("●", "info"),
    "failed": ("✗", "bad"),
    "pending": ("○", "dim"),
}
MAX_NAME = 24
TIME_WIDTH = 9
AGENT_WIDTH = 16


class WorkflowPane(Pane):
    NUMBER = 3
    NAME = "WORKFLOW"
    FILTERS: ClassVar[tuple[Filter, ...]] = (Filter("workflow"),)
    SLICES = frozenset({Slice.WORKFLOWS})
    EMPTY = "no workflow yet: one appears with its workflow_started"

    _workflow: Workflow | None = None
    _steps: tuple[Step, ...] = ()
    _name_width = 0

    def update_rows(self) -> None:
        self._workflow = self.store.workflows.current()
        self._steps = tuple(self._workflow.steps.values()) if self._workflow else ()
        self._name_width = max((min(MAX_NAME, cell_len(s.name)) for s in self._steps), default=0)
        super().update_rows()

    def row_count(self) -> int:
        if self._workflow is None:
            return 0
        return max(1, len(self._steps) + bool(self._workflow.error))

    def key(self, index: int) -> str | None:
        return self._steps[index].id if index < len(self._steps) else None

    def summary(self) -> Line:
        workflow = self._workflow
        if workflow is None:
            return ()
        return (
            (f"{workflow.kind or workflow.id} ", "text"),
            (f"{workflow.done}/{len(workflow.steps)} ", "dim"),
            self._when(workflow),
        )

    def _when(self, workflow: Workflow) -> tuple[str, str]:
        if workflow.state == "failed":
            return ("failed", "bad")
        if workflow.state == "complete":
            return (f"done in {age(workflow.duration)}", "ok")
        eta = workflow.eta
        if eta is None:
            return ("running", "info")
        late = self.clock() - eta
        if late > 0:
            return (f"late by {age(late)}", "warn")
        return (f"ETA {clock_time(eta)} in {age(-late)}", "info")

    def row(self, index: int, width: int) -> Line:
        workflow = self._workflow
        if workflow is None:
            return ()
        if index >= len(self._steps):
            return ((f"✗ {workflow.error}" if workflow.error else workflow.state, "bad"),)
        step = self._steps[index]
        mark, style = MARKS[step.state]
        name = min(self._name_width, width // 3)
        bar = max(0, width - name - TIME_WIDTH - 4)
        agent = (
            fit(f"  {step.agent}", AGENT_WIDTH) if step.state == "running" and step.agent else ""
        )
        return (
            (f"{mark} ", style),
            (fit(step.name, name) + " ", "text" if step.state != "pending" else "dim"),
            (fit(self._bar(workflow, step, bar - len(agent)), bar - len(agent)), style),
            (agent, "dim"),
            (fit(self._time(workflow, step), TIME_WIDTH, right=True), "dim"),
        )

    def _time(self, workflow: Workflow, step: Step) -> str:
        if step.state == "running":
            return age(self.clock() - step.started)
        if step.state == "pending":
            return f"~{age(workflow.expected_step)}" if workflow.estimated else ""
        return age(step.duration) if step.duration else ""

    def _bar(self, workflow: Workflow, step: Step, width: int) -> str:
        """The step on the workflow's own time: from its start to its end, or to now."""
        now = self.clock()
        begin = workflow.started or min((s.started for s in self._steps if s.started), default=now)
        end = max(workflow.eta or 0.0, workflow.ended or now, begin + 1)
        if step.state == "pending" or not step.started or width <= 0:
            return ""
        to = now if step.state == "running" else step.started + step.duration
        left = _place(step.started, begin, end, width)
        right = max(left + 1, _place(to, begin, end, width))
        return " " * left + "█" * (right - left)


def _place(at: float, begin: float, end: float, width: int) -> int:
    share = (at - begin) / (end - begin)
    return round(min(1.0, max(0.0, share)) * width)
