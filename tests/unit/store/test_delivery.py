"""Alerts, deployments and GitHub: folding, order, what is open."""

from typing import Any

from tests.support.events import START, event
from tui.store import Store
from tui.store.deployments import Deployment


def alert(at: float = 0, **more: Any) -> Any:
    data = {
        "alertId": "al-1",
        "severity": "HIGH",
        "title": "Coverage",
        "description": "84 < 85",
        "affectedComponents": [],
        "recommendedActions": [],
    }
    return event("system_alert", data | more, at)


def pull_request(failed: int, at: float = 0, **more: Any) -> Any:
    data = {
        "repository": "o/r",
        "number": 7,
        "title": "Refunds",
        "action": "synchronize",
        "state": "open",
        "checks": {"passed": 7, "failed": failed, "pending": 1},
    }
    return event("github_pr_update", data | more, at)


def deployment(status: str, progress: float, at: float = 0, **more: Any) -> Any:
    data = {
        "deploymentId": "d",
        "environment": "staging",
        "status": status,
        "progress": progress,
        "components": [
            {"name": "api", "status": "completed"},
            {"name": "web", "status": "x", "progress": 20},
        ],
    }
    return event("deployment_status", data | more, at)


def the_deployment(store: Store) -> Deployment:
    (item,) = store.delivery.newest_first()
    assert isinstance(item, Deployment)
    return item


def test_an_alert_said_again_is_counted_not_listed_twice() -> None:
    store = Store()
    store.apply(alert(0))
    store.apply(alert(5))
    (item,) = store.delivery.newest_first()
    assert (item.count, item.level, store.delivery.alerts()) == (2, "high", 1)


def test_a_resolved_alert_is_open_no_more() -> None:
    store = Store()
    store.apply(alert(0))
    store.apply(alert(5, resolved=True))
    (item,) = store.delivery.newest_first()
    assert (item.open, item.count, store.delivery.alerts()) == (False, 1, 0)


def test_open_alerts_come_before_newer_things() -> None:
    store = Store()
    store.apply(alert(0))
    store.apply(pull_request(0, at=10))
    notice = {"level": "info", "title": "Deployed", "message": "live"}
    store.apply(event("system_notification", notice, 20))
    assert [i.kind for i in store.delivery.newest_first()] == ["alert", "notice", "pr"]


def test_a_failed_check_leaves_the_pull_request_open() -> None:
    store = Store()
    store.apply(pull_request(1))
    (item,) = store.delivery.newest_first()
    assert (item.open, item.level) == (True, "error")
    assert "checks 7/9" in item.detail
    store.apply(pull_request(0, at=5, merged=True))
    (item,) = store.delivery.newest_first()
    assert (item.open, item.level) == (False, "success")


def test_a_deployment_shows_progress_until_it_ends() -> None:
    store = Store()
    store.apply(deployment("in_progress", 40, version="v2"))
    item = the_deployment(store)
    assert (item.progress, item.title, item.detail) == (40, "staging v2", "api✓ web…")
    store.apply(deployment("failed", 40, at=5))
    item = the_deployment(store)
    assert (item.progress, item.level, item.open, item.started) == (None, "error", True, START)
    assert [(p.status, p.percent) for p in item.past] == [("in_progress", 40), ("failed", 40)]


def test_ci_is_one_line_for_a_workflow_and_branch() -> None:
    store = Store()
    run = {"repository": "o/r", "workflow": "ci", "branch": "main", "status": "completed"}
    store.apply(event("github_workflow_update", run | {"runId": 1, "conclusion": "failure"}))
    store.apply(event("github_workflow_update", run | {"runId": 2, "conclusion": "success"}, 5))
    (item,) = store.delivery.newest_first()
    assert (item.level, item.open) == ("success", False)
