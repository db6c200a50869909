"""Alerts, notifications, deployments and GitHub, as one list of what changed."""

from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

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
MAX_UNREAD = 200
"""Items that keep their whole events until somebody reads them."""


class Delivery:
    """All items, by key, the newest touched last."""

    def __init__(self, ended: Callable[[Item], None] = lambda _: None) -> None:
        """`ended` is given what was open before it is so no more, or is of a higher severity."""
        self._ended = ended
        self.items: OrderedDict[str, Item] = OrderedDict()
        self._of_kind: dict[str, OrderedDict[str, Item]] = {
            kind.kind: OrderedDict()
            for kind in (Alert, Notice, Deployment, Issue, PullRequest, Run)
        }
        self._unread: OrderedDict[str, Item] = OrderedDict()
        """Those that may yet hold their events, by key, the newest last."""

    def alerts(self) -> int:
        return sum(item.open for item in self._of_kind["alert"].values())

    def failing(self, repository: str, branch: str) -> list[str]:
        """The workflows whose newest run on that branch failed."""
        return [
            run.workflow
            for run in self._of_kind["ci"].values()
            if isinstance(run, Run)
            and run.open
            and (run.repository, run.branch) == (repository, branch)
        ]

    def on_notification(self, event: "SystemNotificationEvent") -> None:
        self._put(Notice, event)

    def on_alert(self, event: "SystemAlertEvent") -> None:
        self._put(Alert, event)

    def on_deployment(self, event: "DeploymentStatusEvent") -> None:
        key, deployments = Deployment.key_of(event), self._of_kind["deployment"]
        known = deployments.get(key)
        self._put(Deployment, event)
        latest = deployments[key]
        if not isinstance(latest, Deployment) or latest.outcome != "done":
            return
        if isinstance(known, Deployment) and known.outcome == "done":
            return  # said again
        for other in deployments.values():
            if other.open and isinstance(other, Deployment) and latest.is_after(other):
                self._ended(other)
                other.close(event.timestamp)

    def on_issue(self, event: "GithubIssueUpdateEvent") -> None:
        self._put(Issue, event)

    def on_pr(self, event: "GithubPrUpdateEvent") -> None:
        self._put(PullRequest, event)

    def on_ci(self, event: "GithubWorkflowUpdateEvent") -> None:
        run = self._of_kind["ci"].get(Run.key_of(event))
        if isinstance(run, Run) and run.is_after(event):
            run.note(event)
        else:
            self._put(Run, event)

    def settle(self) -> None:
        """Read what was left for later, and let the events go."""
        for item in self._unread.values():
            item.settle()
        self._unread.clear()

    def _put(self, type_: Any, event: Any) -> None:
        items, kind, unread = self.items, self._of_kind[type_.kind], self._unread
        key = type_.key_of(event)
        known = kind.get(key)
        item = type_(key, event, known)
        if known is not None:
            items.move_to_end(key)
            kind.move_to_end(key)
            if known.open and not (item.open and item.worst == known.worst):
                self._ended(known)
        elif len(kind) >= MAX_OF_KIND:
            # The oldest leaves; one that is open only where all are.
            leaves = next((key for key, other in kind.items() if not other.open), next(iter(kind)))
            del kind[leaves], items[leaves]
        items[key] = kind[key] = item
        unread[key] = item
        unread.move_to_end(key)
        if len(unread) > MAX_UNREAD:
            unread.popitem(last=False)[1].settle()
