"""Rows of the alerts pane: time, sign, a word, what it is about, and how it stands at the end.

Pure: an item in, a line of exactly so many cells out.
"""

from rich.cells import cell_len

from tui.panes.deployment_rows import PREFIX, WORD, component_words, matrix, titled
from tui.protocol.text import clean
from tui.store.alerts import Alert, Notice
from tui.store.delivery import Delivery
from tui.store.deployments import Deployment
from tui.store.github import Issue, PullRequest, Run
from tui.store.item import Item
from tui.widgets.cells import (
    Line,
    Span,
    age,
    clock_time,
    fill,
    fit,
    join_fitting,
    line_width,
    meter,
    percent,
)

LEVELS = {
    "critical": "alarm",
    "high": "bad",
    "medium": "warn",
    "low": "info",
    "error": "bad",
    "warning": "warn",
    "success": "ok",
    "info": "info",
}
GLYPHS = {
    "alert": "▲", "notice": "◆", "deployment": "⇡", "issue": "◇", "pr": "⎇", "ci": "»",
}  # fmt: skip
WORDS = {"rolled_back": "ROLLBACK", "rolledback": "ROLLBACK", "completed": "DONE"}
ROOMY = 60
"""From so many cells on a row says more of how it stands."""


def item_line(
    item: Item,
    delivery: Delivery,
    *,
    now: float,
    width: int,
    acknowledged: bool = False,
    columns: tuple[str, ...] = (),
) -> Line:
    """`columns` are the components of a matrix; none: they are said in words."""
    resolved = isinstance(item, Alert) and not item.open
    style = "dim" if resolved or acknowledged else LEVELS.get(item.level, "text")
    word, word_style = _word(item, style)
    prefix: Line = (
        (clock_time(item.at, seconds=False) + " ", "dim"),
        (
            ("✓" if resolved else GLYPHS.get(item.kind, "·")) + " ",
            style if style != "alarm" else "bad",
        ),
        (fit(word, WORD), word_style),
        (" ", ""),
    )
    text = "dim" if resolved or acknowledged else "text"
    if columns and isinstance(item, Deployment):
        return (*prefix, *matrix(item, columns, width, text))
    tail = _tail(item, delivery, now, width, acknowledged=acknowledged)
    room = max(0, width - PREFIX - line_width(tail))
    return (*prefix, *fill(_body(item, text, room), room), *tail)


def _word(item: Item, style: str) -> Span:
    match item:
        case Alert() if not item.open:
            return "RESOLVED", "dim"
        case Deployment() if item.progress is not None:
            return meter(item.progress / 100, WORD), "info"
        case Deployment():
            return WORDS.get(item.status.lower().replace("-", "_"), item.status.upper()), style
        case PullRequest():
            return f"PR#{item.number}", style
        case Issue():
            return f"#{item.number}", style
        case Run():
            return "CI", style
        case _:
            return item.level.upper(), style


def _body(item: Item, style: str, width: int) -> Line:
    match item:
        case Deployment():
            title = titled(item)
            words = component_words(item)
            left = width - cell_len(clean(title)) - 2
            return ((title, style), ("  ", ""), *join_fitting(words, left))
        case Issue():
            said = item.action if not isinstance(item, PullRequest) else item.repository
            return ((item.name, style), ("  ", ""), (said, "dim"))
        case Run():
            return (
                (f"{item.workflow} ", style), (item.branch, "dim"), ("  ", ""),
                (item.repository, "dim"),
            )  # fmt: skip
        case _:
            return ((item.title, style), ("  ", ""), (item.detail, "dim"))


def _tail(item: Item, delivery: Delivery, now: float, width: int, *, acknowledged: bool) -> Line:
    """How it stands, at the end of the row."""
    spans: list[Span] = []
    match item:
        case PullRequest():
            spans = _pull_request(item, delivery, width)
        case Deployment() if item.progress is not None:
            spans = [(f" {percent(item.progress):>4}", "info")]
            if item.expected is not None and item.expected > now and width >= ROOMY:
                spans.append((f" ~{age(item.expected - now)}", "dim"))
        case Issue() if item.state.lower() != "open":
            spans = [(f" {fit(item.state, min(8, cell_len(item.state)))}", "dim")]
        case Run():
            spans = _run(item, now)
        case Notice() if item.actions and width >= ROOMY:
            label = clean(item.actions[0].label, 24)
            spans = [(f" [{label}]", "info")] if label else []
        case _:
            pass
    if item.count > 1:
        spans.append((f" ×{item.count}", "dim" if acknowledged else "warn"))
    if acknowledged:
        spans.append((" ack", "dim"))
    return tuple(spans)


def _pull_request(item: PullRequest, delivery: Delivery, width: int) -> list[Span]:
    spans: list[Span] = []
    if checks := item.checks:
        name = "checks " if width >= ROOMY else ""
        good = checks.total and checks.passed == checks.total
        style = "bad" if checks.failed else "ok" if good else "info"
        spans.append((f" {name}{_short(checks.passed)}/{_short(checks.total)}", style))
        if checks.failed:
            failing = delivery.failing(item.repository, item.branch) if item.branch else []
            said = clean(failing[0], 12) if len(failing) == 1 else _short(checks.failed)
            spans.append((f" ✗{said}", "bad"))
    if item.merged or item.state.lower() == "closed":
        spans.append((" merged", "ok") if item.merged else (" closed", "dim"))
    elif item.review:
        wanted = item.review == "changes requested"
        style = "ok" if item.review == "approved" else "warn" if wanted else "dim"
        word = "changes" if wanted and width < ROOMY else clean(item.review, 18)
        spans.append((f" {word}", style))
    elif item.draft:
        spans.append((" draft", "dim"))
    return spans


def _run(item: Run, now: float) -> list[Span]:
    if item.conclusion:
        style = "bad" if item.open else "ok" if item.conclusion == "success" else "dim"
        return [(f" {clean(item.conclusion, 16).replace('_', ' ')}", style)]
    if item.status == "in_progress":
        return [(f" running {age(now - item.started)}", "info")]
    return [(f" {clean(item.status, 16).replace('_', ' ')}", "dim")]


def _short(number: int) -> str:
    return str(number) if number < 10_000 else "9999+"
