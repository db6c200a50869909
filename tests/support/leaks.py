"""After a test nothing of it is left: no task, no thread, no file, no socket."""

import asyncio
import gc
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

PATIENCE_SECONDS = 15.0
"""How long what is being closed may take."""
_OPEN = Path("/proc/self/fd")


@asynccontextmanager
async def leaving_nothing() -> AsyncIterator[None]:
    """Raises AssertionError where the block leaves something behind that was not there before."""
    loop = asyncio.get_running_loop()
    files, threads, tasks = open_files(), set(threading.enumerate()), _tasks()
    yield
    await loop.shutdown_default_executor()
    gc.collect()  # an exception that was caught may hold a frame, and that a socket
    end = loop.time() + PATIENCE_SECONDS
    while True:
        left = [
            *(f"file {n}: {what}" for n, what in open_files().items() if files.get(n) != what),
            *(f"thread {one.name}" for one in threading.enumerate() if one not in threads),
            *(f"task {one.get_name()}" for one in _tasks() - tasks),
        ]
        if not left or loop.time() > end:
            break
        await asyncio.sleep(0.01)
    assert not left, f"left behind: {left}"


def open_files() -> dict[str, str]:
    """What this process has open, by descriptor; nothing where the system does not tell."""
    found = {}
    for one in _OPEN.iterdir() if _OPEN.is_dir() else ():
        try:
            found[one.name] = str(one.readlink())
        except OSError:  # the listing itself
            continue
    return found


def _tasks() -> set[asyncio.Task[object]]:
    return asyncio.all_tasks() - {asyncio.current_task()}
