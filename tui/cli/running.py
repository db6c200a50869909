"""A command's work in an event loop, until it is done or told to stop."""

import asyncio
import os
import signal
from collections.abc import Coroutine
from typing import Any, NoReturn


def run(work: Coroutine[Any, Any, int]) -> NoReturn:
    """Exit with what `work` returns; with 130 after Ctrl-C and 143 after SIGTERM.

    Told to stop, it is cancelled and may clean up; told twice, it is gone at once.
    """
    import logging

    # What goes wrong is said in a line of the command's own, not by whoever noticed.
    logging.getLogger("tui").addHandler(logging.NullHandler())
    try:
        code = asyncio.run(_until_told(work))
    except KeyboardInterrupt:
        code = 128 + signal.SIGINT
    raise SystemExit(code)


async def _until_told(work: Coroutine[Any, Any, int]) -> int:
    loop = asyncio.get_running_loop()
    task = loop.create_task(work)
    told: list[int] = []

    def stop(number: int) -> None:
        if told:
            os._exit(128 + number)
        told.append(number)
        task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as for what a shell runs behind `&`
            loop.add_signal_handler(number, stop, number)
    try:
        return await task
    except asyncio.CancelledError:
        if told:
            return 128 + told[0]
        raise
