"""Agents: status, task, trend, and the order of who needs a person."""

from random import Random

import pytest

from tests.support.events import START, event, log, phase, results, status
from tui.panes.agents import ordered
from tui.protocol.models import Message
from tui.store import Store
from tui.store import agents as module


def test_time_in_state_starts_with_the_state_and_not_with_each_word() -> None:
    store = Store()
    store.apply(status("coder-1", "busy", at=0))
    store.apply(status("coder-1", "BUSY", at=30))
    agent = store.agents.by_id["coder-1"]
    assert (agent.status, agent.since, agent.seen) == ("busy", START, START + 30_000)


@pytest.mark.parametrize(
    "word",
    [
        log("a", "still at it", 30),
        results("a", "test_x.py", 3, at=30),
        phase("a", "red", "green", 30),
        event("coverage_update", {"agentId": "a", "taskId": "t", "coverage": {"lines": 9}}, 30),
        event("agent_error", {"agentId": "a", "message": "no"}, 30),
    ],
    ids=lambda word: word.type,
)
def test_whatever_an_agent_says_is_a_word_from_it(word: Message) -> None:
    store = Store()
    store.apply(word)
    assert ("a" in store.agents.by_id) == (word.type == "agent_error")
    store.apply(status("a", "busy", at=0))
    store.apply(status("b", "busy", at=0))
    store.apply(word)
    assert store.agents.by_id["a"].seen == START + 30_000
    assert list(store.agents.by_id) == ["b", "a"], "and it is not the one to leave"


def test_an_older_spelling_of_status_is_read() -> None:
    store = Store()
    data = {"agentId": "a", "agentType": "reviewer", "currentStatus": "NEEDS-INPUT", "reason": "?"}
    store.apply(event("agent_status", data))
    agent = store.agents.by_id["a"]
    assert (agent.kind, agent.status, agent.needs_you) == ("code-reviewer", "needs_input", True)


def test_a_task_is_named_by_its_title_or_else_its_type() -> None:
    store = Store()
    task = {"id": "t-1", "type": "implement", "progress": 10}
    store.apply(status("a", "busy", currentTask=task))
    assert store.agents.by_id["a"].task == "implement"
    store.apply(status("a", "busy", currentTask=task | {"title": "Refund API"}))
    assert store.agents.by_id["a"].task == "Refund API"


def test_a_task_update_moves_progress_and_keeps_the_title() -> None:
    store = Store()
    store.apply(status("a", "busy", currentTask={"id": "t-1", "title": "Refund API"}))
    update = {"agentId": "a", "taskId": "t-1", "taskType": "x", "status": "in_progress"}
    store.apply(event("agent_task_update", update | {"progress": 40}))
    agent = store.agents.by_id["a"]
    assert (agent.task, agent.progress) == ("Refund API", 40)


def test_a_title_that_is_known_stays_when_later_words_leave_it_out() -> None:
    store = Store()
    store.apply(status("a", "busy", currentTask={"id": "T1", "title": "Refunds", "progress": 1}))
    store.apply(status("a", "busy", currentTask={"id": "T1", "type": "feature"}))
    agent = store.agents.by_id["a"]
    assert (agent.task, agent.progress) == ("Refunds", 1)
    store.apply(status("a", "busy", currentTask={"id": "T2"}))
    assert (agent.task, agent.progress) == ("T2", None)
    store.apply(status("a", "idle"))
    store.apply(status("a", "busy", currentTask={"id": "T1"}))
    assert agent.task == "Refunds"


def test_a_task_update_may_say_the_title() -> None:
    store = Store()
    update = {"agentId": "a", "taskId": "T2", "taskType": "feature", "status": "in_progress"}
    store.apply(event("agent_task_update", update | {"progress": 1}))
    before = store.agents.revision
    assert store.agents.by_id["a"].task == "feature"
    details = {"title": "Ledger migration"}
    store.apply(event("agent_task_update", update | {"progress": 2, "details": details}))
    assert store.agents.by_id["a"].task == "Ledger migration"
    assert store.agents.revision == before + 1


def test_idle_without_a_task_clears_it() -> None:
    store = Store()
    store.apply(status("a", "busy", currentTask={"id": "t-1", "title": "Refund API"}))
    store.apply(status("a", "idle"))
    assert (store.agents.by_id["a"].task, store.agents.by_id["a"].progress) == ("", None)


def test_the_trend_keeps_the_newest_values() -> None:
    store = Store()
    for value in range(20):
        metric = {"agentId": "a", "metrics": {"cpuUsage": value}, "timestamp": START}
        store.apply(event("agent_metric", metric))
    assert list(store.agents.by_id["a"].cpu_trend) == list(range(20 - module.TREND, 20))


def test_who_waits_longest_for_a_person_comes_first() -> None:
    store = Store()
    for agent, state, at in (
        ("idle-1", "idle", 0),
        ("busy-1", "busy", 0),
        ("late", "needs_input", 20),
        ("early", "needs_input", 10),
        ("broken", "error", 0),
        ("odd", "meditating", 0),
    ):
        store.apply(status(agent, state, at=at))
    order = [agent.id for agent in ordered(store.agents.by_id.values(), "attention")]
    assert order == ["early", "late", "broken", "busy-1", "odd", "idle-1"]


def test_the_agent_unheard_of_for_longest_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_AGENTS", 2)
    store = Store()
    for agent in ("a", "b", "a", "c"):
        store.apply(status(agent, "idle"))
    assert set(store.agents.by_id) == {"a", "c"}


def test_an_agent_that_waits_for_a_person_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_AGENTS", 3)
    store = Store()
    store.apply(status("waits", "needs_input", reason="Deploy?"))
    for number in range(9):
        store.apply(status(f"b{number}", "busy"))
    assert list(store.agents.by_id) == ["waits", "b7", "b8"]
    assert list(store.agents.calling) == ["waits"]


@pytest.mark.parametrize("seed", range(5))
def test_counts_and_the_index_of_callers_are_those_of_a_scan(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_AGENTS", 6)
    rng = Random(seed)
    states = ["busy", "idle", "blocked", "error", "needs_input", "offline", "odd", ""]
    store = Store()
    for _ in range(300):
        agent = f"a-{rng.randrange(9)}"
        store.apply(status(agent, rng.choice(states), reason=rng.choice(["", "x", "y"])))
        agents = store.agents.by_id.values()
        for state in states:
            assert store.agents.count(state) == sum(a.status == state for a in agents)
        callers = {a.id for a in agents if a.status in module.CALLS}
        assert set(store.agents.calling) == callers
    assert len(store.agents._counts) <= len(states)


def test_metrics_and_progress_move_no_row() -> None:
    store = Store()
    store.apply(status("a", "busy", currentTask={"id": "t-1", "title": "Refund API"}))
    before = store.agents.revision
    metric = {"agentId": "a", "metrics": {"cpuUsage": 1}, "timestamp": START}
    store.apply(event("agent_metric", metric))
    update = {"agentId": "a", "taskId": "t-1", "taskType": "x", "status": "in_progress"}
    store.apply(event("agent_task_update", update | {"progress": 40}))
    assert store.agents.revision == before
    store.apply(status("a", "busy", reason="new", currentTask={"id": "t-1", "title": "Refund API"}))
    assert store.agents.revision == before + 1
