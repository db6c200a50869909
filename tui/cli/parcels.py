"""Events to be sent again, from a file or standard input with an envelope in each line."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple

import orjson

from tui.cli.pipes import read_lines, read_pipe
from tui.protocol.envelope import has_long_number
from tui.protocol.limits import MAX_CLIENT_RECEIVE
from tui.recording import Damage, RecordingError, lines

STANDARD_INPUT = "-"
SLICE = 0.005
"""Seconds of lines at once, between two turns of the loop."""
_TOO_LONG = f"longer than {MAX_CLIENT_RECEIVE:,} bytes"


class Parcel(NamedTuple):
    """What an event is made of; whether it is a valid one is seen when it is published."""

    type: str
    data: Any
    source: Any = None
    correlation_id: Any = None
    timestamp: Any = None
    """Unix milliseconds; None: now."""


Parcels = AsyncIterator[tuple[int, Parcel | str]]
"""Each with its number; a text says why there is no event of that number."""


async def parcels(name: str, *, keep_time: bool) -> Parcels:
    """The lines of a file, or of standard input (`-`), as they come.

    Raises OSError, and RecordingError for a file that is not what its name says.
    """
    turn = monotonic()
    async for number, line in _numbered(name):
        if isinstance(line, str):
            yield number, line
        elif line.strip():
            try:
                yield number, _parcel(line, keep_time=keep_time)
            except ValueError as error:
                yield number, str(error)
        if monotonic() - turn > SLICE:
            await asyncio.sleep(0)
            turn = monotonic()


def is_readable(name: str) -> bool:
    return name == STANDARD_INPUT or (os.access(name, os.R_OK) and not Path(name).is_dir())


def count_after(name: str, number: int) -> int:
    """Events behind line `number` of a file; 0 where it is none, and what follows is not known."""
    count = 0
    if _is_stored(name):
        with suppress(RecordingError):
            for line, _ in islice(lines(Path(name), Damage()), number, None):
                count += bool(line)
    return count


def _is_stored(name: str) -> bool:
    return name != STANDARD_INPUT and Path(name).is_file()


async def _numbered(name: str) -> AsyncIterator[tuple[int, bytes | str]]:
    """Each line; a text says what is wrong there."""
    if not _is_stored(name):
        number = 0
        async for line in _coming(name):
            number += 1
            yield number, line
        return
    damage = Damage()
    for line, ended in lines(Path(name), damage):
        yield damage.line, _TOO_LONG if ended is None else line
    if damage:
        yield damage.line, str(damage)


def _coming(name: str) -> AsyncIterator[bytes]:
    longest = MAX_CLIENT_RECEIVE + 1
    if name != STANDARD_INPUT:
        return read_pipe(Path(name), longest)
    if sys.stdin is None:
        raise OSError("it is closed")
    return read_lines(sys.stdin.fileno(), longest)


def _parcel(line: bytes, *, keep_time: bool) -> Parcel:
    if len(line) > MAX_CLIENT_RECEIVE:
        raise ValueError(_TOO_LONG)
    try:
        # Whole numbers beyond 64 bits must not become fractions unseen.
        envelope = json.loads(line) if has_long_number(line) else orjson.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg} at character {error.pos + 1}") from None
    except (ValueError, RecursionError):
        raise ValueError("not JSON that can be read: a number or a nesting has no end") from None
    if isinstance(envelope, dict) and envelope.keys() == {"server", "event"}:
        envelope = envelope["event"]  # as `tail --json` prints it of several servers
    type_ = envelope.get("type") if isinstance(envelope, dict) else None
    if not isinstance(type_, str):
        raise ValueError("no event: an object with type and data is one")  # noqa: TRY004
    metadata = envelope.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    if metadata.get("encrypted"):
        raise ValueError("it is encrypted, and cannot be made anew")
    return Parcel(
        type_,
        envelope.get("data"),
        metadata.get("source"),
        metadata.get("correlationId"),
        envelope.get("timestamp") if keep_time else None,
    )
