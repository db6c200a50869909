"""Where a server's log goes: lines for people on a terminal, JSON lines everywhere else.

Loggers are `logging`'s own. What `extra` a record has becomes fields of its line: `client`, `key`,
`address`, `layer`, `code`, `reason` (`name`, `message` and `args` are `logging`'s own words). Every
line is free of secrets, and written by a thread, so that neither a disk nor a pipe that stalls
stops the server.
"""

import json
import logging
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO

from tui.protocol.text import clean
from tui.server.config import ServerError
from tui.server.deadline import Deadline
from tui.server.lines import LineWriter
from tui.server.redaction import redact, redact_fields
from tui.server.rotation import RotatingFile, write_whole

MAX_FILE = 10 * 1024 * 1024
"""Bytes, from which on another file is begun."""
OLD_FILES = 5
_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class _Formatter(logging.Formatter):
    def _fields(self, record: logging.LogRecord) -> dict[str, Any]:
        return {name: value for name, value in vars(record).items() if name not in _OWN}

    def _fault(self, record: logging.LogRecord) -> tuple[str, str]:
        """An exception in one line, and where it came from.

        Of what the machine refuses (disks, sockets) there is nothing to see in a traceback.
        """
        if not record.exc_info or (error := record.exc_info[1]) is None:
            return "", ""
        trace = "" if isinstance(error, OSError) else self.formatException(record.exc_info)
        return f"{type(error).__name__}: {error}", trace


class JsonFormatter(_Formatter):
    """`{"time", "level", "logger", "message", …}`; `time` is UTC, with milliseconds."""

    def format(self, record: logging.LogRecord) -> str:
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        fault, trace = self._fault(record)
        line = {
            "time": f"{moment}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        } | self._fields(record)
        if fault:
            line["error"] = fault
        if trace:
            line["traceback"] = trace
        return json.dumps(redact_fields(line))


class HumanFormatter(_Formatter):
    """`14:32:07 WARNING what happened  client=client-1 code=4008`, without control characters."""

    def format(self, record: logging.LogRecord) -> str:
        moment = time.strftime("%H:%M:%S", time.localtime(record.created))
        fault, trace = self._fault(record)
        said = redact(record.getMessage() + (f": {fault}" if fault else ""))
        level = "" if record.levelno == logging.INFO else f"{record.levelname} "
        shown = redact_fields(self._fields(record))
        fields = [f"{name}={_word(value)}" for name, value in shown.items()]
        line = clean("  ".join([f"{moment} {level}{said}", *fields]))
        return f"{line}\n{redact(trace)}" if trace else line


@contextmanager
def logging_to(
    file: Path | None,
    level: str,
    stream: TextIO | None = None,
    deadline: Deadline | None = None,
) -> Iterator[None]:
    """Log to a file, or else to `stream` (standard error), until the block ends.

    What waits then is written if that takes no longer than the `deadline` allows. Raises
    ServerError where the file cannot be written.
    """
    if stream is None:
        stream = sys.stderr
    target = _File(file) if file is not None else _Stream(stream)
    is_human = file is None and stream.isatty()
    handler = _Handler(HumanFormatter() if is_human else JsonFormatter(), target)
    root = logging.getLogger()
    before = root.level
    root.setLevel(level.upper())
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(before)
        if handler.finish((deadline or Deadline()).left()):
            target.close()


class _Handler(logging.Handler):
    """Formats in the thread that logs, and writes in another."""

    def __init__(self, formatter: logging.Formatter, target: "_Stream | _File") -> None:
        super().__init__()
        self.setFormatter(formatter)
        self._writer = LineWriter(target.write, dropped=self._missing, fault=target.broken)

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record)
        except Exception:  # noqa: BLE001 - a record whose arguments do not fit must harm nobody
            line = self._say(f"what {record.name} says here does not fit its arguments")
        self._writer.put(line)

    def finish(self, seconds: float) -> bool:
        """Have all written; False where the target is stalled."""
        self.close()
        return self._writer.close(seconds)

    def _missing(self, count: int) -> str:
        return self._say(f"{count} lines are missing: they came faster than they could be written")

    def _say(self, message: str) -> str:
        fields = {"name": __name__, "levelname": "WARNING", "levelno": logging.WARNING}
        return self.format(logging.makeLogRecord(fields | {"msg": message}))


class _Stream:
    """Written without the stream's own buffer: Python ends with a fault where that stalls."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, lines: Sequence[str]) -> None:
        text = "".join([f"{line}\n" for line in lines])
        write_whole(self._stream.fileno(), text.encode(self._stream.encoding, "backslashreplace"))

    def broken(self, error: Exception) -> None:
        """There is nobody left to tell."""

    def close(self) -> None: ...


class _File:
    """Rotating files. Faults of the disk are said, and outlived."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._is_broken = False
        self._is_unmoved = False
        try:
            self._file = RotatingFile(path, MAX_FILE, OLD_FILES)
        except OSError as error:
            raise ServerError(
                f"--log-file {path}: cannot be written: {error.strerror or error}"
            ) from error

    def write(self, lines: Sequence[str]) -> None:
        try:
            for line in lines:
                self._file.write(f"{line}\n".encode("utf-8", "replace"))
        except OSError as error:
            self.close()  # it is opened anew for the next line
            if not self._is_broken:
                _tell(f"the log {self._path} cannot be written: {error}; lines are missing there")
            self._is_broken = True
        else:
            self._is_broken = False
        unmoved = self._file.unmoved
        if unmoved and not self._is_unmoved:
            _tell(f"the log {self._path} is full, and goes on in the same file: {unmoved}")
        self._is_unmoved = unmoved is not None

    def broken(self, error: Exception) -> None:
        """`write` has no faults."""

    def close(self) -> None:
        with suppress(OSError):  # that what was written does not fit on the disk was said
            self._file.close()


def _word(value: object) -> str:
    text = str(value)
    return text if text and text.isprintable() and " " not in text else json.dumps(text)


def _tell(line: str) -> None:
    with suppress(OSError):
        print(f"autosdlc-tui: {line}", file=sys.stderr, flush=True)  # noqa: T201
