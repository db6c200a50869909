"""How much of a failure an event may carry: any text in, bounded and encodable text out. Pure."""

import json
from collections.abc import Callable, Iterable
from typing import Any

from tui.protocol.text import clean

MAX_EVENT = 48 * 1024
"""What `data` of one event may take in bytes: a server takes 64 KiB from anyone."""
_MAX_LINE = 300
"""Characters of one line of a traceback."""
_MAX_READ = 20_000
"""Characters of one text that are looked at: a failure may hold a dump of gigabytes."""


def excerpt(text: str) -> str:
    """As much of a text as is ever looked at, from both its ends."""
    if len(text) <= _MAX_READ:
        return text
    return f"{text[: _MAX_READ // 2]}\n{text[-_MAX_READ // 2 :]}"


def one_line(text: str, limit: int) -> str:
    """The first line that says something, as harmless text of at most `limit` characters."""
    lines = (line.strip() for line in text[:_MAX_READ].splitlines())
    return clean(next((line for line in lines if line), "")[: 4 * limit], limit)


def path_text(path: str, limit: int = 256) -> str:
    """A path of at most `limit` characters; what is too long loses its head, not its name."""
    if len(path) > limit:
        path = "…" + path[1 - limit :]
    return clean(path, limit)


def traceback_text(text: str, limit: int) -> str:
    """Head and tail of a traceback, whole lines, in at most `limit` characters.

    The end says what went wrong and where, so that it gets two thirds of the room.
    """
    lines = [
        clean(line[: 4 * _MAX_LINE].expandtabs(4).rstrip(), _MAX_LINE)
        for line in excerpt(text).splitlines()
    ]
    if sum(len(line) + 1 for line in lines) <= limit + 1:
        return "\n".join(lines)
    room = limit - 30  # for the line that says how many are missing
    tail = _fill(reversed(lines), room * 2 // 3)
    head = _fill(lines[: len(lines) - len(tail)], room - sum(len(line) + 1 for line in tail))
    missing = len(lines) - len(head) - len(tail)
    return "\n".join([*head, f"… {missing} lines left out …", *reversed(tail)])[:limit]


def fitting(build: Callable[..., dict[str, Any]], *steps: tuple[int, ...]) -> dict[str, Any]:
    """The first of `build(*step)` that is small enough; the last one, where none is."""
    data: dict[str, Any] = {}
    for step in steps:
        data = build(*step)
        if len(json.dumps(data, ensure_ascii=False).encode("utf-8", "replace")) <= MAX_EVENT:
            break
    return data


def _fill(lines: Iterable[str], room: int) -> list[str]:
    """As many lines as fit."""
    taken = []
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            break
        taken.append(line)
    return taken
