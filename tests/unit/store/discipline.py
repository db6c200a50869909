"""What breaks test-first discipline, and what is then known of it."""

from typing import Any

from tests.support.events import event, phase
from tui.store import Store
from tui.store.tdd import Rule

PASSED = {"total": 4, "passing": 4, "failing": 0, "skipped": 0}
FAILED = {"total": 4, "passing": 3, "failing": 1, "skipped": 0}


def in_red(store: Store | None = None, at: float = 1) -> Store:
    """A store that has seen red begin, after a green refactor."""
    store = store or Store()
    store.apply(phase("a", "green", "refactor", at=at - 1))
    store.apply(phase("a", "refactor", "red", at=at))
    return store


def breaches(store: Store) -> list[tuple[Rule, str]]:
    return [(breach.rule, breach.said) for breach in store.tdd.by_agent["a"].breaches]


def rules(store: Store) -> list[Rule]:
    return [rule for rule, _ in breaches(store)]


def edit(path: str, at: float = 2, tool: str = "Edit") -> Any:
    data = {
        "agentId": "a",
        "taskId": "t-1",
        "taskType": "code",
        "status": "in_progress",
        "progress": 10,
        "details": {"tool": tool, "file": path},
    }
    return event("agent_task_update", data, at)


def uncollected(at: float = 2, code: str = "collection_error") -> Any:
    data = {"agentId": "a", "message": "test_x.py: SyntaxError", "code": code}
    return event("agent_error", data, at)


def coverage(at: float = 0, **figures: float) -> Any:
    return event("coverage_update", {"agentId": "a", "taskId": "t", "coverage": figures}, at)


def broken_file(at: float = 2, name: str = "test_x.py", message: str = "ImportError: y") -> Any:
    totals = {"total": 1, "passing": 0, "failing": 1, "skipped": 0, "duration": 1}
    failures = [{"name": name, "message": message}]
    data = {"agentId": "a", "taskId": "t-1", "testFile": "test_x.py", "results": totals}
    return event("test_result", data | {"failures": failures}, at)
