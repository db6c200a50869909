"""GitHub: issues, pull requests with their checks and review, workflow runs."""

from collections import OrderedDict, deque
from typing import TYPE_CHECKING, NamedTuple

from tui.store.bounds import address, cut, more, text_of
from tui.store.item import Item

if TYPE_CHECKING:
    from tui.protocol.models.github import Checks as ChecksSaid
    from tui.protocol.models.github import (
        GithubIssueUpdateEvent,
        GithubPrUpdateEvent,
        GithubWorkflowUpdateEvent,
    )

MAX_PAST = 20
MAX_LABELS = 20
NEW_COMMITS = "synchronize"
"""The action by which none of a pull request's checks is done."""
DRAFT = {"converted_to_draft": True, "ready_for_review": False}
"""Actions that say whether a pull request is one."""
FAILURES = frozenset(("failure", "timed_out", "startup_failure"))


class Happening(NamedTuple):
    """Something that was done to an issue or a pull request."""

    at: float
    action: str
    by: str


class Issue(Item):
    __slots__ = (
        "action",
        "labels",
        "name",
        "number",
        "past",
        "repository",
        "sender",
        "state",
        "url",
    )

    kind = "issue"
    repository: str
    """`owner/repo`."""
    number: int
    name: str
    """Its title on GitHub."""
    action: str
    state: str
    url: str
    sender: str
    labels: tuple[str, ...]
    past: deque[Happening]

    def __init__(
        self,
        key: str,
        event: "GithubIssueUpdateEvent | GithubPrUpdateEvent",
        known: "Issue | None",
        *,
        is_open: bool = False,
    ) -> None:
        super().__init__(key, event, known, is_open=is_open)
        data = event.data
        self.past = deque(maxlen=MAX_PAST) if known is None else known.past
        self.past.append(Happening(self.at, cut(data.action), cut(data.sender)))
        # What an event leaves out is as it was.
        self.url = address(data.url) or (known.url if known is not None else "")
        if data.labels is not None or known is None:
            self.labels = tuple([cut(label) for label in (data.labels or ())[:MAX_LABELS]])
        else:
            self.labels = known.labels

    @staticmethod
    def key_of(event: "GithubIssueUpdateEvent") -> str:
        return f"issue {event.data.repository} {event.data.number}"

    def _read(self, event: "GithubIssueUpdateEvent | GithubPrUpdateEvent") -> None:
        data = event.data
        self.level = "info"
        self.repository = data.repository
        self.number = data.number
        self.name = cut(data.title)
        self.action = cut(data.action)
        self.state = cut(data.state)
        self.sender = cut(data.sender)
        self.title = f"#{self.number} {self.name}"
        self.detail = f"{self.action} ({self.state})"


class Checks(NamedTuple):
    passed: int
    failed: int
    pending: int

    @property
    def total(self) -> int:
        return self.passed + self.failed + self.pending


class PullRequest(Issue):
    __slots__ = ("branch", "checks", "draft", "merged", "review")

    kind = "pr"
    checks: Checks | None
    draft: bool
    merged: bool
    review: str
    """`approved`, `changes requested`, …"""
    branch: str
    """Where its publisher says it: what its workflow runs are found by."""

    def __init__(self, key: str, event: "GithubPrUpdateEvent", known: "PullRequest | None") -> None:
        data = event.data
        action = cut(data.action).lower()
        checks = Checks(*_numbers(data.checks)) if data.checks else None
        draft = DRAFT.get(action) if data.draft is None else data.draft
        merged, review = data.merged, cut(data.review_decision).lower().replace("_", " ")
        branch = text_of(more(data, "branch"))
        if known is not None:
            if checks is None and action != NEW_COMMITS:
                checks = known.checks
            draft = known.draft if draft is None else draft
            merged = known.merged if merged is None else merged
            review = known.review if data.review_decision is None else review
            branch = branch or known.branch
        self.checks, self.review, self.branch = checks, review, branch
        self.draft, self.merged = bool(draft), bool(merged)
        broken = checks is not None and checks.failed > 0 and cut(data.state).lower() != "closed"
        super().__init__(key, event, known, is_open=broken)

    @staticmethod
    def key_of(event: "GithubPrUpdateEvent") -> str:  # type: ignore[override]
        return f"pr {event.data.repository} {event.data.number}"

    def _read(self, event: "GithubPrUpdateEvent") -> None:  # type: ignore[override]
        super()._read(event)
        checks = self.checks
        self.level = "error" if self.open else "success" if self.merged else "info"
        self.title = f"PR{self.title}"
        said = [f"checks {checks.passed}/{checks.total}"] if checks else []
        said += ["merged" if self.merged else "draft" if self.draft else self.state, self.review]
        self.detail = " · ".join(word for word in said if word)


class Attempt(NamedTuple):
    """What is known of a run: of its last attempt, where it was run again."""

    run_id: str
    conclusion: str
    """Empty while it goes on."""
    at: float
    """When it was completed."""
    started: float
    """When it was first heard of."""
    duration: float | None = None
    """Milliseconds; None while it goes on, and where nothing was heard of it before its end."""


Runs = OrderedDict[str, Attempt]
"""The runs of one workflow on one branch, by id."""


class Run(Item):
    """The newest run of one workflow on one branch."""

    __slots__ = (
        *("branch", "conclusion", "duration", "repository", "run_id"),
        *("runs", "started", "status", "url", "workflow"),
    )

    kind = "ci"
    repository: str
    workflow: str
    run_id: str
    status: str
    conclusion: str
    branch: str
    url: str
    started: float
    duration: float | None
    """Milliseconds, where both its beginning and its end were heard of."""
    runs: Runs
    """This one and those before it."""

    def __init__(self, key: str, event: "GithubWorkflowUpdateEvent", known: "Run | None") -> None:
        self.runs = OrderedDict() if known is None else known.runs
        attempt = self.note(event)
        self.run_id, self.conclusion = attempt.run_id, attempt.conclusion
        self.started, self.duration = attempt.started, attempt.duration
        super().__init__(key, event, known, is_open=attempt.conclusion in FAILURES)

    @property
    def past(self) -> list[Attempt]:
        """Those that are complete, in the order in which they were first heard of."""
        return [attempt for attempt in self.runs.values() if attempt.conclusion]

    def is_after(self, event: "GithubWorkflowUpdateEvent") -> bool:
        """Whether an event is of a run before this one.

        All others that were heard of are. So is one that is first heard of at its end while this
        one goes on, unless its number is higher.
        """
        run_id = _run_id(event)
        if run_id == self.run_id or run_id in self.runs:
            return run_id != self.run_id
        both_numbers = run_id.isdecimal() and self.run_id.isdecimal()
        ends = bool(event.data.conclusion) and not self.conclusion
        return ends and both_numbers and int(run_id) < int(self.run_id)

    def note(self, event: "GithubWorkflowUpdateEvent") -> Attempt:
        """Remember what an event says of its run."""
        run_id, conclusion, at = _run_id(event), cut(event.data.conclusion), event.timestamp
        attempt = self.runs.get(run_id)
        if attempt is None or (attempt.conclusion and not conclusion):  # or it is run again
            attempt = Attempt(run_id, conclusion, at, at)
        elif conclusion != attempt.conclusion:
            duration = None if attempt.conclusion else at - attempt.started
            attempt = Attempt(run_id, conclusion, at, attempt.started, duration)
        self.runs[run_id] = attempt
        if len(self.runs) > MAX_PAST:
            self.runs.popitem(last=False)
        return attempt

    @staticmethod
    def key_of(event: "GithubWorkflowUpdateEvent") -> str:
        data = event.data
        return f"ci {data.repository} {cut(data.workflow)} {cut(data.branch)}"

    def _read(self, event: "GithubWorkflowUpdateEvent") -> None:
        data = event.data
        self.repository = data.repository
        self.workflow = cut(data.workflow)
        self.branch = cut(data.branch)
        self.status = cut(data.status)
        self.url = address(data.url)
        good = self.conclusion == "success"
        self.level = "error" if self.open else "success" if good else "info"
        self.title = f"{self.workflow} {self.branch}".rstrip()
        self.detail = (self.conclusion or self.status).replace("_", " ")


def _run_id(event: "GithubWorkflowUpdateEvent") -> str:
    return cut(str(event.data.run_id))


def _numbers(checks: "ChecksSaid") -> tuple[int, int, int]:
    return max(0, checks.passed), max(0, checks.failed), max(0, checks.pending)
