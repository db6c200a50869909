"""Reading a recording, a line at a time, whatever has happened to it."""

import json
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO

from tui.protocol.limits import MAX_CLIENT_RECEIVE
from tui.recording.fault import Damage, RecordingError
from tui.recording.members import MAGIC, Members

_BLOCK = 65_536
_TRIES = 100
"""Lines in which there is no event at all, after which a file is no recording."""


def read(path: Path, damage: Damage | None = None) -> Iterator[bytes]:
    """Each envelope's JSON, in the file's order; what is wrong with the rest is told in `damage`.

    An envelope is a JSON object with a `type` here; what else it must be, who decodes it finds out.
    The file is opened with the first one, and never in memory as a whole. Raises RecordingError.
    """
    return (raw for raw, _ in envelopes(path, Damage() if damage is None else damage))


def envelopes(path: Path, damage: Damage) -> Generator[tuple[bytes, dict[str, Any]]]:
    """The same, each with its fields."""
    found = False
    with closing(lines(path, damage)) as reading:
        for line, ended in reading:
            fields = parse(line)
            if fields is not None:
                found = True
                yield line, fields
            elif ended is False and _begins_envelope(line):
                damage.cut = True
            elif line or ended is None:
                damage.skip()
                if not found and damage.skipped >= _TRIES:
                    break
    if not found and damage.skipped:
        raise RecordingError(
            f"{path}: line {damage.first} is no event, nor is any after it; a recording is what "
            f"`autosdlc-tui record` makes, one JSON object a line"
        )


def lines(path: Path, damage: Damage) -> Generator[tuple[bytes, bool | None]]:
    """Each line of a file without its end, and whether it has one; None, and no text: too long.

    Of `damage` the line's number and what is wrong with the compression are told, all else is left
    to who reads the lines. Raises RecordingError.
    """
    try:
        with path.open("rb") as file:
            for line in _split(_text(path, file, damage)):
                damage.line += 1
                yield line
    except OSError as error:
        raise RecordingError(f"{path}: {_why(error)}") from error


def parse(line: bytes) -> dict[str, Any] | None:
    """The fields of an envelope; None for what is none."""
    fields = _json(line)
    return fields if isinstance(fields, dict) and isinstance(fields.get("type"), str) else None


def _begins_envelope(line: bytes) -> bool:
    """Whether this may be an envelope that was cut off."""
    return (line == b"{" or line.startswith(b'{"')) and _json(line) is None


def _json(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def is_gzip(path: Path) -> bool:
    """Whether a recording of this name is compressed."""
    return path.name.lower().endswith(".gz")


def _text(path: Path, file: BinaryIO, damage: Damage) -> Iterator[bytes]:
    """The file's text in pieces; raises RecordingError where its name promises something else."""
    if not is_gzip(path):
        piece = file.read(_BLOCK)
        if piece.startswith(MAGIC):
            raise RecordingError(f"{path}: is gzipped; give it a name that ends in .gz")
        while piece:
            yield piece
            piece = file.read(_BLOCK)
        return
    members = Members(file)
    yield from members
    if members.broken and not members.whole and not damage.line:
        raise RecordingError(f"{path}: is not gzipped; give it a name that does not end in .gz")
    damage.cut = damage.cut or members.cut
    if members.broken:
        damage.broken_from = members.whole


def _split(pieces: Iterable[bytes]) -> Iterator[tuple[bytes, bool | None]]:
    rest, too_long = b"", False
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            if too_long or len(line) > MAX_CLIENT_RECEIVE:
                yield b"", None
            else:
                yield line.strip(), True
            too_long = False
        if len(rest) > MAX_CLIENT_RECEIVE:
            rest, too_long = b"", True
    if too_long:
        yield b"", None
    elif rest:
        yield rest.strip(), False


def _why(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "no such file"
    if isinstance(error, PermissionError):
        return "you have no permission to read it"
    if isinstance(error, IsADirectoryError):
        return "is a directory; name a file in it"
    return f"cannot be read: {error.strerror}"
