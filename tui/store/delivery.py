"""Alerts, notifications, deployments and GitHub, as one list of what changed."""

from collections import OrderedDict
from typing import TYPE_CHECKING

from tui.store.alerts import Alert, Notice
from tui.store.deployments import Deployment
from tui.store.github import Issue, PullRequest, Run
from tui.store.item import Item

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

__all__ = ["Delivery", "Item"]

MAX_OF_KIND = 500
"""Each kind has a bound of its own: a flood of notifications must not push out an open alert."""


class Delivery:
    """All items, by key, the newest touched last."""

    def __init__(self) -> None:
        self.items: OrderedDict[str, Item] = OrderedDict()
        self._of_kind: dict[str, OrderedDict[str, Item]] = {}

    def alerts(self) -> int:
        return sum(item.open for item in self._of_kind.get("alert", {}).values())

    def failing(self, repository: str, branch: str) -> list[str]:
        """The workflows whose newest run on that branch failed."""
        return [
            run.workflow
            for run in self._of_kind.get("ci", {}).values()
            if isinstance(run, Run)
            and run.open
            and (run.repository, run.branch) == (repository, branch)
        ]

    def on_notification(self, event: "SystemNotificationEvent") -> None:
        self._put(Notice.of(event))

    def on_alert(self, event: "SystemAlertEvent") -> None:
        self._put(Alert.of(event))

    def on_deployment(self, event: "DeploymentStatusEvent") -> None:
        self._put(Deployment.of(event))

    def on_issue(self, event: "GithubIssueUpdateEvent") -> None:
        self._put(Issue.of(event))

    def on_pr(self, event: "GithubPrUpdateEvent") -> None:
        self._put(PullRequest.of(event))

    def on_ci(self, event: "GithubWorkflowUpdateEvent") -> None:
        self._put(Run.of(event))

    def _put(self, item: Item) -> None:
        kind = self._of_kind.setdefault(item.kind, OrderedDict())
        known = self.items.pop(item.key, None)
        if known is not None:
            del kind[item.key]
        elif len(kind) >= MAX_OF_KIND:
            # The oldest leaves; one that is open only where all are.
            leaves = next((key for key, other in kind.items() if not other.open), next(iter(kind)))
            del kind[leaves], self.items[leaves]
        item.after(known)
        self.items[item.key] = kind[item.key] = item
