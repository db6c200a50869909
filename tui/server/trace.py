"""`serve --trace`: the messages that come and go, one JSON object a line.

    {"time": "2026-01-31T12:00:00.250Z", "direction": "in", "client": "client-1f…", "name": "ci",
     "type": "agent_log", "id": "evt-…", "size": 312, "data": {…}}

`direction` is the server's view. `size` is the message's, in bytes of JSON, and `data` is there
where it was asked for: as text, its end cut off, where it is long. A frame that is no message of
any kind has the type `unreadable`. Secrets are removed. Tracing never slows a delivery: what
cannot be written in time is counted and left out, and a full disk ends it.
"""

import logging
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, Literal

import orjson

from tui.protocol import codec
from tui.protocol.catalog import MessageType
from tui.protocol.errors import ProtocolError
from tui.protocol.limits import MAX_CLIENT_RECEIVE, MAX_ID
from tui.protocol.topics import glob_match
from tui.server.config import ServerError, TraceConfig
from tui.server.deadline import LOG_SECONDS, Deadline
from tui.server.lines import LineWriter
from tui.server.redaction import redact, redact_value

MAX_DATA = 4096
"""Characters of `data` that are shown, as JSON."""
UNREADABLE = "unreadable"
Direction = Literal["in", "out"]
_log = logging.getLogger(__name__)


class Tracer:
    """Makes lines of frames and hands them to `put`. `clock` gives Unix seconds."""

    def __init__(
        self,
        config: TraceConfig,
        put: Callable[[str], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._config = config
        self._put = put
        self._clock = clock

    def frame(self, direction: Direction, client_id: str, name: str, frame: bytes) -> None:
        """A client sent this, or was sent it: one message or a batch as JSON, perhaps gzipped.

        `name` is that of the client's key, empty where it is not known yet.
        """
        if not self._follows(direction, client_id, name):
            return
        for raw, message in _messages(frame):
            type_ = _text(message.get("type")) or UNREADABLE
            if self._shows(type_):
                line = self._line(type_, message, len(raw))
                moment = {"time": _moment(self._clock()), "direction": direction}
                who = {"client": client_id, "name": redact(name)}
                self._put(orjson.dumps(moment | who | line).decode())

    def _follows(self, direction: Direction, client_id: str, name: str) -> bool:
        wanted = self._config
        return wanted.direction in (None, direction) and (
            not wanted.clients
            or any(glob_match(one, client_id) or glob_match(one, name) for one in wanted.clients)
        )

    def _shows(self, type_: str) -> bool:
        wanted = self._config
        return (not wanted.types or _any(wanted.types, type_)) and not _any(wanted.exclude, type_)

    def _line(self, type_: str, message: dict[str, Any], size: int) -> dict[str, Any]:
        line: dict[str, Any] = {"type": type_, "id": _text(message.get("id")), "size": size}
        if self._config.data and "data" in message:
            line["data"] = _shown(message["data"])
        return line


@contextmanager
def tracing(config: TraceConfig, deadline: Deadline | None = None) -> Iterator[Tracer]:
    """A tracer that writes where it is told to, until the block ends.

    What waits then is written if that takes no longer than the `deadline` allows. Raises
    ServerError where the file cannot be written, or a type does not exist.
    """
    _check((*config.types, *config.exclude))
    target = _open(config.file)

    def write(lines: Sequence[str]) -> None:
        target.write("".join([f"{line}\n" for line in lines]).encode("utf-8", "replace"))
        target.flush()

    def fault(error: Exception) -> None:
        place = config.file or "standard output"
        _log.error("tracing has ended, %s cannot be written: %s", place, error)

    writer = LineWriter(write, dropped=lambda count: f'{{"dropped":{count}}}', fault=fault)
    try:
        yield Tracer(config, writer.put)
    finally:
        if writer.close((deadline or Deadline()).left(LOG_SECONDS)):
            with suppress(OSError):
                target.close()


def _check(globs: Iterable[str]) -> None:
    for glob in globs:
        if "*" not in glob and glob not in (*MessageType, UNREADABLE):
            raise ServerError(
                f"--trace: {glob!r} is no message type; say {MessageType.AGENT_STATUS}, or agent_*"
            )


def _open(file: Path | None) -> BinaryIO:
    if file is None:
        return open(sys.stdout.fileno(), "wb", closefd=False)
    try:
        file.touch(0o600)  # it has other people's data in it
        return file.open("ab")
    except OSError as error:
        raise ServerError(
            f"--trace-file {file}: cannot be written: {error.strerror or error}"
        ) from error


def _messages(frame: bytes) -> Iterator[tuple[bytes, dict[str, Any]]]:
    try:
        members = codec.split(codec.inflate(frame, MAX_CLIENT_RECEIVE))
    except ProtocolError:
        yield frame, {}
        return
    for raw in members:
        try:
            message = orjson.loads(raw)
        except orjson.JSONDecodeError:
            message = None
        yield raw, message if isinstance(message, dict) else {}


def _shown(data: object) -> str | orjson.Fragment:
    written = orjson.dumps(redact_value(data)).decode()
    if len(written) > MAX_DATA:
        return written[: MAX_DATA - 1] + "…"
    return orjson.Fragment(written.encode())


def _text(value: object) -> str | None:
    return redact(value)[:MAX_ID] if isinstance(value, str) else None


def _any(globs: Iterable[str], type_: str) -> bool:
    return any(glob_match(one, type_) for one in globs)


def _moment(now: float) -> str:
    seconds, rest = divmod(int(now * 1000), 1000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{rest:03d}Z"
