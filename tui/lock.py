"""One process of this machine at a time, by a lock on a file or directory."""

import errno
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

AGAIN = 0.02
"""Seconds after which it is seen whether the others are done."""


@contextmanager
def locked(path: Path, patience: float) -> Iterator[None]:
    """Hold the lock of what is at `path`; where the file system knows no locks, go on without.

    Raises TimeoutError where others hold it for longer than `patience` (seconds), and OSError where
    `path` cannot be opened.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        try:
            _lock(descriptor, patience)
        except TimeoutError:
            raise
        except OSError:
            pass
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, patience: float) -> None:
    import fcntl

    end = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                raise TimeoutError(errno.ETIMEDOUT, "another dashboard holds it") from None
            time.sleep(AGAIN)
        else:
            return
