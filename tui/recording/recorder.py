"""Writing a recording: appended to, never lost, and by one program at a time."""

import fcntl
import os
import stat
import tempfile
import zlib
from contextlib import closing, suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from tui.recording.fault import Damage, RecordingError
from tui.recording.members import GZIP, Members
from tui.recording.reading import envelopes, is_gzip, parse

_BLOCK = 65_536


class Recorder:
    """A recording that is open for more, until `close`; a context manager.

    A new file is readable by its owner alone: events quote what agents do. One that is there must
    be a recording; where its end was cut off, it is repaired first, with all whole lines kept.
    What was written is in the file, for anybody to read, after `flush` or at the end. Raises
    RecordingError; after one, nothing more is written, and what was in the file is whole.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._gzip = is_gzip(path)
        self._pending = bytearray()
        self._packer: zlib._Compress | None = None
        self._failed = False
        self.events = 0
        """Envelopes written in this session."""
        try:
            self._file = _open(path)
            try:
                self._file = _repair(path, self._file)
            except BaseException:
                self._file.close()
                raise
        except OSError as error:
            said = f"{path}: cannot be recorded into: {error.strerror}"
            raise RecordingError(said) from error
        self.size = self._file.seek(0, os.SEEK_END)
        """Bytes of the file."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the session, with all that was written in the file."""
        with self._file:
            if not self._failed:
                self._save(zlib.Z_FINISH)

    def write(self, envelope: bytes) -> None:
        """Append one envelope: JSON without line breaks."""
        self._pending += envelope + b"\n"
        self.events += 1
        if len(self._pending) >= _BLOCK:
            self._save(zlib.Z_NO_FLUSH)

    def flush(self) -> None:
        """Make what was written readable, whatever becomes of this program."""
        self._save(zlib.Z_SYNC_FLUSH)

    def _save(self, mode: int) -> None:
        if self._failed:
            raise RecordingError(f"{self._path}: nothing more is recorded after a failure")
        data = bytes(self._pending)
        self._pending.clear()
        if self._gzip:
            data = self._pack(data, mode)
        self._append(data)

    def _pack(self, text: bytes, mode: int) -> bytes:
        if self._packer is None:
            if not text:
                return b""
            self._packer = zlib.compressobj(wbits=GZIP)
        data = self._packer.compress(text)
        # A flush costs five bytes, and is of no use where nothing is new.
        if mode == zlib.Z_FINISH or (mode == zlib.Z_SYNC_FLUSH and text):
            data += self._packer.flush(mode)
        return data

    def _append(self, data: bytes) -> None:
        try:
            self._file.seek(self.size)
            _write(self._file, data)
            self.size += len(data)
        except OSError as error:
            self._failed = True
            with suppress(OSError):
                self._file.truncate(self.size)
            raise RecordingError(
                f"{self._path}: cannot be written: {error.strerror}; what was recorded before is "
                "in it, and it can be recorded into again"
            ) from error


def _open(path: Path) -> BinaryIO:
    """The file, made where there is none, and locked."""
    while True:
        if path.exists() and not stat.S_ISREG(path.stat().st_mode):
            raise RecordingError(f"{path}: is no regular file; name one, or one that is yet to be")
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        file = os.fdopen(descriptor, "r+b", buffering=0)
        _lock(path, file)
        # Another program may have put a repaired one in its place just before.
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(descriptor), path.stat()):
                return file
        file.close()


def _lock(path: Path, file: BinaryIO) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        if not isinstance(error, BlockingIOError):
            raise
        said = f"{path}: another program is recording into it; name another file, or end that one"
        raise RecordingError(said) from error


def _repair(path: Path, file: BinaryIO) -> BinaryIO:
    """The file, ready to be appended to: it ends with a whole line, and a whole gzip member."""
    with closing(envelopes(path, Damage())) as reading:
        next(reading, None)  # raises RecordingError where this is somebody else's file
    if not is_gzip(path):
        _repair_text(file)
        return file
    members = Members(file)
    end = b"\n"
    for piece in members:
        end = piece[-1:] or end
    if members.broken:
        raise RecordingError(
            f"{path}: its compression is broken from byte {members.whole} on; "
            "record into another file"
        )
    if members.cut:
        return _replace(path, file, members.whole)
    if end != b"\n":
        _write(file, zlib.compress(b"\n", wbits=GZIP))
    return file


def _repair_text(file: BinaryIO) -> None:
    """Cut off an unfinished last line, or finish it where only its end is missing."""
    size = at = file.seek(0, os.SEEK_END)
    rest = b""
    while at and b"\n" not in rest:
        at = max(0, at - _BLOCK)
        file.seek(at)
        rest = file.read(_BLOCK) + rest
    line = rest.rpartition(b"\n")[2]
    if not line:
        return
    if parse(line) is not None:
        file.seek(size)
        _write(file, b"\n")
    else:
        file.truncate(size - len(line))


def _replace(path: Path, file: BinaryIO, whole: int) -> BinaryIO:
    """Put a copy in the file's place, whose cut last member is whole: all of it, or nothing."""
    path = path.resolve()
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    copy = os.fdopen(descriptor, "r+b", buffering=0)
    try:
        _lock(path, copy)
        os.fchmod(descriptor, stat.S_IMODE(os.fstat(file.fileno()).st_mode))
        file.seek(0)
        _copy(file, copy, whole)
        _salvage(file, copy)
        os.fsync(descriptor)
        os.replace(draft, path)  # noqa: PTH105 - both are names of one directory
    except BaseException:
        copy.close()
        Path(draft).unlink()
        raise
    file.close()
    return copy


def _copy(file: BinaryIO, copy: BinaryIO, size: int) -> None:
    while size:
        block = file.read(min(size, _BLOCK))
        size -= len(block)
        _write(copy, block)


def _salvage(file: BinaryIO, copy: BinaryIO) -> None:
    """The whole lines of a member that was cut off, as a member of their own."""
    packer = zlib.compressobj(wbits=GZIP)
    rest = b""
    for piece in Members(file):
        whole, newline, rest = (rest + piece).rpartition(b"\n")
        _write(copy, packer.compress(whole + newline))
    if parse(rest) is not None:
        _write(copy, packer.compress(rest + b"\n"))
    _write(copy, packer.flush())


def _write(file: BinaryIO, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]
