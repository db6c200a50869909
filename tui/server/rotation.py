"""A file that is appended to, and another begun when it is full: FILE, FILE.1 and so on.

Not `logging.handlers`' own, for two things: where a full one cannot be moved away, that would write
nothing any more; and it has a buffer whose lock the end of the process waits for, however long the
disk stalls.
"""

import os
import stat
from contextlib import suppress
from pathlib import Path


class RotatingFile:
    """Readable by its owner only; at most `old` full ones are kept. For one thread.

    `path` is opened at once, and where it was closed at the next line. A pipe or a device is never
    full. Raises OSError.
    """

    def __init__(self, path: Path, size: int, old: int) -> None:
        self.unmoved: OSError | None = None
        """Why the file is larger than it should be: a full one could not be moved away."""
        self._path = path
        self._most = size
        self._old = old
        self._handle: int | None = None
        self._size = 0
        self._is_regular = False
        self._open()

    def write(self, line: bytes) -> None:
        handle = self._open()
        if self._size and self._size + len(line) > self._most and self._is_regular:
            handle = self._begin_another()
        self._size += len(line)
        write_whole(handle, line)

    def close(self) -> None:
        if self._handle is not None:
            handle, self._handle = self._handle, None
            os.close(handle)

    def _open(self) -> int:
        if self._handle is None:
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
            self._handle = os.open(self._path, flags, 0o600)
            status = os.fstat(self._handle)
            self._size = status.st_size
            self._is_regular = stat.S_ISREG(status.st_mode)
        return self._handle

    def _begin_another(self) -> int:
        try:
            for number in range(self._old - 1, 0, -1):
                with suppress(FileNotFoundError):
                    self._numbered(number).replace(self._numbered(number + 1))
            self._path.replace(self._numbered(1))
            self.unmoved = None
        except OSError as error:
            self.unmoved = error
            self._size = 0  # until as much again was written, it is not tried again
            return self._open()
        self.close()
        return self._open()

    def _numbered(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")


def write_whole(handle: int, data: bytes) -> None:
    """Write all of it, and keep nothing of it in a buffer. Raises OSError."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(handle, rest) :]
