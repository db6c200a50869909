"""A workflow: its steps, what it was given and what came of it, and how its past runs went."""

from collections.abc import Sequence

from tui.details.sections import as_data, block, field, paragraph, raw_events, section
from tui.details.subject import Subject
from tui.store import Store
from tui.store.estimates import Estimate
from tui.store.schedule import stuck
from tui.store.workflows import PastRun, Step, Workflow
from tui.widgets.cells import Column, Line, age, clock_time, column_widths, table_line
from tui.widgets.gantt import ending, rough

EVENTS = 20
"""Raw events shown."""
OUTCOMES = {"complete": ("✓", "ok"), "failed": ("✗", "bad"), "replaced": ("○", "dim")}
STUCK = "stuck: what it waits for goes in a circle"
RANGE_WIDTH = 16
"""Of the widest range: `23h59m to 99d23h`."""
STEPS = (
    Column("STEP", 12, flex=2),
    Column("STATE", 8),
    Column("TOOK", 7, right=True),
    Column("USUALLY", 8, right=True, wanted_from=50),
    Column("RANGE", RANGE_WIDTH, wanted_from=55),
    Column("AGENT", 10, flex=1, wanted_from=76),
    Column("AFTER", 8, flex=2, wanted_from=76),
)


class WorkflowDetail:
    def __init__(self, subject: Subject) -> None:
        self._id, self._step = subject.key, subject.part

    def title(self, store: Store) -> str:
        workflow = store.workflows.by_id.get(self._id)
        return f"{workflow.kind} {self._id}" if workflow else self._id

    def lines(self, store: Store, now: float, width: int) -> Sequence[Line]:
        workflow = store.workflows.by_id.get(self._id)
        if workflow is None:
            return ()
        step = workflow.steps.get(self._step)
        past = store.workflows.past.get(workflow.kind, ())
        return [
            *(_step(store, workflow, step, now, width) if step else ()),
            *section("workflow", _workflow(store, workflow, now, width)),
            *section("steps", _steps(store, workflow, now, width)),
            *section("parameters", block(workflow.parameters, width)),
            *section("result", block(workflow.result, width)),
            *section("outputs", block(workflow.outputs, width)),
            *section("metrics", block(workflow.metrics, width)),
            *section(f"past runs of {workflow.kind}", _past(list(past)[::-1])),
            *section(
                "events", raw_events(store.history.about("workflow_id", self._id, EVENTS), width)
            ),
        ]

    def data(self, store: Store) -> object:
        return [as_data(event) for event in store.history.about("workflow_id", self._id)]


def _workflow(store: Store, workflow: Workflow, now: float, width: int) -> list[Line]:
    said, style = ending(workflow, store.workflows.forecast(workflow, now), now)
    whole = store.workflows.estimates.of(workflow.kind)
    lines = [
        field("state", f"{workflow.state}, {said}", style),
        field("initiator", workflow.initiator or "unknown"),
    ]
    if workflow.started:
        lines.append(
            field("started", f"{clock_time(workflow.started)}, {age(now - workflow.started)} ago")
        )
    if workflow.estimated:
        lines.append(field("estimated", rough(workflow.estimated)))
    if whole:
        lines.append(field("usually", _usually(whole)))
    return [*lines, *paragraph(workflow.error, width, "bad")]


def _step(store: Store, workflow: Workflow, step: Step, now: float, width: int) -> list[Line]:
    """The step that was opened, on top."""
    names = {id_: other.name for id_, other in workflow.steps.items()}
    after = ", ".join(names.get(d, d) for d in step.dependencies)
    then = ", ".join(s.name for s in workflow.steps.values() if step.id in s.dependencies)
    took = _took(step, now)
    never = step.id in stuck(tuple(workflow.steps.values()))
    estimate = None if never else store.workflows.expected(workflow, step)
    state = STUCK if never else f"{step.state} {took}".rstrip()
    body = [
        field("state", state, "bad" if never or step.state == "failed" else "text"),
        *([field("agent", step.agent)] if step.agent else []),
        *([field("type", step.kind)] if step.kind else []),
        *([field("after", after)] if after else []),
        *([field("then", then)] if then else []),
    ]
    if estimate:
        body.append(field("usually", _usually(estimate)))
    if step.state == "failed":
        body += paragraph(workflow.error, width, "bad")
    if step.result:
        body += [field("result", ""), *block(step.result, width)]
    return section(f"step {step.name}", body)


def _steps(store: Store, workflow: Workflow, now: float, width: int) -> list[Line]:
    widths = column_widths(STEPS, width)
    names = {id_: step.name for id_, step in workflow.steps.items()}
    lines = [table_line(STEPS, widths, ((column.title, "head") for column in STEPS))]
    styles = {"done": "ok", "running": "info", "failed": "bad", "stuck": "bad"}
    never = stuck(tuple(workflow.steps.values()))
    for step in workflow.steps.values():
        state = "stuck" if step.id in never else step.state
        estimate = None if step.id in never else store.workflows.expected(workflow, step)
        cells = (
            (step.name, "text"),
            (state, styles.get(state, "dim")),
            (_took(step, now), "text"),
            (f"~{rough(estimate.median)}" if estimate else "", "dim"),
            (_range(estimate) if estimate and estimate.seen > 1 else "", "dim"),
            (step.agent, "dim"),
            (", ".join(names.get(d, d) for d in step.dependencies), "dim"),
        )
        lines.append(table_line(STEPS, widths, cells))
    return lines if workflow.steps else []


def _usually(estimate: Estimate) -> str:
    """`2m10s (1m55s to 2m20s, 4 runs)`."""
    median = rough(estimate.median)
    if not estimate.seen:
        return f"{median}, as was estimated"
    if estimate.seen == 1:
        return f"{median} (1 run)"
    return f"{median} ({_range(estimate)}, {estimate.seen} runs)"


def _range(estimate: Estimate) -> str:
    return f"{rough(estimate.low)} to {rough(estimate.high)}"


def _took(step: Step, now: float) -> str:
    if step.state == "running":
        return age(now - step.started)
    return age(step.duration) if step.duration else ""


def _past(runs: Sequence[PastRun]) -> list[Line]:
    lines: list[Line] = []
    for run in runs:
        mark, style = OUTCOMES[run.outcome]
        lines.append(
            (
                (f"{mark} ", style),
                (f"{clock_time(run.started)}  ", "dim"),
                (f"{run.outcome:<8} ", style),
                (f"{age(run.duration):>7}  {run.done}/{run.steps}  ", "text"),
                (run.workflow_id, "dim"),
                (f"  {run.error}" if run.error else "", "bad"),
            )
        )
    return lines
