"""Rows of the alerts pane as they are copied and exported: whole, and without a picture. Pure."""

from typing import Any

from tui.panes.delivery_rows import GLYPHS
from tui.store.alerts import Alert, Notice
from tui.store.delivery import Delivery
from tui.store.deployments import MARKS, Deployment
from tui.store.github import Issue, PullRequest, Run
from tui.store.item import Item
from tui.widgets.cells import clock_time, joined, percent


def item_words(item: Item, delivery: Delivery, *, acknowledged: bool = False) -> str:
    """One line: when, what, how it stands, and all that is said of it."""
    resolved = isinstance(item, Alert) and not item.open
    word, title, *said = _said(item, delivery)
    sign = "✓" if resolved else GLYPHS.get(item.kind, "·")
    more = joined(*said)
    return joined(
        clock_time(item.at, seconds=False),
        sign,
        "RESOLVED" if resolved else word,
        f"{title}:" if more else title,
        more,
        f"×{item.count}" if item.count > 1 else "",
        "ack" if acknowledged else "",
    )


def _said(item: Item, delivery: Delivery) -> tuple[str, ...]:
    """A word, the title, and the rest."""
    match item:
        case Alert():
            return item.level.upper(), item.title, item.description
        case Notice():
            return item.level.upper(), item.title, item.message
        case Deployment():
            parts = (f"{part.name}{MARKS[part.outcome]}" for part in item.components)
            return item.status, item.title, percent(item.progress), *parts
        case PullRequest():
            failing = delivery.failing(item.repository, item.branch) if item.branch else ()
            broken = (f"✗{name}" for name in failing)
            return f"PR#{item.number}", item.name, item.repository, item.detail, *broken
        case Issue():
            return f"#{item.number}", item.name, item.repository, item.detail
        case Run():
            return "CI", item.title, item.repository, item.detail
    return item.level.upper(), item.title, item.detail


def item_record(item: Item, *, acknowledged: bool) -> dict[str, Any]:
    """An item as plain values: what all have, and then its own."""
    return {
        "kind": item.kind,
        "at": item.at,
        "level": item.level,
        "title": item.title,
        "detail": item.detail,
        "count": item.count,
        "open": item.open,
        "since": item.since,
        "acknowledged": acknowledged,
        **_own(item),
    }


def _own(item: Item) -> dict[str, Any]:
    match item:
        case Alert():
            return {
                "id": item.id,
                "detail": item.description,
                "components": list(item.affected),
                "recommended": list(item.recommended),
            }
        case Notice():
            return {
                "detail": item.message,
                "source": item.source,
                "actions": [action._asdict() for action in item.actions],
            }
        case Deployment():
            return {
                "id": item.id,
                "status": item.status,
                "progress": item.progress,
                "components": [component._asdict() for component in item.components],
                "url": item.url,
            }
        case Issue():
            return {
                "repository": item.repository,
                "state": item.state,
                "labels": list(item.labels),
                "url": item.url,
            }
        case Run():
            return {"repository": item.repository, "branch": item.branch, "url": item.url}
    return {}
