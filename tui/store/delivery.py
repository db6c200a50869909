"""Alerts, notifications, deployments and GitHub, as one list of what changed."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui.store.bounds import cut

if TYPE_CHECKING:
    from tui.protocol.models.github import (
        GithubIssueUpdateEvent,
        GithubPrUpdateEvent,
        GithubWorkflowUpdateEvent,
    )
    from tui.protocol.models.system import (
        DeploymentStatusEvent,
        SystemAlertEvent,
        SystemNotificationEvent,
    )

MAX_ITEMS = 2_000


@dataclass(slots=True)
class Item:
    """One line of the alerts pane: the newest word on one thing."""

    key: str
    kind: str
    """`alert` `notice` `deployment` `issue` `pr` `ci`."""
    at: float
    level: str
    """`critical` `high` `medium` `low` `error` `warning` `success` `info`."""
    title: str
    detail: str = ""
    count: int = 1
    """How often it was said."""
    open: bool = False
    """Whether it still asks for something: an unresolved alert, a failed check."""
    since: float = 0.0
    """When it became open; kept while it is said again."""
    progress: float | None = None


class Delivery:
    """All items, by key, the newest touched last."""

    def __init__(self) -> None:
        self.items: OrderedDict[str, Item] = OrderedDict()
        self._notices = 0

    def newest_first(self) -> list[Item]:
        """Open alerts first, then everything by time."""
        newest = list(self.items.values())[::-1]
        newest.sort(key=lambda i: (not (i.open and i.kind == "alert"), -i.at))
        return newest

    def alerts(self) -> int:
        return sum(item.open and item.kind == "alert" for item in self.items.values())

    def on_notification(self, event: "SystemNotificationEvent") -> None:
        data = event.data
        self._notices += 1
        self._put(
            Item(
                f"notice {self._notices}",
                "notice",
                event.timestamp,
                data.level,
                data.title,
                data.message,
            )
        )

    def on_alert(self, event: "SystemAlertEvent") -> None:
        data = event.data
        self._put(
            Item(
                f"alert {data.alert_id}",
                "alert",
                event.timestamp,
                data.severity,
                data.title,
                data.description,
                open=not data.resolved,
            )
        )

    def on_deployment(self, event: "DeploymentStatusEvent") -> None:
        data = event.data
        failed = data.status in ("failed", "error", "rolled_back")
        ended = failed or data.status in ("completed", "complete", "success", "succeeded")
        parts = " ".join(f"{c.name}{_mark(c.status)}" for c in data.components[:20])
        self._put(
            Item(
                f"deployment {data.deployment_id}",
                "deployment",
                event.timestamp,
                "error" if failed else "success" if ended else "info",
                f"{data.environment} {data.deployment_id}",
                f"{data.status} {parts}",
                open=failed,
                progress=None if ended else data.progress,
            )
        )

    def on_issue(self, event: "GithubIssueUpdateEvent") -> None:
        data = event.data
        self._put(
            Item(
                f"issue {data.repository} {data.number}",
                "issue",
                event.timestamp,
                "info",
                f"#{data.number} {data.title}",
                f"{data.action} ({data.state})",
            )
        )

    def on_pr(self, event: "GithubPrUpdateEvent") -> None:
        data = event.data
        checks = data.checks
        said = [f"checks {checks.passed}✓ {checks.failed}✗ {checks.pending}…"] if checks else []
        said += ["merged" if data.merged else "draft" if data.draft else data.state]
        said += [data.review_decision.lower().replace("_", " ")] if data.review_decision else []
        failed = bool(checks and checks.failed)
        self._put(
            Item(
                f"pr {data.repository} {data.number}",
                "pr",
                event.timestamp,
                "error" if failed else "success" if data.merged else "info",
                f"PR#{data.number} {data.title}",
                " · ".join(said),
                open=failed,
            )
        )

    def on_ci(self, event: "GithubWorkflowUpdateEvent") -> None:
        data = event.data
        failed = data.conclusion in ("failure", "timed_out", "startup_failure")
        self._put(
            Item(
                f"ci {data.repository} {data.workflow} {data.branch}",
                "ci",
                event.timestamp,
                "error" if failed else "success" if data.conclusion == "success" else "info",
                f"{data.workflow} {data.branch or ''}".rstrip(),
                data.conclusion or data.status,
                open=failed,
            )
        )

    def _put(self, item: Item) -> None:
        item.title, item.detail, item.level = cut(item.title), cut(item.detail), cut(item.level)
        known = self.items.pop(item.key, None)
        item.since = known.since if known and known.open and item.open else item.at
        if known is not None:
            same = (known.level, known.title, known.open) == (item.level, item.title, item.open)
            item.count = known.count + 1 if same and item.kind == "alert" else 1
        elif len(self.items) >= MAX_ITEMS:
            self.items.popitem(last=False)
        self.items[item.key] = item


def _mark(status: str) -> str:
    folded = status.lower()
    if folded in ("ok", "completed", "complete", "success", "succeeded", "healthy", "done"):
        return "✓"
    return "✗" if folded in ("failed", "error", "unhealthy") else "…"
