"""A person's own command, run for each piece of news, in the background."""

import asyncio
import os
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress

from tui.notify.notifier import News

PATIENCE = 30.0
"""Seconds after which a command that goes on is killed."""
AT_ONCE = 4
"""Commands that run at the same time; what more comes is not told by them."""


class Command:
    """Never waits, and never raises: what fails is said once, by `complain`.

    The text of events goes into environment variables only, and no shell reads it.
    """

    def __init__(self, argv: Sequence[str], complain: Callable[[str], None]) -> None:
        self._argv = tuple(argv)
        self._complain = complain
        self._complained = False
        self._running: set[asyncio.Task[None]] = set()

    def run(self, news: News) -> None:
        if self._argv and len(self._running) < AT_ONCE:
            task = asyncio.create_task(self._run(news))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def close(self) -> None:
        """End what still runs."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _run(self, news: News) -> None:
        environment = os.environ | {
            "AUTOSDLC_WHO": news.who,
            "AUTOSDLC_KIND": news.kind,
            "AUTOSDLC_TEXT": news.text,
        }
        nothing = asyncio.subprocess.DEVNULL
        try:
            process = await asyncio.create_subprocess_exec(
                *self._argv,
                stdin=nothing,
                stdout=nothing,
                stderr=nothing,
                env=environment,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            self._say(f"cannot be run: {getattr(error, 'strerror', None) or error}")
            return
        try:
            code = await asyncio.wait_for(process.wait(), PATIENCE)
        except TimeoutError:
            self._say(f"was still running after {PATIENCE:.0f} s, and was ended")
        else:
            if code:
                self._say(f"ended with exit code {code}")
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)  # a session of its own, see above
                await process.wait()

    def _say(self, what: str) -> None:
        if not self._complained:
            self._complained = True
            self._complain(f"notify.command: {self._argv[0]!r} {what}")
