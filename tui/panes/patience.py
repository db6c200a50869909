"""A limit to what a filter may take: a regular expression may need for ever for one line."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

PATIENCE = 0.25
"""Seconds of the processor's time, for some thousand lines."""


class TooSlowError(Exception):
    """It took longer than a person's keys can wait."""


@contextmanager
def patience(seconds: float = PATIENCE) -> Iterator[None]:
    """Raise TooSlowError where the block takes more of the processor's time; main thread only.

    By a timer's signal, which `re` looks for while it searches. A thread would be no help: a search
    never lets go of the interpreter.
    """
    before = signal.signal(signal.SIGVTALRM, _give_up)
    try:
        signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _give_up(_number: int, _frame: FrameType | None) -> None:
    raise TooSlowError
