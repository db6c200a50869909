"""A command of ours as a process of its own, with pipes."""

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from tests.support.frames import TOKEN

PATIENCE = 30.0
"""Seconds after which a command that does not end fails the test."""


class Done(NamedTuple):
    code: int
    output: str
    errors: str

    @property
    def complaints(self) -> list[str]:
        """What it said on standard error, a line each, without its own name."""
        return [line.removeprefix("autosdlc-tui: ") for line in self.errors.splitlines()]


@asynccontextmanager
async def command(
    environment: Mapping[str, str], *arguments: str, url: str = "", **options: Any
) -> AsyncIterator[Process]:
    """Run it; `url` is the server's. What the block leaves running is killed."""
    variables = {"AUTOSDLC_TOKEN": TOKEN} | dict(environment)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tui", *arguments),
        env=variables | ({"AUTOSDLC_URL": url} if url else {}),
        **({"stdin": DEVNULL, "stdout": PIPE, "stderr": PIPE} | options),
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def ended(process: Process, given: bytes | None = None) -> Done:
    """Give it its standard input, and wait for its end."""
    async with asyncio.timeout(PATIENCE):
        output, errors = await process.communicate(given)
    assert process.returncode is not None
    done = Done(process.returncode, (output or b"").decode(), (errors or b"").decode())
    assert "Traceback" not in done.errors
    return done


async def done(
    environment: Mapping[str, str],
    *arguments: str,
    url: str = "",
    given: bytes | None = None,
    **options: Any,
) -> Done:
    """Run it to its end."""
    if given is not None:
        options["stdin"] = PIPE
    async with command(environment, *arguments, url=url, **options) as process:
        return await ended(process, given)


async def next_line(stream: asyncio.StreamReader | None) -> str:
    """The next line of a process, as soon as it is written."""
    assert stream is not None
    async with asyncio.timeout(PATIENCE):
        line = await stream.readline()
    assert line.endswith(b"\n"), "it has ended"
    return line[:-1].decode()
