"""Reading files that decide who comes in."""

import os
from pathlib import Path


class UnsafeFileError(OSError):
    """Somebody else may write the file, and so let anyone in."""


def read_guarded(path: Path) -> tuple[bytes, bool]:
    """The content, and whether others may read it; raises OSError, UnsafeFileError for one."""
    with path.open("rb") as file:
        status = os.fstat(file.fileno())
        if status.st_uid not in (0, os.geteuid()):
            raise UnsafeFileError("it belongs to another user, who could let anyone in")
        if status.st_mode & 0o022:
            raise UnsafeFileError("others may write it, and let anyone in; `chmod 600` it")
        return file.read(), bool(status.st_mode & 0o044)
