"""Workflows and their steps, folded from started, step complete, complete and failed.

How long each step took is remembered by type of workflow, and is what is expected of it the next
time; how each run ended is remembered, too.
"""

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from tui.store.bounds import MESSAGE, cut
from tui.store.estimates import Estimate, Estimates
from tui.store.schedule import Forecast, forecast

if TYPE_CHECKING:
    from tui.protocol.models.workflow import (
        WorkflowCompleteEvent,
        WorkflowFailedEvent,
        WorkflowStartedEvent,
        WorkflowStepCompleteEvent,
    )

MAX_WORKFLOWS = 500
MAX_STEPS = 2_000
"""Of one workflow."""
MAX_ALL_STEPS = 20_000
"""Of all together; the workflows begun first go."""
MAX_DEPENDENCIES = 100
"""Of one step."""
MAX_PAST, MAX_KINDS = 50, 500
"""Past runs kept of a type, and types."""
MAX_RESULT = 512
"""Characters kept of a step's result; parameters and the like get MESSAGE."""


@dataclass(slots=True, eq=False)
class Step:
    """One step of a workflow."""

    id: str
    name: str
    agent: str = ""
    dependencies: tuple[str, ...] = ()
    state: str = "pending"
    """`pending` `running` `done` `failed`."""
    started: float = 0.0
    duration: float = 0.0
    """Milliseconds, once it is done."""
    kind: str = ""
    """Its type, as the wire has it: `task`, `parallel`, …"""
    ended: float = 0.0
    result: str = ""
    """As JSON."""


@dataclass(slots=True, eq=False)
class Workflow:
    """One run of a workflow."""

    id: str
    kind: str = ""
    initiator: str = ""
    started: float = 0.0
    estimated: float = 0.0
    """Milliseconds for the whole, as it was said at its start."""
    steps: dict[str, Step] = field(default_factory=dict)
    state: str = "running"
    """`running` `complete` `failed`."""
    ended: float = 0.0
    duration: float = 0.0
    error: str = ""
    seen: float = 0.0
    paced_from: float = 0.0
    """When the newest step was completed: what is left is counted from there."""
    parameters: str = ""
    result: str = ""
    outputs: str = ""
    metrics: str = ""
    """These four as JSON, as much of it as is kept."""
    settled: bool = False
    """Whether its run is among the past ones."""

    @property
    def done(self) -> int:
        return sum(step.state == "done" for step in self.steps.values())

    @property
    def expected_step(self) -> float:
        """Milliseconds that a step may take, by the estimate for the whole."""
        return self.estimated / len(self.steps) if self.steps else self.estimated


class PastRun(NamedTuple):
    """A run that has ended; milliseconds."""

    workflow_id: str
    started: float
    duration: float
    outcome: str
    """`complete`, `failed`, or `replaced` where the same workflow was started again."""
    done: int
    steps: int
    error: str


class Workflows:
    """All workflows by id, in the order of their start."""

    def __init__(self) -> None:
        self.by_id: OrderedDict[str, Workflow] = OrderedDict()
        self.estimates = Estimates()
        self.past: OrderedDict[str, deque[PastRun]] = OrderedDict()
        """Past runs by type of workflow, the newest last."""
        self._held = 0
        """Steps of all of them."""

    def current(self) -> Workflow | None:
        """The workflow to show: one that runs before one that has ended, then the newest."""
        return max(
            self.by_id.values(),
            key=lambda w: (w.state == "running", w.seen),
            default=None,
        )

    def running_first(self) -> list[Workflow]:
        """All of them; of those that run, and of those that do not, the newest first."""
        return sorted(self.by_id.values(), key=lambda w: (w.state != "running", -w.seen))

    def expected(self, workflow: Workflow, step: Step) -> Estimate | None:
        """How long a step takes: as it did before, or else its share of what was said."""
        learnt = self.estimates.of(workflow.kind, step.name)
        if learnt is not None or not workflow.estimated:
            return learnt
        share = workflow.expected_step
        return Estimate(share, share, share, 0)

    def forecast(self, workflow: Workflow, now: float) -> Forecast | None:
        """When it should be done; None where it has ended or nothing is known."""
        if workflow.state != "running":
            return None
        if workflow.steps:
            steps = tuple(workflow.steps.values())
            return forecast(steps, lambda step: self.expected(workflow, step), now)
        whole = self.estimates.of(workflow.kind)
        length = whole.median if whole else workflow.estimated
        if not length:
            return None
        due = workflow.started + length
        return Forecast(max(now, due), whole.spread if whole else 0.0, max(0.0, now - due), {})

    def on_started(self, event: "WorkflowStartedEvent") -> None:
        data = event.data
        at = event.timestamp
        known = self.by_id.get(data.workflow_id)
        if known is not None and known.started >= at:
            return
        if known is None or known.started or (known.ended and known.ended < at):
            # A second start under the same id is a new run of it.
            if known is not None:
                self._replace(known, at)
            known = self._of(data.workflow_id, at)
        known.kind = cut(data.workflow_type)
        known.initiator = cut(data.initiator)
        known.started = known.paced_from = at
        known.estimated = data.estimated_duration
        known.parameters = _json(data.parameters)
        self._held -= len(known.steps)
        early = {id_: step for id_, step in known.steps.items() if step.ended >= at}
        known.steps = {
            s.id: early.get(s.id) or Step(s.id, cut(s.name or s.id)) for s in data.steps[:MAX_STEPS]
        }
        self._held += len(known.steps)
        for spec in data.steps[:MAX_STEPS]:
            step = known.steps[spec.id]
            step.name = cut(spec.name or spec.id)
            step.agent = cut(spec.agent)
            step.kind = cut(spec.type)
            step.dependencies = (spec.dependencies or ())[:MAX_DEPENDENCIES]
        for step in early.values():
            known.paced_from = max(known.paced_from, step.ended)
            self.estimates.learn(known.kind, step.name, step.duration)
        _advance(known, known.paced_from)
        self._settle(known)
        self._make_room()

    def on_step(self, event: "WorkflowStepCompleteEvent") -> None:
        data = event.data
        at = event.timestamp
        workflow = self._of(data.workflow_id, at)
        if at < workflow.started:
            return  # of the run before
        step = workflow.steps.get(data.step_id)
        if step is None:
            if len(workflow.steps) >= MAX_STEPS:
                return
            step = workflow.steps[data.step_id] = Step(data.step_id, data.step_id)
            self._held += 1
            self._make_room()
        elif step.ended == at:
            return
        step.state = "done"
        step.duration = max(0.0, data.duration)
        step.started = at - step.duration
        step.ended = at
        step.kind = step.kind or cut(data.step_type)
        step.result = _json(data.result, MAX_RESULT)
        workflow.paced_from = max(workflow.paced_from, at)
        if workflow.started:
            self.estimates.learn(workflow.kind, step.name, step.duration)
        if data.next_step and (following := workflow.steps.get(data.next_step)):
            _run(following, at)
        _advance(workflow, workflow.paced_from)

    def on_complete(self, event: "WorkflowCompleteEvent") -> None:
        data = event.data
        workflow = self._end(data.workflow_id, event.timestamp, data.duration)
        if workflow is None:
            return
        workflow.state = "complete"
        workflow.error = ""
        workflow.result = _json(data.result)
        workflow.outputs = _json(data.outputs)
        workflow.metrics = _json(data.metrics)
        for step in workflow.steps.values():
            if step.state == "running":
                step.state, step.duration = "done", max(0.0, event.timestamp - step.started)
        self._settle(workflow)

    def on_failed(self, event: "WorkflowFailedEvent") -> None:
        data = event.data
        workflow = self._end(data.workflow_id, event.timestamp, data.duration)
        if workflow is None:
            return
        workflow.state = "failed"
        workflow.error = cut(data.error, MESSAGE)
        failed = workflow.steps.get(data.step_id or "")
        for step in workflow.steps.values():
            if step is failed or (failed is None and step.state == "running"):
                step.state = "failed"
                step.duration = event.timestamp - step.started if step.started else 0.0
            elif step.state == "running":
                step.state = "pending"
        self._settle(workflow)

    def _of(self, workflow_id: str, at: float) -> Workflow:
        workflow = self.by_id.get(workflow_id)
        if workflow is None:
            if len(self.by_id) >= MAX_WORKFLOWS:
                self._forget_oldest()
            workflow = self.by_id[workflow_id] = Workflow(workflow_id, paced_from=at)
        workflow.seen = max(workflow.seen, at)
        return workflow

    def _end(self, workflow_id: str, at: float, duration: float | None) -> Workflow | None:
        """The workflow that ends; None where that is said of a run before, or said again."""
        workflow = self._of(workflow_id, at)
        if at < workflow.started or at <= workflow.ended:
            return None
        workflow.ended = at
        measured = at - workflow.started if workflow.started else 0.0
        workflow.duration = max(0.0, duration or measured)
        return workflow

    def _replace(self, workflow: Workflow, at: float) -> None:
        """Take a workflow out that is begun anew."""
        if not workflow.settled and workflow.kind:
            workflow.duration = at - workflow.started
            self._remember(workflow, "replaced")
        del self.by_id[workflow.id]
        self._held -= len(workflow.steps)

    def _settle(self, workflow: Workflow) -> None:
        """Remember the run of a workflow that has ended, once its start is known, too."""
        if workflow.state == "running" or workflow.settled or not workflow.started:
            return
        workflow.settled = True
        if workflow.state == "complete":
            self.estimates.learn(workflow.kind, "", workflow.duration)
        self._remember(workflow, workflow.state)

    def _remember(self, workflow: Workflow, outcome: str) -> None:
        if workflow.kind not in self.past and len(self.past) >= MAX_KINDS:
            self.past.popitem(last=False)
        runs = self.past.setdefault(workflow.kind, deque(maxlen=MAX_PAST))
        self.past.move_to_end(workflow.kind)
        runs.append(
            PastRun(
                workflow.id,
                workflow.started,
                workflow.duration,
                outcome,
                workflow.done,
                len(workflow.steps),
                cut(workflow.error),
            )
        )

    def _make_room(self) -> None:
        while self._held > MAX_ALL_STEPS and len(self.by_id) > 1:
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        _, oldest = self.by_id.popitem(last=False)
        self._held -= len(oldest.steps)


def _json(value: object, limit: int = MESSAGE) -> str:
    """Any value of the wire as a person reads it, cut where it is long."""
    if value is None:
        return ""
    if isinstance(value, str):
        return cut(value, limit)
    import json

    text = json.dumps(value, indent=2, ensure_ascii=False, default=str)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


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
