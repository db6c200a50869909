"""What the agents' work looks like from outside: GitHub, deployments, notifications."""

from typing import Any

from tui.protocol.catalog import MessageType
from tui.protocol.vocabulary import NoticeLevel
from tui.sources.demo.cast import CODER
from tui.sources.demo.features import REPOSITORY
from tui.sources.demo.stage import Stage

_SITE = f"https://github.com/{REPOSITORY}"


def notify(
    stage: Stage,
    level: NoticeLevel,
    title: str,
    message: str,
    *,
    see: tuple[str, str] | None = None,
) -> None:
    """`see` is something to open: what it is called, and its path in the repository's site."""
    data: dict[str, Any] = {"level": level.value, "title": title, "message": message}
    if see:
        data["actions"] = [{"label": see[0], "url": f"{_SITE}/{see[1]}"}]
    stage.emit(MessageType.SYSTEM_NOTIFICATION, "autosdlc", data)


class Issue:
    """An issue, from its opening on."""

    def __init__(self, stage: Stage, title: str, sender: str, labels: tuple[str, ...]) -> None:
        self._stage = stage
        self.number = stage.number("github", 212)
        self._data: dict[str, Any] = {
            "repository": REPOSITORY,
            "number": self.number,
            "title": title,
            "url": f"{_SITE}/issues/{self.number}",
            "labels": list(labels),
        }
        self.update("opened", sender)

    def update(self, action: str, sender: str) -> None:
        state = "closed" if action == "closed" else "open"
        data = self._data | {"action": action, "state": state, "sender": sender}
        self._stage.emit(MessageType.GITHUB_ISSUE_UPDATE, "github", data)


class PullRequest:
    """A pull request with the workflow runs that check it."""

    def __init__(self, stage: Stage, title: str, branch: str) -> None:
        self._stage = stage
        self.number = stage.number("github", 212)
        self._branch = branch
        self._run = 0
        self._data: dict[str, Any] = {
            "repository": REPOSITORY,
            "number": self.number,
            "title": title,
            "state": "open",
            "url": f"{_SITE}/pull/{self.number}",
            "sender": CODER,
            "branch": branch,
            "draft": True,
            "merged": False,
            "checks": {"passed": 0, "failed": 0, "pending": 4},
        }
        self._update("opened")

    def checks(self, passed: int, failed: int = 0, *, of: int = 4) -> None:
        pending = of - passed - failed
        self._data["checks"] = {"passed": passed, "failed": failed, "pending": pending}
        self._update("synchronize")

    def ready(self) -> None:
        self._data["draft"] = False
        self._update("ready_for_review")

    def reviewed(self, decision: str) -> None:
        self._data["reviewDecision"] = decision
        self._update("submitted")

    def closed(self, *, merged: bool) -> None:
        self._data |= {"state": "closed", "merged": merged}
        self._update("closed")

    def run(self, status: str, conclusion: str | None = None) -> None:
        """The `ci` workflow on this branch; `queued` begins a new run."""
        if status == "queued":
            self._run = self._stage.number("run", 998_871)
        workflow_run(self._stage, "ci", self._branch, self._run, status, conclusion)

    def _update(self, action: str) -> None:
        data = self._data | {"action": action}
        self._stage.emit(MessageType.GITHUB_PR_UPDATE, "github", data)


def workflow_run(
    stage: Stage, workflow: str, branch: str, run: int, status: str, conclusion: str | None
) -> None:
    data = {
        "repository": REPOSITORY,
        "workflow": workflow,
        "runId": run,
        "status": status,
        "branch": branch,
        "url": f"{_SITE}/actions/runs/{run}",
    }
    if conclusion:
        data["conclusion"] = conclusion
    stage.emit(MessageType.GITHUB_WORKFLOW_UPDATE, "github", data)


class Deployment:
    """A rollout over an environment's components, one after the other."""

    COMPONENTS = ("migrations", "api", "worker", "webhooks")

    def __init__(self, stage: Stage, environment: str, seconds: float) -> None:
        self._stage = stage
        number = stage.number("deployment", 184)
        self.id = f"dep-{environment}-{number}"
        self._version = f"v1.8.{number - 183}"
        self._environment = environment
        self._ends = stage.now + seconds * stage.pace
        self.progress(0)

    def progress(self, percent: float, status: str = "in_progress") -> None:
        share = 100 / len(self.COMPONENTS)
        components = []
        for place, name in enumerate(self.COMPONENTS):
            own = min(100.0, max(0.0, (percent - place * share) / share * 100))
            state = "healthy" if own >= 100 else "deploying" if own > 0 else "pending"
            components.append({"name": name, "status": state, "progress": round(own)})
        data: dict[str, Any] = {
            "deploymentId": self.id,
            "environment": self._environment,
            "version": self._version,
            "status": status,
            "progress": percent,
            "components": components,
        }
        if percent < 100:
            data["estimatedCompletion"] = self._stage.milliseconds(self._ends)
        self._stage.emit(MessageType.DEPLOYMENT_STATUS, "deployer", data)
