"""Workflows: which step runs, when it is done, what failed."""

from typing import Any

from tests.support.events import START, event
from tui.store import Store
from tui.store.workflows import Workflow


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


def test_the_estimate_follows_the_pace() -> None:
    store = Store()
    store.apply(started({"id": "a"}, {"id": "b"}, {"id": "c"}))
    assert workflow(store).eta == START + 60_000
    store.apply(completed("a", 50, 50))  # 20 s were expected
    assert workflow(store).eta == START + 90_000


def test_an_ended_workflow_has_no_estimate() -> None:
    store = Store()
    store.apply(started({"id": "a"}))
    store.apply(
        event("workflow_complete", {"workflowId": "w", "result": "ok", "duration": 30_000}, 30)
    )
    assert (workflow(store).state, workflow(store).eta) == ("complete", None)
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
