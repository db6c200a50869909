"""Workflows: which step runs, when it is done, what failed."""

from itertools import permutations
from random import Random
from typing import Any

import pytest

from tests.support.events import START, event
from tui.store import Store, workflows
from tui.store.workflows import MAX_ALL_STEPS, Workflow


def started(*steps: dict[str, Any], at: float = 0) -> Any:
    data = {
        "workflowId": "w",
        "workflowType": "feature",
        "initiator": "pm",
        "steps": list(steps),
        "estimatedDuration": 60_000,
    }
    return event("workflow_started", data, at)


def completed(step: str, at: float, seconds: float, **more: Any) -> Any:
    data = {"workflowId": "w", "stepId": step, "stepType": "task", "result": "ok"}
    return event("workflow_step_complete", data | {"duration": seconds * 1000} | more, at)


def states(store: Store) -> dict[str, str]:
    return {step.id: step.state for step in workflow(store).steps.values()}


def workflow(store: Store) -> Workflow:
    return store.workflows.by_id["w"]


def test_without_dependencies_steps_follow_one_another() -> None:
    store = Store()
    store.apply(started({"id": "a"}, {"id": "b"}, {"id": "c"}))
    assert states(store) == {"a": "running", "b": "pending", "c": "pending"}
    store.apply(completed("a", 20, 20))
    assert states(store) == {"a": "done", "b": "running", "c": "pending"}


def test_steps_start_when_all_they_depend_on_is_done() -> None:
    store = Store()
    store.apply(
        started(
            {"id": "a"},
            {"id": "b", "dependencies": ["a"]},
            {"id": "c", "dependencies": ["a"]},
            {"id": "d", "dependencies": ["b", "c"]},
        )
    )
    store.apply(completed("a", 10, 10))
    assert states(store) == {"a": "done", "b": "running", "c": "running", "d": "pending"}
    store.apply(completed("b", 20, 10))
    assert states(store)["d"] == "pending"
    store.apply(completed("c", 30, 20))
    assert states(store)["d"] == "running"


def test_an_ended_workflow_has_no_forecast() -> None:
    store = Store()
    store.apply(started({"id": "a"}))
    store.apply(
        event("workflow_complete", {"workflowId": "w", "result": "ok", "duration": 30_000}, 30)
    )
    assert workflow(store).state == "complete"
    assert store.workflows.forecast(workflow(store), START + 31_000) is None
    assert states(store) == {"a": "done"}


def test_the_step_that_failed_is_named_and_marked() -> None:
    store = Store()
    store.apply(started({"id": "a"}, {"id": "b"}))
    store.apply(event("workflow_failed", {"workflowId": "w", "error": "no", "stepId": "a"}, 10))
    assert (workflow(store).state, workflow(store).error) == ("failed", "no")
    assert states(store) == {"a": "failed", "b": "pending"}


def test_a_step_that_came_before_its_workflow_is_kept() -> None:
    store = Store()
    store.apply(completed("a", 10, 10))
    store.apply(started({"id": "a", "name": "Design"}, {"id": "b"}, at=0))
    assert states(store) == {"a": "done", "b": "running"}
    assert workflow(store).steps["a"].name == "Design"


def test_a_second_start_is_a_new_run() -> None:
    store = Store()
    store.apply(started({"id": "a"}))
    store.apply(completed("a", 10, 10))
    store.apply(started({"id": "a"}, at=100))
    assert states(store) == {"a": "running"}


def test_a_running_workflow_is_shown_before_a_newer_one_that_has_ended() -> None:
    store = Store()
    store.apply(started({"id": "a"}))
    other = {"workflowId": "x", "result": "ok", "duration": 1}
    store.apply(event("workflow_complete", other, 50))
    current = store.workflows.current()
    assert current is not None
    assert current.id == "w"


def ended(at: float, *, failed: bool = False, id_: str = "w", **more: Any) -> Any:
    if failed:
        return event("workflow_failed", {"workflowId": id_, "error": "no", **more}, at)
    data = {"workflowId": id_, "result": "ok", "duration": at * 1000, **more}
    return event("workflow_complete", data, at)


def run(store: Store, id_: str, at: float, seconds: dict[str, float]) -> None:
    """One whole run of a `feature`, its steps taking so long."""
    steps = [{"id": name, "name": name.title()} for name in seconds]
    data = {
        "workflowId": id_,
        "workflowType": "feature",
        "initiator": "pm",
        "steps": steps,
        "estimatedDuration": 60_000,
    }
    store.apply(event("workflow_started", data, at))
    for name, took in seconds.items():
        at += took
        data = {"workflowId": id_, "stepId": name, "stepType": "task", "result": "ok"}
        store.apply(event("workflow_step_complete", data | {"duration": took * 1000}, at))
    done = {"workflowId": id_, "result": "ok", "duration": sum(seconds.values()) * 1000}
    store.apply(event("workflow_complete", done, at))


def test_steps_are_expected_to_take_as_long_as_in_past_runs_of_that_type() -> None:
    store = Store()
    for number, seconds in enumerate((10, 12, 20)):
        run(store, f"w-{number}", 1_000 * number, {"plan": seconds, "build": 100})
    data = {
        "workflowId": "w",
        "workflowType": "feature",
        "initiator": "pm",
        "steps": [{"id": "1", "name": "Plan"}, {"id": "2", "name": "Build"}, {"id": "3"}],
        "estimatedDuration": 60_000,
    }
    store.apply(event("workflow_started", data, 9_000))
    fresh = workflow(store)
    plan, build, third = (store.workflows.expected(fresh, s) for s in fresh.steps.values())
    assert plan is not None
    assert (plan.median, plan.low, plan.high, plan.seen) == (12_000, 11_000, 16_000, 3)
    assert build is not None
    assert build.median == 100_000
    assert third is not None
    assert (third.median, third.seen) == (20_000, 0)
    seen = store.workflows.forecast(fresh, START + 9_000_000)
    assert seen is not None
    assert seen.done == START + 9_000_000 + 12_000 + 100_000 + 20_000
    assert seen.spread == 2_500


def test_runs_are_remembered_with_how_they_ended() -> None:
    store = Store()
    store.apply(started({"id": "a"}, {"id": "b"}))
    store.apply(completed("a", 10, 10))
    store.apply(ended(20, failed=True, stepId="b"))
    store.apply(started({"id": "a"}, at=100))
    store.apply(started({"id": "a"}, at=200))
    store.apply(ended(230))
    past = [
        (r.outcome, r.duration, r.done, r.steps, r.error) for r in store.workflows.past["feature"]
    ]
    assert past == [
        ("failed", 20_000, 1, 2, "no"),
        ("replaced", 100_000, 0, 1, ""),
        ("complete", 230_000, 1, 1, ""),
    ]


def test_what_is_said_twice_is_learnt_once() -> None:
    store = Store()
    for _ in range(2):
        store.apply(started({"id": "a"}))
        store.apply(completed("a", 10, 10))
        store.apply(ended(10))
    estimate = store.workflows.estimates.of("feature", "a")
    assert estimate is not None
    assert estimate.seen == 1
    assert len(store.workflows.past["feature"]) == 1


def test_a_state_that_comes_in_any_order_is_the_same() -> None:
    events = [
        started({"id": "a"}, {"id": "b"}, {"id": "c"}),
        completed("a", 10, 10),
        completed("b", 30, 20),
    ]
    for order in permutations(events):
        store = Store()
        for one in order:
            store.apply(one)
        assert states(store) == {"a": "done", "b": "done", "c": "running"}
        assert workflow(store).steps["c"].started == START + 30_000
        assert store.workflows.estimates.of("feature", "b") is not None


def test_the_end_of_a_run_before_does_not_end_the_one_that_goes_on() -> None:
    for first, second in permutations((ended(50), started({"id": "a"}, at=100))):
        store = Store()
        store.apply(first)
        store.apply(second)
        store.apply(completed("a", 40, 10))
        assert workflow(store).state == "running"
        assert states(store) == {"a": "running"}


def test_an_older_end_does_not_take_the_place_of_a_newer_one() -> None:
    store = Store()
    store.apply(ended(50))
    store.apply(ended(20, failed=True))
    assert (workflow(store).state, workflow(store).error) == ("complete", "")


def test_what_came_of_it_is_kept_within_bounds() -> None:
    store = Store()
    store.apply(started({"id": "a"}))
    store.apply(completed("a", 5, 5, result={"text": "x" * 10_000}))
    outputs = {"pullRequest": 213, "log": "y" * 100_000}
    store.apply(ended(10, outputs=outputs, metrics={"retries": 0}))
    seen = workflow(store)
    assert '"pullRequest": 213' in seen.outputs
    assert len(seen.outputs) == 4_096
    assert len(seen.steps["a"].result) == 512
    assert seen.metrics == '{\n  "retries": 0\n}'


def test_without_steps_the_whole_is_expected() -> None:
    store = Store()
    store.apply(started())
    seen = store.workflows.forecast(workflow(store), START)
    assert seen is not None
    assert seen.done == START + 60_000
    late = store.workflows.forecast(workflow(store), START + 90_000)
    assert late is not None
    assert (late.done, late.overdue) == (START + 90_000, 30_000)


def test_workflows_with_very_many_steps_make_room_for_others() -> None:
    store = Store()
    for number in range(15):
        data = {
            "workflowId": f"w-{number}",
            "workflowType": "huge",
            "initiator": "x",
            "steps": [{"id": str(n)} for n in range(2_500)],
            "estimatedDuration": 1,
        }
        store.apply(event("workflow_started", data, number))
    assert sum(len(w.steps) for w in store.workflows.by_id.values()) <= MAX_ALL_STEPS
    assert "w-14" in store.workflows.by_id


@pytest.mark.parametrize("seed", range(3))
def test_steps_are_bounded_whatever_tells_of_them(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workflows, "MAX_ALL_STEPS", 40)
    monkeypatch.setattr(workflows, "MAX_WORKFLOWS", 6)
    rng = Random(seed)
    store = Store()
    for at in range(400):
        if rng.random() < 0.2:
            made = started(*({"id": f"s{n}"} for n in range(rng.randrange(12))), at=at)
        else:
            made = completed(f"s{rng.randrange(30)}", at, 1)
        data = made.data.model_copy(update={"workflow_id": f"w{rng.randrange(9)}"})
        store.apply(made.model_copy(update={"data": data}))
        kept = store.workflows.by_id.values()
        held = sum(len(workflow.steps) for workflow in kept)
        assert held == store.workflows._held
        assert held <= 40
