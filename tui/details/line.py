"""A log line in full, with what came with it and what was said around it."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tui.details.sections import as_data, block, field, paragraph, raw_events, section
from tui.details.subject import Subject
from tui.store import Store
from tui.store.logs import LogLine
from tui.widgets.cells import Line, age, clock_time, counted, fit, speaker_width

if TYPE_CHECKING:
    from tui.protocol.models import Message

AROUND = 10
"""Lines shown before it, and after it."""
STYLES = {"warn": "warn", "error": "bad", "critical": "bad"}


class LineDetail:
    def __init__(self, subject: Subject) -> None:
        self._number = int(subject.key)

    def title(self, store: Store) -> str:
        line = store.logs.get(self._number)
        return f"{line.agent} {line.level} {clock_time(line.at)}" if line else "log line"

    def lines(self, store: Store, now: float, width: int) -> Sequence[Line]:
        line = store.logs.get(self._number)
        if line is None:
            return ()
        return [
            *section(
                "line",
                [
                    field("agent", line.agent),
                    field("level", line.level, STYLES.get(line.level, "text")),
                    field("at", f"{clock_time(line.at)}, {age(now - line.at)} ago"),
                    *([_repeated(line)] if line.times > 1 else []),
                ],
            ),
            *section("message", paragraph(line.message, width)),
            *section("context", _context(line.context, width)),
            *section("around", self._around(store, width)),
            *section("event", raw_events(_events(line, store), width)),
        ]

    def _around(self, store: Store, width: int) -> list[Line]:
        near = store.logs.between(self._number - AROUND, self._number + AROUND + 1)
        return [_near(line, width, here=number == self._number) for number, line in near]

    def data(self, store: Store) -> object:
        line = store.logs.get(self._number)
        if line is None:
            return {}
        events = [as_data(event) for event in _events(line, store)]
        return line._asdict() | {"context": _value(line.context), "events": events}


def _repeated(line: LogLine) -> Line:
    said = f"{line.times:,} times in a row, until {clock_time(line.last)}"
    return field("said", said, "warn")


def _near(line: LogLine, width: int, *, here: bool) -> Line:
    agent = speaker_width(width)
    said: Line = (
        ("▸ " if here else "  ", "accent"),
        (f"{clock_time(line.at)} ", "dim"),
        (fit(line.agent, agent) + " ", "strong" if here else "text"),
        (fit(line.level.upper(), 5) + " ", STYLES.get(line.level, "dim")),
        (line.message, "strong" if here else "text"),
    )
    return counted(said, line.times, width)


def _value(context: str) -> object:
    """The context as a value; as text where it had to be cut."""
    try:
        return json.loads(context) if context else None
    except (ValueError, RecursionError):
        return context


def _context(context: str, width: int) -> list[Line]:
    value = _value(context)
    if value is None:
        return []
    if isinstance(value, str):
        return paragraph(value, width, "dim", 2)
    lines: list[Line] = []
    stack = value.pop("stack", None) if isinstance(value, dict) else None
    if value:
        lines += block(json.dumps(value, indent=2, ensure_ascii=False), width)
    if isinstance(stack, str):
        lines += block(stack, width)
    return lines


def _events(line: LogLine, store: Store) -> "list[Message]":
    """The event itself, as long as it is among the newest."""
    found = store.history.about("agent_id", line.agent, 2_000)
    return [
        event
        for event in found
        if event.timestamp == (line.last or line.at)
        and str(getattr(event.data, "message", "")).startswith(line.message)
    ][:1]
