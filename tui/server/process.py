"""What a process does that is a server and nothing else, before it begins to serve."""

import asyncio
import gc
import os
import resource
import sys
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

MAX_FILES = 65_536
"""Open files, which are connections mostly."""
GARBAGE_FROM = 10_000
"""Events in flight are many objects, and no garbage: Python's own 700 cost a tenth of the time."""


def run(work: Coroutine[Any, Any, None]) -> None:
    """Like `asyncio.run`, with all the connections the system allows, on uvloop where it exists."""
    _raise_file_limit()
    gc.set_threshold(GARBAGE_FROM)
    try:
        import uvloop
    except ImportError:
        asyncio.run(work)
    else:
        uvloop.run(work)


def open_standard_streams() -> None:
    """Have all three, be it on nothing: what is opened first would take a missing one's number.

    Then a socket would be what is printed to, and libuv aborts where its own pipe is there.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # it takes the lowest number that is free
    sys.stdin = sys.stdin or os.fdopen(0, "r")
    sys.stdout = sys.stdout or os.fdopen(1, "w")
    sys.stderr = sys.stderr or os.fdopen(2, "w")


def _raise_file_limit() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = MAX_FILES if hard == resource.RLIM_INFINITY else min(hard, MAX_FILES)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        with suppress(OSError, ValueError):  # then it stays as it is
            resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
