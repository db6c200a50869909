"""Events as lines: as JSON, or for people, `TIME  WHO  EVENT  WHAT`.

    14:32:05  coder-001   status           needs_input  Bash: alembic upgrade head
    14:32:07  coder-001   test_result      failed       tests/test_refund.py: 1 of 13 failed

WHO and EVENT are the topic's, so that they can be used in a filter. Whatever an event says is made
harmless.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any

import click
import orjson
from rich.cells import cell_len

from tui.cli.summary import summarize
from tui.protocol.catalog import EVENTS
from tui.protocol.codec import encode
from tui.protocol.models.base import Control, Event
from tui.protocol.routing import topic_of
from tui.protocol.text import clean, escape_json
from tui.widgets.cells import clock_time

_WHO_CELLS = (10, 24)
"""The column is as wide as what was in it so far, within these bounds."""
_EVENT_CELLS = max(len(spec.event) for spec in EVENTS.values())
_WORD_CELLS = 11
_COLOURS = {
    word: colour
    for colour, words in {
        "red": "red error failed failure critical high",
        "yellow": "warn warning blocked needs_input medium",
        "green": "green busy passed completed complete success resolved",
        "blue": "refactor in_progress running",
    }.items()
    for word in words.split()
}


class Lines:
    """What is printed of each event; `servers` are the names of all, where there are several."""

    def __init__(
        self,
        *,
        as_json: bool = False,
        colour: bool = False,
        servers: Sequence[str] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._as_json = as_json
        self._colour = colour
        self._server_cells = max(map(len, servers)) if len(servers) > 1 else 0
        self._clock = clock
        self._who_cells = _WHO_CELLS[0]

    def line(self, event: Event | Control, server: str = "") -> bytes:
        """One line, with its end; `server` is the name of the one that sent it."""
        if self._as_json:
            return self._json(event, server) + b"\n"
        return self._text(event, server).encode() + b"\n"

    def _json(self, event: Event | Control, server: str) -> bytes:
        envelope = escape_json(encode(event))
        if not self._server_cells:
            return envelope
        return b'{"server":%b,"event":%b}' % (orjson.dumps(server), envelope)

    def _text(self, event: Event | Control, server: str) -> str:
        who, name = _topic(event)
        word, text = summarize(event)
        self._who_cells = min(max(self._who_cells, cell_len(who)), _WHO_CELLS[1])
        columns = [
            self._column(_moment(event.timestamp, self._clock()), 0, dim=True),
            self._column(who, self._who_cells, bold=True),
            self._column(name, _EVENT_CELLS, dim=True),
        ]
        if self._server_cells:
            columns.insert(0, self._column(server, self._server_cells, dim=True))
        if word:
            word = clean(word, 64)
            columns.append(self._column(word, _WORD_CELLS, fg=_COLOURS.get(word.lower())))
        stands_for = event.metadata and event.metadata.conflated
        older = f" (and {stands_for} older)" if stands_for else ""
        return "  ".join([*columns, (clean(text) + older).strip()]).rstrip()

    def _column(self, text: str, cells: int, **style: Any) -> str:
        padding = " " * (cells - cell_len(text))
        return (click.style(text, **style) if self._colour else text) + padding


def _topic(event: Event | Control) -> tuple[str, str]:
    """The topic's id and event; of what this version does not know, its source and its type."""
    if isinstance(event, Event):
        topic = topic_of(event)
        return clean(topic.id, 256), topic.event
    source = event.metadata.source if event.metadata else None
    return clean(source or "unknown", 256), clean(event.type, 64)


def _moment(milliseconds: float | None, now: float) -> str:
    """The local time, with its day where that is not today."""
    if milliseconds is None:
        return "--:--:--"
    shown = clock_time(milliseconds)
    if shown.startswith("-"):
        return shown
    day = time.localtime(milliseconds / 1000)[:3]
    return shown if day == time.localtime(now)[:3] else f"{day[0]}-{day[1]:02}-{day[2]:02} {shown}"
