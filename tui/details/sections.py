"""What details are built of: headed sections, fields, and events as they came."""

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from tui.protocol.numbers import whole
from tui.protocol.text import clean
from tui.widgets.cells import Line, clock_time, wrap

if TYPE_CHECKING:
    from tui.protocol.models import Message

GAP: Line = ()
MAX_RAW_LINES = 400
"""Of one event; a hostile one has more."""


def section(title: str, lines: Iterable[Line]) -> list[Line]:
    """A heading and what is below it; nothing where that is nothing."""
    body = list(lines)
    return [((title.upper(), "head"),), *body, GAP] if body else []


def field(name: str, value: str, style: str = "text", *, width: int = 12) -> Line:
    return ((f"{name:<{width}} ", "dim"), (value, style))


def paragraph(text: str, width: int, style: str = "text", indent: int = 0) -> list[Line]:
    """Text of any length, wrapped."""
    pad = " " * indent
    return [((pad, ""), (line, style)) for line in wrap(text, max(10, width - indent))]


def block(text: str, width: int, style: str = "dim", indent: int = 2) -> list[Line]:
    """Text that has lines of its own, such as a traceback: kept, the long ones cut."""
    return [((" " * indent + clean(line, 4 * width), style),) for line in text.splitlines()]


def raw_events(events: Sequence["Message"], width: int) -> list[Line]:
    """Each event as the wire had it, the newest first."""
    lines: list[Line] = []
    for event in events:
        lines.append(((f"{clock_time(event.timestamp or 0)} {event.type}", "accent"),))
        text = json.dumps(as_data(event), indent=2, ensure_ascii=False, default=str)
        shown = text.split("\n")
        lines += [((f"  {clean(line, 4 * width)}", "dim"),) for line in shown[:MAX_RAW_LINES]]
        if len(shown) > MAX_RAW_LINES:
            lines.append(((f"  … {len(shown) - MAX_RAW_LINES:,} more lines", "warn"),))
    return lines


def as_data(event: "Message") -> dict[str, Any]:
    """An event as plain values, by the names of the wire."""
    data: dict[str, Any] = whole({"type": event.type} | event.model_dump(exclude_unset=True))
    return data
