"""Issues, pull requests and workflow runs in full."""

from tui.details.address import link
from tui.details.sections import field, section
from tui.store.delivery import Delivery
from tui.store.github import Issue, PullRequest, Run
from tui.widgets.cells import Line, age, clock_time

CONCLUSIONS = {"success": "ok", "failure": "bad", "timed_out": "bad", "startup_failure": "bad"}
REVIEWS = {"approved": "ok", "changes requested": "bad"}


def issue_lines(issue: Issue, now: float) -> list[Line]:
    return [
        *section(
            "issue" if issue.kind == "issue" else "pull request",
            [
                field("repository", issue.repository),
                field("number", f"#{issue.number}"),
                field("state", issue.state),
                *([field("by", issue.sender)] if issue.sender else []),
                *([field("labels", ", ".join(issue.labels))] if issue.labels else []),
                *([link("address    ", issue.url)] if issue.url else []),
            ],
        ),
        *section(
            "so far",
            [
                (
                    (f"{clock_time(past.at)}  ", "dim"),
                    (f"{past.action}  ", "text"),
                    (f"{past.by}  " if past.by else "", "dim"),
                    (f"{age(now - past.at)} ago", "dim"),
                )
                for past in reversed(issue.past)
            ],
        ),
    ]


def pull_request_lines(pull: PullRequest, delivery: Delivery, now: float) -> list[Line]:
    checks = pull.checks
    failing = delivery.failing(pull.repository, pull.branch) if pull.branch else []
    state = "merged" if pull.merged else "draft" if pull.draft else pull.state
    return [
        *section(
            "review and checks",
            [
                field("review", pull.review or "none yet", REVIEWS.get(pull.review, "text")),
                field("merge", state, "ok" if pull.merged else "text"),
                *(
                    [
                        field("passed", str(checks.passed), "ok" if checks.passed else "dim"),
                        field("failed", str(checks.failed), "bad" if checks.failed else "dim"),
                        field("pending", str(checks.pending), "info" if checks.pending else "dim"),
                    ]
                    if checks
                    else [field("checks", "none yet", "dim")]
                ),
                *(field("failing run", workflow, "bad") for workflow in failing),
                *([field("branch", pull.branch)] if pull.branch else []),
            ],
        ),
        *issue_lines(pull, now),
    ]


def run_lines(run: Run, now: float) -> list[Line]:
    took = run.duration if run.conclusion else now - run.started
    return [
        *section(
            "run",
            [
                field("workflow", run.workflow),
                field("repository", run.repository),
                *([field("branch", run.branch)] if run.branch else []),
                field("run", run.run_id),
                field("status", run.status),
                field("conclusion", run.conclusion or "not yet", _style(run.conclusion)),
                *(
                    [field("took" if run.conclusion else "running", age(took))]
                    if took is not None
                    else []
                ),
                *([link("address    ", run.url)] if run.url else []),
            ],
        ),
        *section(
            "runs before",
            [
                (
                    (f"{clock_time(past.at)}  ", "dim"),
                    (f"{past.conclusion:<12}  ", _style(past.conclusion)),
                    (f"{'' if past.duration is None else age(past.duration):>7}  ", "text"),
                    (past.run_id, "dim"),
                )
                for past in reversed(run.past)
                if past.run_id != run.run_id
            ],
        ),
    ]


def _style(conclusion: str) -> str:
    return CONCLUSIONS.get(conclusion, "text" if conclusion else "dim")
