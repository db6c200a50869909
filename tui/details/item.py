"""A row of the alerts pane: what each kind of it has to say."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tui.details.github import issue_lines, pull_request_lines, run_lines
from tui.details.sections import as_data, field, paragraph, raw_events, section
from tui.details.subject import Subject
from tui.details.system import alert_lines, deployment_lines, notice_lines
from tui.store import Store
from tui.store.alerts import Alert, Notice
from tui.store.deployments import Deployment
from tui.store.github import Issue, PullRequest, Run
from tui.store.item import Item
from tui.widgets.cells import Line, age, clock_time
from tui.widgets.needs import put_off_said

if TYPE_CHECKING:
    from tui.protocol.models import Message

EVENTS = 10
"""Raw events shown."""


class ItemDetail:
    def __init__(self, subject: Subject) -> None:
        self._key = subject.key

    def title(self, store: Store) -> str:
        item = store.delivery.items.get(self._key)
        return f"{item.kind} {item.title}" if item else self._key

    def lines(self, store: Store, now: float, width: int) -> Sequence[Line]:
        item = store.delivery.items.get(self._key)
        if item is None:
            return ()
        return [
            *section(item.kind, _common(item, store, now, width)),
            *_own(item, store, now, width),
            *section("events", raw_events(_events(item, store)[:EVENTS], width)),
        ]

    def data(self, store: Store) -> object:
        item = store.delivery.items.get(self._key)
        return [as_data(event) for event in _events(item, store)] if item else []


def _common(item: Item, store: Store, now: float, width: int) -> list[Line]:
    state: list[Line] = []
    if item.open:
        put_off = put_off_said(store.inbox, item, now)
        said = (f", {put_off}" if put_off else "", "info")
        state = [(*field("state", f"open for {age(now - item.since)}", "bad"), said)]
    return [
        *paragraph(item.title, width, "strong"),
        *state,
        field("last word", f"{clock_time(item.at)}, {age(now - item.at)} ago"),
        *([field("said", f"{item.count:,} times")] if item.count > 1 else []),
    ]


def _own(item: Item, store: Store, now: float, width: int) -> list[Line]:
    match item:
        case Alert():
            return alert_lines(item, width)
        case Notice():
            return notice_lines(item, width)
        case Deployment():
            return deployment_lines(item, now, width)
        case PullRequest():
            return pull_request_lines(item, store.delivery, now)
        case Issue():
            return issue_lines(item, now)
        case Run():
            return run_lines(item, now)
    return []


def _events(item: Item, store: Store) -> "list[Message]":
    """The kept events about it, the newest first."""
    history = store.history
    match item:
        case Alert():
            return history.about("alert_id", item.id)
        case Deployment():
            return history.about("deployment_id", item.id)
        case Notice():
            found = history.about("title", item.title)
            return [e for e in found if getattr(e.data, "message", None) == item.message]
        case Issue():
            type_ = "github_pr_update" if item.kind == "pr" else "github_issue_update"
            found = history.about("repository", item.repository, 500)
            return [e for e in found if e.type == type_ and _number(e) == item.number]
        case Run():
            found = history.about("workflow", item.workflow, 500)
            return [e for e in found if (getattr(e.data, "branch", None) or "") == item.branch]
    return []


def _number(event: "Message") -> object:
    return getattr(event.data, "number", None)
