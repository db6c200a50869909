"""GitHub: issues, pull requests, workflow runs (topics `github:{owner/repo}:…`)."""

from typing import Literal

from tui.protocol.models.base import Event, Identifier, Whole, WireModel


class GithubIssueUpdateData(WireModel):
    repository: Identifier
    """`owner/repo`."""
    number: Whole
    title: str
    action: str
    state: str
    url: str | None = None
    sender: str | None = None
    labels: tuple[str, ...] | None = None


class Checks(WireModel):
    """How many checks of a pull request ended how."""

    passed: Whole
    failed: Whole
    pending: Whole


class GithubPrUpdateData(GithubIssueUpdateData):
    draft: bool | None = None
    merged: bool | None = None
    review_decision: str | None = None
    checks: Checks | None = None


class GithubWorkflowUpdateData(WireModel):
    repository: Identifier
    workflow: str
    run_id: Whole | str
    status: str
    conclusion: str | None = None
    branch: str | None = None
    url: str | None = None


class GithubIssueUpdateEvent(Event):
    type: Literal["github_issue_update"] = "github_issue_update"
    data: GithubIssueUpdateData


class GithubPrUpdateEvent(Event):
    type: Literal["github_pr_update"] = "github_pr_update"
    data: GithubPrUpdateData


class GithubWorkflowUpdateEvent(Event):
    type: Literal["github_workflow_update"] = "github_workflow_update"
    data: GithubWorkflowUpdateData
