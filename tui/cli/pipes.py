"""Standard input and output in an event loop that goes on meanwhile.

The descriptors stay as they are: to make them non-blocking would do the same to the shell's, and to
those of whoever else shares them.
"""

import asyncio
import os
import select
import stat
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

CHUNK = 64 * 1024


class Output:
    """Lines to a file descriptor, each at once.

    Whoever is behind a pipe and does not read makes `write` wait, and so whoever calls it.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lock = asyncio.Lock()

    async def write(self, line: bytes) -> None:
        """Write all of it; raises OSError, BrokenPipeError where nobody reads any more."""
        async with self._lock:
            rest = memoryview(line)
            while rest:
                await _writable(self._descriptor)
                # As much as a pipe that is writable takes without blocking.
                rest = rest[os.write(self._descriptor, rest[: select.PIPE_BUF]) :]

    async def closed(self) -> None:
        """Return once nobody reads any more; never, where that cannot be known."""
        mode = os.fstat(self._descriptor).st_mode
        if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
            loop = asyncio.get_running_loop()
            # Nothing is ever to be read from there, so this wakes for the end of it.
            await _ready(loop.add_reader, loop.remove_reader, self._descriptor)
            poll = select.poll()
            poll.register(self._descriptor, 0)
            if poll.poll(0):
                return
        await asyncio.Event().wait()


async def read_lines(descriptor: int, longest: int) -> AsyncIterator[bytes]:
    """The lines of a pipe, terminal or file as they come, without their ends.

    Of one that is longer than `longest` bytes, only so many come.
    """
    rest = b""
    while chunk := await _read(descriptor):
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line[:longest]
        rest = rest[:longest]
    if rest:
        yield rest


async def read_pipe(path: Path, longest: int) -> AsyncIterator[bytes]:
    """The same of a named pipe, from its first writer to its last."""
    # Without O_NONBLOCK `open` itself would wait for a writer, and keep the loop. With it, such a
    # pipe is ready for reading once there is something, or the last writer has gone.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        async for line in read_lines(descriptor, longest):
            yield line
    finally:
        os.close(descriptor)


async def _read(descriptor: int) -> bytes:
    loop = asyncio.get_running_loop()
    await _ready(loop.add_reader, loop.remove_reader, descriptor)
    return os.read(descriptor, CHUNK)


async def _writable(descriptor: int) -> None:
    if not select.select((), (descriptor,), (), 0)[1]:
        loop = asyncio.get_running_loop()
        await _ready(loop.add_writer, loop.remove_writer, descriptor)


async def _ready(add: Callable[..., Any], remove: Callable[[int], bool], descriptor: int) -> None:
    ready = asyncio.Event()
    try:
        add(descriptor, ready.set)
    except PermissionError:  # a file, which always is
        return
    try:
        await ready.wait()
    finally:
        remove(descriptor)
