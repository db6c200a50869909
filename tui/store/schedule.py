"""What waits for what in a workflow, and when it should be done. Pure.

Steps without any dependency among them follow one another in their order; otherwise a step starts
when all it depends on is done. Unknown dependencies are ignored. Where they go round in a circle,
its steps can never start, nor what depends on them: nothing is foretold of such, which are stuck.
"""

from collections import deque
from collections.abc import Callable, Sequence
from math import sqrt
from typing import TYPE_CHECKING, NamedTuple

from tui.store.estimates import Estimate

if TYPE_CHECKING:
    from tui.store.workflows import Step


class Place(NamedTuple):
    """A step's place among the others, as they are listed: what goes first stands first."""

    step: "Step"
    branch: str
    """`├` or `└` beside steps that may run at the same time, after the same ones."""
    waits_for: tuple[str, ...]
    """Names of what must be done first, where it is not just the row above."""
    stuck: bool = False
    """Whether it can never start."""


class Forecast(NamedTuple):
    """Moments in Unix ms, lengths in milliseconds."""

    done: float
    spread: float
    """How much earlier or later it may well be; 0 where nothing is known about that."""
    overdue: float
    """By how much the steps that run have taken longer than expected."""
    spans: dict[str, tuple[float, float]]
    """When each step that is not done starts and ends, by its id."""
    stuck: int = 0
    """How many steps can never start; if any, it will never be done, and `done` is of the rest."""


def places(steps: Sequence["Step"]) -> list[Place]:
    waits = _waits(steps)
    level: dict[str, int] = {}
    for step in _in_order(steps, waits):
        level[step.id] = 1 + max((level.get(d, 0) for d in waits[step.id]), default=0)
    together: dict[tuple[int, tuple[str, ...]], list[Step]] = {}
    for step in steps:
        together.setdefault((level[step.id], tuple(sorted(waits[step.id]))), []).append(step)
    names = {step.id: step.name for step in steps}
    undone = {step.id for step in steps if step.state != "done"}
    never = stuck(steps)
    listed: list[Place] = []
    for _, group in sorted(together.items(), key=lambda item: item[0][0]):
        for number, step in enumerate(group):
            branch = "" if len(group) == 1 else "└" if number == len(group) - 1 else "├"
            above = listed[-1].step.id if listed else None
            missing = [d for d in waits[step.id] if d in undone]
            is_stuck = step.id in never
            obvious = step.state != "pending" or (missing == [above] and not is_stuck)
            waits_for = () if obvious else tuple(names[d] for d in missing)
            listed.append(Place(step, branch, waits_for, is_stuck))
    return listed


def stuck(steps: Sequence["Step"]) -> frozenset[str]:
    """The ids of the steps that can never start; one that was begun all the same lets others."""
    waits = _waits(steps)
    if len(_reached(waits)) == len(waits):
        return frozenset()
    begun = {step.id: () for step in steps if step.state != "pending"}
    return frozenset(waits).difference(_reached(waits | begun))


def forecast(
    steps: Sequence["Step"], expected: Callable[["Step"], Estimate | None], now: float
) -> Forecast | None:
    """When all is done, as seen at `now`: steps that run too long end now, the others follow.

    The spread is that of the longest way through, its steps taken as independent. None where it
    is not known how long one of the steps takes.
    """
    waits, never = _waits(steps), stuck(steps)
    ends: dict[str, tuple[float, float]] = {}
    """When a step is done, and the variance of that."""
    spans: dict[str, tuple[float, float]] = {}
    overdue = 0.0
    for step in _in_order(steps, waits):
        if step.state in ("done", "failed"):
            ends[step.id] = (step.started + step.duration, 0.0)
            continue
        if step.id in never:
            continue
        estimate = expected(step)
        if estimate is None:
            return Forecast(now, 0.0, 0.0, {}, len(never)) if never else None
        before = max((ends[d] for d in waits[step.id] if d in ends), default=(now, 0.0))
        if step.state == "running":
            start, variance = step.started, 0.0
            overdue = max(overdue, now - start - estimate.median)
        else:
            start, variance = max(now, before[0]), before[1]
        end = max(now, start + estimate.median)
        spans[step.id] = (start, end)
        ends[step.id] = (end, variance + estimate.spread**2)
    left = [ends[id_] for id_ in spans]
    done, variance = max(left, default=(now, 0.0))
    return Forecast(done, sqrt(variance), overdue, spans, len(never))


def _waits(steps: Sequence["Step"]) -> dict[str, tuple[str, ...]]:
    """The steps that each one waits for."""
    if not any(step.dependencies for step in steps):
        befores = ((), *((step.id,) for step in steps))
        return {step.id: before for step, before in zip(steps, befores, strict=False)}
    known = {step.id for step in steps}
    return {
        step.id: tuple(d for d in dict.fromkeys(step.dependencies) if d in known) for step in steps
    }


def _in_order(steps: Sequence["Step"], waits: dict[str, tuple[str, ...]]) -> list["Step"]:
    """All steps, none before what it waits for; those that wait in a circle come last."""
    by_id = {step.id: step for step in steps}
    order = dict.fromkeys(_reached(waits))
    return [by_id[id_] for id_ in (*order, *(id_ for id_ in by_id if id_ not in order))]


def _reached(waits: dict[str, tuple[str, ...]]) -> list[str]:
    """What can be begun, one after another, where each waits for those; the rest never can."""
    missing = {id_: len(needed) for id_, needed in waits.items()}
    followers: dict[str, list[str]] = {}
    for id_, needed in waits.items():
        for needs in needed:
            followers.setdefault(needs, []).append(id_)
    ready = deque(id_ for id_, count in missing.items() if not count)
    reached: list[str] = []
    while ready:
        reached.append(id_ := ready.popleft())
        for follower in followers.get(id_, ()):
            missing[follower] -= 1
            if not missing[follower]:
                ready.append(follower)
    return reached
