"""Alerts, deployments and what GitHub says, and the pane that shows them."""

from typing import Any

from tests.support.dashboard import Screen
from tests.support.events import START, event
from tui.panes.alerts import AlertsPane

NOWHERE = "ws://127.0.0.1:1/ws"


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now


def alert(id_: str, at: float = 0, **more: Any) -> Any:
    data = {
        "alertId": id_,
        "severity": "high",
        "title": f"Trouble {id_}",
        "description": "p95 is 912 ms",
        "affectedComponents": ["api", "worker"],
        "recommendedActions": ["Look at the logs", "Restart it"],
    }
    return event("system_alert", data | more, at)


def deployment(id_: str = "dep-1", **more: Any) -> Any:
    data = {
        "deploymentId": id_,
        "environment": "staging",
        "version": "v1.8.2",
        "status": "in_progress",
        "progress": 75,
        "components": [
            {"name": "api", "status": "healthy", "progress": 100},
            {"name": "worker", "status": "deploying", "progress": 40},
            {"name": "webhooks", "status": "pending"},
        ],
    }
    return event("deployment_status", data | more)


def pull_request(**more: Any) -> Any:
    data = {
        "repository": "acme/shop",
        "number": 214,
        "title": "Refunds",
        "action": "synchronize",
        "state": "open",
        "branch": "feat/refunds",
        "url": "https://github.com/acme/shop/pull/214",
        "checks": {"passed": 7, "failed": 1, "pending": 0},
        "reviewDecision": "CHANGES_REQUESTED",
    }
    return event("github_pr_update", data | more)


def run(run_id: int, conclusion: str | None, at: float = 0) -> Any:
    data: dict[str, Any] = {
        "repository": "acme/shop",
        "workflow": "lint",
        "branch": "feat/refunds",
        "runId": run_id,
        "status": "completed" if conclusion else "in_progress",
        "url": f"https://github.com/acme/shop/actions/runs/{run_id}",
    }
    return event(
        "github_workflow_update", data | ({"conclusion": conclusion} if conclusion else {}), at
    )


def notice(**more: Any) -> Any:
    data = {"level": "error", "title": "Update stopped", "message": "1 of 14 contracts broken"}
    return event("system_notification", data | more)


def fill(screen: Screen, *events: Any) -> None:
    for made in events:
        screen.app.store.apply(made)
    screen.app.draw()


def tick(screen: Screen) -> None:
    screen.app._tick()


def pane(screen: Screen) -> AlertsPane:
    return screen.app.screen.query_one(AlertsPane)


def told(screen: Screen) -> list[str]:
    return [notification.message for notification in screen.app._notifications]


def keys(screen: Screen) -> list[str]:
    return [item.key for item in pane(screen).rows]


EVERYTHING = (alert("a"), deployment(), pull_request(), run(1, "failure"), notice())
