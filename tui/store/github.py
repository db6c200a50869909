"""GitHub: issues, pull requests with their checks and review, workflow runs."""

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from tui.store.bounds import address, cut, more, text_of
from tui.store.item import Item

if TYPE_CHECKING:
    from tui.protocol.models.github import (
        GithubIssueUpdateData,
        GithubIssueUpdateEvent,
        GithubPrUpdateEvent,
        GithubWorkflowUpdateEvent,
    )

MAX_PAST = 20
MAX_LABELS = 20
FAILURES = frozenset(("failure", "timed_out", "startup_failure"))


class Happening(NamedTuple):
    """Something that was done to an issue or a pull request."""

    at: float
    action: str
    by: str


@dataclass(slots=True)
class Issue(Item):
    repository: str = ""
    """`owner/repo`."""
    number: int = 0
    name: str = ""
    """Its title on GitHub."""
    action: str = ""
    state: str = ""
    url: str = ""
    sender: str = ""
    labels: tuple[str, ...] = ()
    past: deque[Happening] = field(default_factory=lambda: deque(maxlen=MAX_PAST))

    @classmethod
    def of(cls, event: "GithubIssueUpdateEvent") -> "Issue":
        data = event.data
        return cls(
            key=f"issue {data.repository} {data.number}",
            kind="issue",
            at=event.timestamp,
            level="info",
            title=f"#{data.number} {cut(data.title)}",
            detail=f"{cut(data.action)} ({cut(data.state)})",
            **_shared(data, event.timestamp),
        )

    def after(self, known: Item | None) -> None:
        Item.after(self, known)
        if isinstance(known, Issue):
            known.past.extend(self.past)
            self.past = known.past


class Checks(NamedTuple):
    passed: int
    failed: int
    pending: int

    @property
    def total(self) -> int:
        return self.passed + self.failed + self.pending


@dataclass(slots=True)
class PullRequest(Issue):
    checks: Checks | None = None
    draft: bool = False
    merged: bool = False
    review: str = ""
    """`approved`, `changes requested`, …"""
    branch: str = ""
    """Where its publisher says it: what its workflow runs are found by."""

    @classmethod
    def of(cls, event: "GithubPrUpdateEvent") -> "PullRequest":  # type: ignore[override]
        data = event.data
        checks = Checks(*_numbers(data.checks)) if data.checks else None
        merged = bool(data.merged)
        review = cut(data.review_decision).lower().replace("_", " ")
        said = [f"checks {checks.passed}/{checks.total}"] if checks else []
        said += ["merged" if merged else "draft" if data.draft else cut(data.state), review]
        broken = bool(checks and checks.failed) and cut(data.state).lower() != "closed"
        return cls(
            key=f"pr {data.repository} {data.number}",
            kind="pr",
            at=event.timestamp,
            level="error" if broken else "success" if merged else "info",
            title=f"PR#{data.number} {cut(data.title)}",
            detail=" · ".join(word for word in said if word),
            open=broken,
            checks=checks,
            draft=bool(data.draft),
            merged=merged,
            review=review,
            branch=text_of(more(data, "branch")),
            **_shared(data, event.timestamp),
        )


class PastRun(NamedTuple):
    run_id: str
    conclusion: str
    at: float
    """When it was completed."""
    duration: float
    """Milliseconds, from its first event."""


@dataclass(slots=True)
class Run(Item):
    """The newest run of one workflow on one branch."""

    repository: str = ""
    workflow: str = ""
    run_id: str = ""
    status: str = ""
    conclusion: str = ""
    branch: str = ""
    url: str = ""
    started: float = 0.0
    past: deque[PastRun] = field(default_factory=lambda: deque(maxlen=MAX_PAST))
    """Completed ones, the newest last."""

    @classmethod
    def of(cls, event: "GithubWorkflowUpdateEvent") -> "Run":
        data = event.data
        conclusion = cut(data.conclusion)
        failed = conclusion in FAILURES
        return cls(
            key=f"ci {data.repository} {cut(data.workflow)} {cut(data.branch)}",
            kind="ci",
            at=event.timestamp,
            level="error" if failed else "success" if conclusion == "success" else "info",
            title=f"{cut(data.workflow)} {cut(data.branch)}".rstrip(),
            detail=(conclusion or cut(data.status)).replace("_", " "),
            open=failed,
            repository=data.repository,
            workflow=cut(data.workflow),
            run_id=cut(str(data.run_id)),
            status=cut(data.status),
            conclusion=conclusion,
            branch=cut(data.branch),
            url=address(data.url),
            started=event.timestamp,
        )

    def after(self, known: Item | None) -> None:
        Item.after(self, known)
        if isinstance(known, Run):
            self.past = known.past
            if known.run_id == self.run_id:
                self.started = known.started
        if self.conclusion and (not self.past or self.past[-1].run_id != self.run_id):
            duration = self.at - self.started
            self.past.append(PastRun(self.run_id, self.conclusion, self.at, duration))


def _shared(data: "GithubIssueUpdateData", at: float) -> dict[str, Any]:
    sender = cut(data.sender)
    return {
        "repository": data.repository,
        "number": data.number,
        "name": cut(data.title),
        "action": cut(data.action),
        "state": cut(data.state),
        "url": address(data.url),
        "sender": sender,
        "labels": tuple(cut(label) for label in (data.labels or ())[:MAX_LABELS]),
        "past": deque([Happening(at, cut(data.action), sender)], MAX_PAST),
    }


def _numbers(checks: Any) -> tuple[int, int, int]:
    return max(0, checks.passed), max(0, checks.failed), max(0, checks.pending)
