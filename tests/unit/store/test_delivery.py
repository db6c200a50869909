"""Alerts, deployments and GitHub: folding, order, what is open."""

from typing import Any

from tests.support.events import START, event
from tui.store import Store
from tui.store.alerts import Notice
from tui.store.delivery import MAX_OF_KIND, MAX_UNREAD
from tui.store.deployments import Deployment
from tui.store.github import PullRequest, Run


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
    (item,) = store.delivery.items.values()
    assert isinstance(item, Deployment)
    return item


def test_an_alert_said_again_is_counted_not_listed_twice() -> None:
    store = Store()
    store.apply(alert(0))
    store.apply(alert(5))
    (item,) = store.delivery.items.values()
    assert (item.count, item.level, store.delivery.alerts()) == (2, "high", 1)


def test_a_resolved_alert_is_open_no_more() -> None:
    store = Store()
    store.apply(alert(0))
    store.apply(alert(5, resolved=True))
    (item,) = store.delivery.items.values()
    assert (item.open, item.count, store.delivery.alerts()) == (False, 1, 0)


def test_open_alerts_come_before_newer_things() -> None:
    store = Store()
    store.apply(alert(0))
    store.apply(pull_request(0, at=10))
    notice = {"level": "info", "title": "Deployed", "message": "live"}
    store.apply(event("system_notification", notice, 20))
    assert {i.kind for i in store.delivery.items.values()} == {"alert", "notice", "pr"}


def test_a_failed_check_leaves_the_pull_request_open() -> None:
    store = Store()
    store.apply(pull_request(1))
    (item,) = store.delivery.items.values()
    assert (item.open, item.level) == (True, "error")
    assert "checks 7/9" in item.detail
    store.apply(pull_request(0, at=5, merged=True))
    (item,) = store.delivery.items.values()
    assert (item.open, item.level) == (False, "success")


def pr_update(at: float, **more: Any) -> Any:
    data = {"repository": "o/r", "number": 7, "title": "Refunds", "action": "labeled"}
    return event("github_pr_update", data | {"state": "open"} | more, at)


def the_pull_request(store: Store) -> PullRequest:
    (item,) = store.delivery.items.values()
    assert isinstance(item, PullRequest)
    return item


def test_what_a_pull_requests_event_leaves_out_is_as_it_was() -> None:
    store = Store()
    more: Any = {"draft": True, "reviewDecision": "CHANGES_REQUESTED", "branch": "refunds"}
    url = "https://example.org/7"
    store.apply(pull_request(1, **more, url=url, labels=["bug"]))
    before = the_pull_request(store)
    store.apply(pr_update(5))
    item = the_pull_request(store)
    assert (item.open, item.level, item.checks) == (True, "error", (7, 1, 1))
    assert (item.draft, item.review, item.branch) == (True, "changes requested", "refunds")
    assert (item.url, item.labels, item.detail) == (url, ("bug",), before.detail)
    store.apply(pr_update(6, action="ready_for_review", reviewDecision="", labels=[]))
    item = the_pull_request(store)
    assert (item.open, item.draft, item.review, item.labels) == (True, False, "", ())


def test_new_commits_of_a_pull_request_are_not_checked_yet() -> None:
    store = Store()
    store.apply(pull_request(1))
    store.apply(pr_update(5, action="synchronize"))
    assert (the_pull_request(store).open, the_pull_request(store).checks) == (False, None)


def test_a_deployment_shows_progress_until_it_ends() -> None:
    store = Store()
    store.apply(deployment("in_progress", 40, version="v2"))
    item = the_deployment(store)
    assert (item.progress, item.title, item.detail) == (40, "staging v2", "api✓ web…")
    store.apply(deployment("failed", 40, at=5))
    item = the_deployment(store)
    assert (item.progress, item.level, item.open, item.started) == (None, "error", True, START)
    assert [(p.status, p.percent) for p in item.past] == [("in_progress", 40), ("failed", 40)]


def test_a_failed_deployment_asks_for_nothing_once_a_later_one_is_complete() -> None:
    store = Store()
    for id_, environment in (("old", "staging"), ("prod", "prod")):
        store.apply(deployment("failed", 40, deploymentId=id_, environment=environment))
    key = store.inbox.occurrence(store.delivery.items["deployment old"])
    store.inbox.acknowledge(key, START)
    store.apply(deployment("in_progress", 10, 5, deploymentId="new"))
    store.apply(deployment("failed", 10, 6, deploymentId="newer"))

    def still_open() -> list[str]:
        return [item.key for item in store.delivery.items.values() if item.open]

    assert len(still_open()) == 3
    store.apply(deployment("completed", 100, 7, deploymentId="new"))
    assert still_open() == ["deployment prod", "deployment newer"]
    assert not store.inbox.is_acknowledged(key)
    store.apply(deployment("failed", 40, 8, deploymentId="old"))
    assert still_open() == ["deployment prod", "deployment newer"], "that is known"


def test_ci_is_one_line_for_a_workflow_and_branch() -> None:
    store = Store()
    run = {"repository": "o/r", "workflow": "ci", "branch": "main", "status": "completed"}
    store.apply(event("github_workflow_update", run | {"runId": 1, "conclusion": "failure"}))
    store.apply(event("github_workflow_update", run | {"runId": 2, "conclusion": "success"}, 5))
    (item,) = store.delivery.items.values()
    assert (item.level, item.open) == ("success", False)


def notice(number: int = 0, **more: Any) -> Any:
    data = {"level": "info", "title": f"Notice {number}", "message": "m"}
    return event("system_notification", data | more, number)


def test_each_kind_is_bounded_and_a_flood_of_one_leaves_the_others() -> None:
    store = Store()
    store.apply(alert())
    for number in range(MAX_OF_KIND + 10):
        store.apply(notice(number))
    items = store.delivery.items
    assert len(items) == MAX_OF_KIND + 1
    assert store.delivery.alerts() == 1
    assert min(item.at for item in items.values() if item.kind == "notice") == START + 10_000


def test_what_is_open_leaves_only_after_all_that_is_not() -> None:
    store = Store()
    store.apply(alert(alertId="first"))
    for number in range(MAX_OF_KIND):
        store.apply(alert(number, alertId=f"{number}", resolved=True))
    assert "alert first" in store.delivery.items
    assert "alert 0" not in store.delivery.items
    for number in range(MAX_OF_KIND):
        store.apply(alert(number, alertId=f"open {number}"))
    assert "alert first" not in store.delivery.items
    assert len(store.delivery.items) == store.delivery.alerts() == MAX_OF_KIND


def test_since_is_when_it_became_open_whatever_is_said_after() -> None:
    store = Store()
    seen = []
    for at, resolved in ((1, False), (2, False), (3, True), (4, True), (5, False)):
        store.apply(alert(at, resolved=resolved, description=f"{at}"))
        (item,) = store.delivery.items.values()
        seen.append(((item.since - START) / 1000, item.count))
    assert seen == [(1, 1), (1, 2), (3, 1), (3, 1), (5, 1)]


def test_the_same_notification_is_counted_and_another_is_not() -> None:
    store = Store()
    for made in (notice(), notice(), notice(message="other"), notice(level="error")):
        store.apply(made)
    assert sorted(item.count for item in store.delivery.items.values()) == [1, 1, 2]


def test_a_notification_keeps_what_its_actions_say_and_no_cut_address() -> None:
    store = Store()
    long = "https://example.org/" + "x" * 3_000
    actions = [
        {"label": "a", "url": "https://example.org"},
        {"label": "b", "href": 7, "action": "open"},
        {"label": "c", "url": long},
        {"label": "d"},
    ]
    store.apply(notice(actions=actions * 5))
    (item,) = store.delivery.items.values()
    assert isinstance(item, Notice)
    assert item.actions[:4] == (("a", "https://example.org"), ("b", "open"), ("c", ""), ("d", ""))
    assert len(item.actions) == 9


def test_components_keep_their_progress_whatever_words_a_publisher_has() -> None:
    store = Store()
    words = ("Completed", "rolled-back", "PENDING", "deploying", "not started")
    components = [{"name": word, "status": word} for word in words]
    components[0]["progress"] = 100  # type: ignore[assignment]
    components[1]["progress"] = "half"
    store.apply(deployment("in_progress", 40, components=components))
    item = the_deployment(store)
    assert [c.outcome for c in item.components] == [
        "done", "failed", "waiting", "running", "waiting",
    ]  # fmt: skip
    assert [c.progress for c in item.components[:2]] == [100, None]


def test_runs_are_remembered_with_how_long_they_took() -> None:
    store = Store()
    data = {"repository": "o/r", "workflow": "ci", "branch": "b", "status": "completed"}
    for run_id, conclusion, at in (
        (1, None, 0), (1, "failure", 40), (1, "failure", 41), (2, None, 50), (2, "success", 60),
    ):  # fmt: skip
        more = {"conclusion": conclusion} if conclusion else {}
        store.apply(event("github_workflow_update", data | {"runId": run_id} | more, at))
        failing = store.delivery.failing("o/r", "b")
        assert failing == (["ci"] if conclusion == "failure" else [])
    (item,) = store.delivery.items.values()
    assert isinstance(item, Run)
    assert [(p.run_id, p.conclusion, p.duration) for p in item.past] == [
        ("1", "failure", 40_000),
        ("2", "success", 10_000),
    ]


def ci(run_id: int | str, at: float, conclusion: str | None = None) -> Any:
    data = {"repository": "o/r", "workflow": "ci", "branch": "b", "status": "x", "runId": run_id}
    return event("github_workflow_update", data | {"conclusion": conclusion}, at)


def the_run(*events: Any) -> Run:
    store = Store()
    for made in events:
        store.apply(made)
    (item,) = store.delivery.items.values()
    assert isinstance(item, Run)
    return item


def runs(run: Run) -> list[tuple[str, str, float | None]]:
    return [(a.run_id, a.conclusion, a.duration and a.duration / 1000) for a in run.past]


def test_a_run_that_ends_after_a_newer_one_began_takes_no_place_of_that() -> None:
    events = [ci(1, 0), ci(2, 60), ci(1, 120, "failure")]
    run = the_run(*events)
    assert (run.run_id, run.conclusion, run.open, run.started) == ("2", "", False, START + 60_000)
    run = the_run(*events, ci(2, 600, "success"))
    assert (run.run_id, run.conclusion, run.duration) == ("2", "success", 540_000)
    assert runs(run) == [("1", "failure", 120), ("2", "success", 540)]


def test_a_run_that_is_run_again_is_one_run_with_its_last_conclusion() -> None:
    again = [ci(1, 0), ci(1, 60, "failure"), ci(1, 70), ci(1, 120, "success")]
    assert runs(the_run(*again)) == [("1", "success", 50)]
    assert the_run(*again[:3]).started == START + 70_000
    run = the_run(*again, ci(2, 200))
    assert (run.run_id, run.conclusion, runs(run)) == ("2", "", [("1", "success", 50)])


def test_of_a_run_first_heard_of_at_its_end_it_is_not_known_how_long_it_took() -> None:
    assert runs(the_run(ci(1, 60, "failure"))) == [("1", "failure", None)]


def test_a_run_first_heard_of_at_its_end_is_the_newest_unless_its_number_is_lower() -> None:
    for row, ended, newest in ((2, 1, "2"), (1, 2, "2"), ("b", "a", "a")):
        run = the_run(ci(row, 0), ci(ended, 60, "failure"), ci(ended, 61, "failure"))
        assert run.run_id == newest
    assert the_run(ci(2, 0), ci(2, 5, "success"), ci(1, 60, "failure")).run_id == "1"


def test_runs_before_are_bounded() -> None:
    run = the_run(*(ci(number, number, "success") for number in range(100)))
    assert [past.run_id for past in run.past] == [f"{number}" for number in range(80, 100)]


def test_a_closed_pull_request_asks_for_nothing() -> None:
    store = Store()
    store.apply(pull_request(1))
    assert next(iter(store.delivery.items.values())).open
    store.apply(pull_request(1, at=1, state="closed", action="closed"))
    (item,) = store.delivery.items.values()
    assert not item.open
    assert isinstance(item, PullRequest)
    assert [past.action for past in item.past] == ["synchronize", "closed"]


def test_few_items_hold_their_events_until_somebody_reads_them() -> None:
    store = Store()
    store.apply(deployment("in_progress", 40, deploymentId="same"))
    old = the_deployment(store)  # as a pane has it that stands still
    for number in range(MAX_UNREAD * 2):
        store.apply(deployment("in_progress", 40, deploymentId=f"d{number}"))
        store.apply(deployment("in_progress", 50, number, deploymentId="same"))
    items = [*store.delivery.items.values(), old]
    assert sum(item._event is not None for item in items) <= MAX_UNREAD + 1
    assert all(item.title.startswith("staging ") for item in items)
    assert all(item._event is None for item in items)


def test_the_one_longest_unheard_of_is_read_first() -> None:
    store = Store()
    for id_ in ("a", "b", "a"):
        store.apply(deployment("in_progress", 40, deploymentId=id_))
    assert list(store.delivery._unread) == ["deployment b", "deployment a"]


def test_it_does_not_matter_when_an_item_is_read() -> None:
    early, late = Store(), Store()
    for number in range(3):
        for made in (
            alert(number, description=f"{number}"),
            notice(message="m"),
            pull_request(number, number, branch=f"b{number}"),
            deployment("in_progress", number, number, version=f"{number}"),
        ):
            early.apply(made)
            late.apply(made)
        read = [(item.title, item.detail, item.level) for item in early.delivery.items.values()]
    assert read == [(item.title, item.detail, item.level) for item in late.delivery.items.values()]
    assert [item.count for item in late.delivery.items.values()] == [3, 3, 1, 1]
