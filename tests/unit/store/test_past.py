"""What agents did before: tasks, errors, measurements; bounded."""

from typing import Any

import pytest

from tests.support.events import START, event, status
from tui.store import Store, past
from tui.store.bounds import MESSAGE


def update(agent: str, task: str, state: str, at: float = 0.0, **more: Any) -> Any:
    data = {"agentId": agent, "taskId": task, "taskType": "implement", "status": state}
    return event("agent_task_update", data | {"progress": 10} | more, at)


def measure(agent: str, at: float = 0.0, **values: float) -> Any:
    data = {"agentId": agent, "metrics": values, "timestamp": START}
    return event("agent_metric", data, at)


def test_tasks_are_kept_with_how_they_ended() -> None:
    store = Store()
    task = {"id": "t-1", "type": "plan", "title": "Refund API", "startTime": START - 5_000}
    store.apply(status("a", "busy", currentTask=task))
    store.apply(update("a", "t-1", "completed", 7, progress=100))
    store.apply(update("a", "t-2", "in_progress", 8, details={"title": "From its details"}))
    store.apply(update("a", "t-2", "failed", 9))
    second, first = store.agents.past.tasks("a")
    assert (first.title, first.status, first.progress) == ("Refund API", "completed", 100)
    assert (first.started, first.ended) == (START - 5_000, START + 7_000)
    assert (second.title, second.status, second.ended) == (
        "From its details",
        "failed",
        START + 9_000,
    )


def test_a_task_that_is_taken_up_again_has_not_ended() -> None:
    store = Store()
    for state in ("completed", "in_progress"):
        store.apply(update("a", "t-1", state))
    (task,) = store.agents.past.tasks("a")
    assert (task.status, task.ended) == ("in_progress", None)


def test_errors_are_kept_with_their_stack() -> None:
    store = Store()
    for number in range(20):
        data = {"agentId": "a", "message": f"m{number}", "stack": "x" * 9_000 + "the end"}
        store.apply(event("agent_error", data, number))
    faults = store.agents.past.faults("a")
    assert [fault.message for fault in faults] == [f"m{n}" for n in range(19, 11, -1)]
    assert len(faults[0].stack) < MESSAGE + 10
    assert faults[0].stack.endswith("the end")


def test_measurements_keep_the_newest_and_know_what_was_not_measured() -> None:
    store = Store()
    for number in range(500):
        store.apply(measure("a", number, cpuUsage=number))
        store.apply(measure("a", number, responseTime=2 * number))
    chart = store.agents.past.chart("a")
    assert chart is not None
    cpu = chart.series("cpu_usage")
    assert cpu[-1] == (START + 499_000, 499)
    assert len(cpu) + len(chart.series("response_time")) == past.SAMPLES
    assert chart.series("memory_usage") == []


def test_only_of_those_heard_of_lately_a_past_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WITH_TASKS", "WITH_FAULTS", "WITH_CHARTS"):
        monkeypatch.setattr(past, name, 2)
    store = Store()
    for agent in ("a", "b", "a", "c"):
        store.apply(measure(agent, cpuUsage=1))
        store.apply(update(agent, "t-1", "pending"))
        store.apply(event("agent_error", {"agentId": agent, "message": "m"}))
    kept = store.agents.past
    for agent, there in (("a", True), ("b", False), ("c", True)):
        assert bool(kept.tasks(agent)) is there
        assert bool(kept.faults(agent)) is there
        assert bool(kept.chart(agent)) is there


def test_hostile_tasks_and_measures_are_bounded() -> None:
    store = Store()
    for number in range(100):
        store.apply(update("a", f"{number}" * 9_000, "x" * 9_000, details={"title": "y" * 9_000}))
    tasks = store.agents.past.tasks("a")
    assert len(tasks) == past.MAX_TASKS
    assert max(len(task.title + task.id + task.status) for task in tasks) < 2_000
    store.apply(measure("a", cpuUsage=1e308, memoryUsage=-1e308))
    assert store.agents.past.chart("a")
