"""An agent: what it does, how it fares, what it did and said, and what it sent."""

from collections.abc import Sequence
from itertools import islice, zip_longest
from typing import TYPE_CHECKING, Any

from tui.details.sections import as_data, block, field, paragraph, raw_events, section
from tui.details.subject import Subject
from tui.store import Store
from tui.store.agents import Agent
from tui.store.logs import LogLine
from tui.store.past import Fault, Task
from tui.widgets.cells import (
    Line,
    age,
    byte_size,
    chart,
    clock_time,
    counted,
    fit,
    line_width,
    meter,
    percent,
)
from tui.widgets.needs import put_off_said
from tui.widgets.statuses import status_said

if TYPE_CHECKING:
    from tui.protocol.models import Message
    from tui.store.past import Chart

EVENTS = 20
"""Raw events shown."""
LOG_LINES, LOOKED_AT = 12, 5_000
"""Log lines shown, and how many of the newest are looked through for them."""
TWO_CHARTS_FROM = 84
"""Width from which two charts stand side by side."""
CHART_HEIGHT = 3
MAX_CHART = 96
MAX_METER = 40
TASKS = {
    "completed": ("✓", "ok"),
    "failed": ("✗", "bad"),
    "cancelled": ("∅", "warn"),
    "in_progress": ("●", "info"),
    "pending": ("○", "dim"),
}
LEVELS = {"debug": "dim", "info": "info", "warn": "warn", "error": "bad", "critical": "alarm"}


def _ago(milliseconds: float) -> str:
    return f"{age(milliseconds)} ago" if milliseconds >= 1000 else "just now"


def _milliseconds(value: float) -> str:
    return f"{value:.0f}ms" if value < 10_000 else age(value)


CHARTS = (
    ("CPU", "cpu_usage", percent, 100.0),
    ("MEMORY", "memory_usage", byte_size, 0.0),
    ("QUEUE", "task_queue_depth", "{:.0f}".format, 4.0),
    ("RESPONSE", "response_time", _milliseconds, 0.0),
)
"""Title, measure, how its values are written, and the least that the scale reaches up to."""


class AgentDetail:
    def __init__(self, subject: Subject) -> None:
        self._id = subject.key
        self._raw: tuple[object, list[Line]] = (None, [])
        """Events as they were laid out last, and for which events and width that was."""

    def title(self, store: Store) -> str:
        agent = store.agents.by_id.get(self._id)
        return f"{self._id} {agent.kind}" if agent else self._id

    def lines(self, store: Store, now: float, width: int) -> Sequence[Line]:
        agent = store.agents.by_id.get(self._id)
        if agent is None:
            return ()
        past = store.agents.past
        tasks = past.tasks(self._id)
        current = next((task for task in tasks if task.id == agent.task_id), None)
        earlier = [task for task in tasks if task is not current]
        measured = past.chart(self._id)
        return [
            *section("now", self._now(store, agent, now, width)),
            *section("task", _task(agent, current, now, width)),
            *section("metrics", _charts(measured, width) if measured else ()),
            *section("log", self._log(store, width)),
            *section("errors", _faults(past.faults(self._id), agent, width)),
            *section("earlier tasks", [_earlier(task, width) for task in earlier]),
            *section("events", self._events(store, width)),
        ]

    def data(self, store: Store) -> object:
        return [as_data(event) for event in store.history.about("agent_id", self._id)]

    def _now(self, store: Store, agent: Agent, now: float, width: int) -> list[Line]:
        glyph, style, word = status_said(agent.status)
        if agent.is_quiet(now):
            glyph, style, word = "?", "dim", "quiet, was working"
        put_off = put_off_said(store.inbox, agent, now)
        status: Line = (
            (f"{'status':<12} ", "dim"),
            (f"{glyph} {word}", style),
            (f" for {age(now - agent.since)}", "text"),
            (f", {put_off}" if put_off else "", "info"),
            (f", since {clock_time(agent.since)}", "dim"),
        )
        why = paragraph(agent.why, width, "alarm" if agent.needs_you else "text", indent=13)
        cycle = store.tdd.by_agent.get(agent.id)
        lines = [status, *why, field("last word", _ago(now - agent.seen))]
        if cycle is not None and cycle.phase:
            style = cycle.phase if cycle.phase in ("red", "green", "refactor") else "text"
            lines.append(
                (
                    (f"{'cycle':<12} ", "dim"),
                    (cycle.phase.upper(), style),
                    (f" for {age(now - cycle.since)}", "text"),
                    (f", tests ✓{cycle.totals.passing} ✗{cycle.totals.failing}", "dim"),
                )
            )
        return lines

    def _log(self, store: Store, width: int) -> list[Line]:
        """The newest lines, the newest last, as a log is read."""
        newest = islice(reversed(store.logs.lines), LOOKED_AT)
        mine = list(islice((line for line in newest if line.agent == self._id), LOG_LINES))
        return [_said(line, width) for line in reversed(mine)]

    def _events(self, store: Store, width: int) -> list[Line]:
        events: list[Message] = store.history.about("agent_id", self._id, EVENTS)
        wanted = (width, [event.id for event in events])
        if self._raw[0] != wanted:
            self._raw = (wanted, raw_events(events, width))
        return self._raw[1]


def _said(line: LogLine, width: int) -> Line:
    said: Line = (
        (f"{clock_time(line.last or line.at)} ", "dim"),
        (f"{fit(line.level.upper(), 5)} ", LEVELS.get(line.level, "text")),
        (line.message, "text"),
    )
    return counted(said, line.times, width)


def _task(agent: Agent, task: Task | None, now: float, width: int) -> list[Line]:
    if not agent.task_id:
        return []
    lines = paragraph(agent.task, width, "strong")
    named = " · ".join(part for part in (agent.task_id, task.kind if task else "") if part)
    began = f" · for {age(now - task.started)}" if task else ""
    lines.append(((fit(f"{named}{began}", width).rstrip(), "dim"),))
    if agent.progress is not None:
        bar = meter(agent.progress / 100, max(8, min(MAX_METER, width - 8)))
        lines.append(((bar, "info"), (f" {percent(agent.progress)}", "text")))
    return lines


def _earlier(task: Task, width: int) -> Line:
    """A task in one line: how it ended, when, how long it took, what it was."""
    glyph, style = TASKS.get(task.status, ("·", "text"))
    if task.ended is None:
        ended, took = "", "left"
    else:
        # Heard of once only, it is not known when it began.
        length = task.ended - task.started
        ended, took = clock_time(task.ended), age(length) if length > 0 else ""
    title = task.title or " · ".join(part for part in (task.id, task.kind) if part)
    word = "" if task.status == "completed" else f"{task.status.replace('_', ' ')}: "
    room = max(8, width - 21)
    return (
        (f"{glyph} ", style),
        (f"{ended:<8} ", "dim"),
        (f"{took:>7}  ", "text"),
        (fit(f"{word}{title}", room).rstrip(), style if word else "text"),
    )


def _charts(measured: "Chart", width: int) -> list[Line]:
    beside = width >= TWO_CHARTS_FROM
    each = min(MAX_CHART, (width - 3) // 2 if beside else width)
    drawn = [
        _chart(title, series, written, least, each)
        for title, name, written, least in CHARTS
        if (series := measured.series(name))
    ]
    if not beside:
        return [line for lines in drawn for line in (*lines, ())][:-1]
    lines: list[Line] = []
    for left, right in zip_longest(drawn[::2], drawn[1::2], fillvalue=None):
        for first, second in zip_longest(left or (), right or (), fillvalue=()):
            gap = " " * (each + 3 - line_width(first))
            lines.append((*first, (gap, ""), *second))
        lines.append(())
    return lines[:-1]


def _chart(
    title: str, series: list[tuple[float, float]], written: Any, least: float, width: int
) -> list[Line]:
    """What it is now, its range, and over how long; bars below."""
    values = [value for _, value in series]
    low, high = min(values), max(values)
    spans: Line = (
        (f"{title} ", "head"),
        (written(values[-1]), "strong"),
        (f"  min {written(low)}  max {written(high)}", "dim"),
        (f"  over {age(series[-1][0] - series[0][0])}" if width >= 48 else "", "dim"),
    )
    bars = chart(values, width, CHART_HEIGHT, max(least, high))
    return [spans, *(((bar, "info"),) for bar in bars)]


def _faults(faults: list[Fault], agent: Agent, width: int) -> list[Line]:
    """The newest first, each with its stack."""
    lines: list[Line] = []
    for fault in faults:
        fate = {True: "recoverable", False: "not recoverable", None: ""}[fault.recoverable]
        about = " · ".join(part for part in (fault.code, fate, fault.task) if part)
        lines.append(((f"✗ {clock_time(fault.at)} ", "bad"), (about, "dim")))
        lines += paragraph(fault.message, width, "strong", indent=2)
        lines += block(fault.stack, width, indent=4)
    if 0 < len(faults) < agent.errors:
        lines.append(((f"… {agent.errors - len(faults):,} earlier ones", "dim"),))
    return lines
