"""Events to be sent again, from a file or standard input with an envelope in each line."""

import json
import os
import sys
from collections.abc import AsyncIterator, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from tui.cli.pipes import read_lines
from tui.protocol.envelope import has_long_number
from tui.protocol.limits import MAX_CLIENT_RECEIVE
from tui.recording import Damage, RecordingError, read

STANDARD_INPUT = "-"


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
    """The lines of a file, or of standard input (`-`), as they come; raises OSError."""
    number = 0
    async for line in _each(_lines(name)):
        number += 1
        if isinstance(line, str):
            yield number, line
        elif line.strip():
            try:
                yield number, _parcel(line, keep_time=keep_time)
            except ValueError as error:
                yield number, str(error)


def is_readable(name: str) -> bool:
    return name == STANDARD_INPUT or (os.access(name, os.R_OK) and not Path(name).is_dir())


def count_after(name: str, number: int) -> int:
    """Events behind line `number` of a file; 0 where it is none, and what follows is not known."""
    path = Path(name)
    if not path.is_file():
        return 0
    return sum(bool(line.strip()) for line in islice(_stored(path), number, None))


async def _each(
    lines: Iterator[bytes | str] | AsyncIterator[bytes],
) -> AsyncIterator[bytes | str]:
    if isinstance(lines, AsyncIterator):
        async for line in lines:
            yield line
    else:
        for one in lines:
            yield one


def _lines(name: str) -> Iterator[bytes | str] | AsyncIterator[bytes]:
    """A text among them says what could not be read."""
    longest = MAX_CLIENT_RECEIVE + 1
    if name == STANDARD_INPUT:
        if sys.stdin is None:
            raise OSError("it is closed")
        return read_lines(sys.stdin.fileno(), longest)
    path = Path(name)
    if path.is_fifo():
        return read_lines(os.open(path, os.O_RDONLY), longest)
    return _stored(path)


def _stored(path: Path) -> Iterator[bytes | str]:
    if path.suffix == ".gz":
        yield from _recorded(path)
        return
    with path.open("rb") as file:
        yield from file


def _recorded(path: Path) -> Iterator[bytes | str]:
    """A compressed recording's events, and at the end what is broken in it."""
    damage = Damage()
    try:
        yield from read(path, damage)
    except RecordingError as error:
        raise OSError(str(error)) from error
    if damage:
        yield str(damage)


def _parcel(line: bytes, *, keep_time: bool) -> Parcel:
    if len(line) > MAX_CLIENT_RECEIVE:
        raise ValueError(f"longer than {MAX_CLIENT_RECEIVE:,} bytes")
    try:
        # Whole numbers beyond 64 bits must not become fractions unseen.
        envelope = json.loads(line) if has_long_number(line) else orjson.loads(line)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not JSON: {error}") from None
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
