"""A disk that is full, for as long as a test says so."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_room_on_disk(size: int = 0) -> Iterator[None]:
    """No file of this process can grow beyond `size` bytes; writing more is an error."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
