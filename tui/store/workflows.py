"""Workflows and their steps, folded from started, step complete, complete and failed."""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tui.store.bounds import MESSAGE, cut

if TYPE_CHECKING:
    from tui.protocol.models.workflow import (
        WorkflowCompleteEvent,
        WorkflowFailedEvent,
        WorkflowStartedEvent,
        WorkflowStepCompleteEvent,
    )

MAX_WORKFLOWS = 1_000
MAX_STEPS = 2_000


@dataclass(slots=True)
class Step:
    id: str
    name: str
    agent: str = ""
    dependencies: tuple[str, ...] = ()
    state: str = "pending"
    """`pending` `running` `done` `failed`."""
    started: float = 0.0
    duration: float = 0.0
    """Milliseconds, once it is done."""


@dataclass(slots=True)
class Workflow:
    id: str
    kind: str = ""
    initiator: str = ""
    started: float = 0.0
    estimated: float = 0.0
    """Milliseconds for the whole."""
    steps: dict[str, Step] = field(default_factory=dict)
    state: str = "running"
    """`running` `complete` `failed`."""
    ended: float = 0.0
    duration: float = 0.0
    error: str = ""
    seen: float = 0.0
    paced_from: float = 0.0
    """When the newest step was completed: what is left is counted from there."""

    @property
    def done(self) -> int:
        return sum(step.state == "done" for step in self.steps.values())

    @property
    def expected_step(self) -> float:
        """Milliseconds that a step may take, by the estimate for the whole."""
        return self.estimated / len(self.steps) if self.steps else self.estimated

    @property
    def eta(self) -> float | None:
        """When it should be complete (Unix ms); None where it has ended or nothing is known."""
        if self.state != "running" or not self.estimated:
            return None
        if not self.steps:
            return self.started + self.estimated
        return self.paced_from + self.expected_step * (len(self.steps) - self.done)


class Workflows:
    """All workflows by id, in the order of their start."""

    def __init__(self) -> None:
        self.by_id: OrderedDict[str, Workflow] = OrderedDict()

    def current(self) -> Workflow | None:
        """The workflow to show: one that runs before one that has ended, then the newest."""
        return max(
            self.by_id.values(),
            key=lambda w: (w.state == "running", w.seen),
            default=None,
        )

    def on_started(self, event: "WorkflowStartedEvent") -> None:
        data = event.data
        known = self.by_id.get(data.workflow_id)
        if known is not None and known.started >= event.timestamp:
            return
        if known is None or known.started:
            # A second start under the same id is a new run of it.
            self.by_id.pop(data.workflow_id, None)
            known = self._of(data.workflow_id, event.timestamp)
        known.kind = cut(data.workflow_type)
        known.initiator = cut(data.initiator)
        known.started = known.paced_from = event.timestamp
        known.estimated = data.estimated_duration
        early = known.steps
        known.steps = {
            s.id: early.get(s.id) or Step(s.id, cut(s.name or s.id)) for s in data.steps[:MAX_STEPS]
        }
        for spec in data.steps[:MAX_STEPS]:
            step = known.steps[spec.id]
            step.name = cut(spec.name or spec.id)
            step.agent = cut(spec.agent)
            step.dependencies = spec.dependencies or ()
        _advance(known, event.timestamp)

    def on_step(self, event: "WorkflowStepCompleteEvent") -> None:
        data = event.data
        workflow = self._of(data.workflow_id, event.timestamp)
        step = workflow.steps.get(data.step_id)
        if step is None:
            if len(workflow.steps) >= MAX_STEPS:
                return
            step = workflow.steps[data.step_id] = Step(data.step_id, data.step_id)
        step.state = "done"
        step.duration = data.duration
        step.started = event.timestamp - data.duration
        workflow.paced_from = max(workflow.paced_from, event.timestamp)
        if data.next_step and (following := workflow.steps.get(data.next_step)):
            _run(following, event.timestamp)
        _advance(workflow, event.timestamp)

    def on_complete(self, event: "WorkflowCompleteEvent") -> None:
        workflow = self._end(event.data.workflow_id, event.timestamp, event.data.duration)
        workflow.state = "complete"
        for step in workflow.steps.values():
            if step.state == "running":
                step.state, step.duration = "done", event.timestamp - step.started

    def on_failed(self, event: "WorkflowFailedEvent") -> None:
        data = event.data
        workflow = self._end(data.workflow_id, event.timestamp, data.duration)
        workflow.state = "failed"
        workflow.error = cut(data.error, MESSAGE)
        failed = workflow.steps.get(data.step_id or "")
        for step in workflow.steps.values():
            if step is failed or (failed is None and step.state == "running"):
                step.state = "failed"
                step.duration = event.timestamp - step.started if step.started else 0.0
            elif step.state == "running":
                step.state = "pending"

    def _of(self, workflow_id: str, at: float) -> Workflow:
        workflow = self.by_id.get(workflow_id)
        if workflow is None:
            if len(self.by_id) >= MAX_WORKFLOWS:
                self.by_id.popitem(last=False)
            workflow = self.by_id[workflow_id] = Workflow(workflow_id, paced_from=at)
        workflow.seen = max(workflow.seen, at)
        return workflow

    def _end(self, workflow_id: str, at: float, duration: float | None) -> Workflow:
        workflow = self._of(workflow_id, at)
        workflow.ended = at
        workflow.duration = duration or (at - workflow.started if workflow.started else 0.0)
        return workflow


def _run(step: Step, at: float) -> None:
    if step.state == "pending":
        step.state, step.started = "running", at


def _advance(workflow: Workflow, at: float) -> None:
    """Set going what can go: steps whose dependencies are done.

    Where no step names any, they follow one another in their order.
    """
    if workflow.state != "running":
        return
    steps = workflow.steps
    if not any(step.dependencies for step in steps.values()):
        if not any(step.state == "running" for step in steps.values()):
            for step in steps.values():
                if step.state == "pending":
                    _run(step, at)
                    break
        return
    for step in steps.values():
        if all(steps[d].state == "done" for d in step.dependencies if d in steps):
            _run(step, at)
