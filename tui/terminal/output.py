"""What Textual's writing thread writes to: it never fails, and can be told to hurry."""

import os
import termios
from collections.abc import Callable
from contextlib import suppress
from typing import TextIO

PIECE = 1024
"""Bytes written at once: who hurries waits for no more than these."""


class Output:
    """A terminal as a file for text, without a buffer that would have to be written at the end.

    One that has gone takes what comes: the thread would end at the first error, and then all others
    wait for it; the dashboard would never end, and its server with it.
    """

    def __init__(self, file: TextIO, on_gone: Callable[[], object]) -> None:
        """`on_gone` is called, by the writing thread, when the terminal is found to have gone."""
        self._on_gone: Callable[[], object] | None = on_gone
        self._descriptor = file.fileno()
        self._encoding = file.encoding
        self._instead: str | None = None

    def write(self, text: str) -> None:
        data = self._encoded(text)
        try:
            while data and self._instead is None:
                data = data[os.write(self._descriptor, data[:PIECE]) :]
        except OSError:
            on_gone, self._on_gone = self._on_gone, None
            if on_gone:
                on_gone()

    def flush(self) -> None:
        """There is nothing more to write, for now or for good."""
        if self._instead:
            with suppress(OSError):
                os.write(self._descriptor, self._encoded(self._instead))
            self._instead = ""

    def fileno(self) -> int:
        return self._descriptor

    def hurry(self, instead: str) -> None:
        """Leave out all that the terminal has not taken, and write `instead`. From any thread."""
        self._instead = instead
        with suppress(termios.error):
            # Linux wakes who waits for a pseudo-terminal once it goes on, and not by the flush.
            termios.tcflow(self._descriptor, termios.TCOOFF)
            termios.tcflush(self._descriptor, termios.TCOFLUSH)
            termios.tcflow(self._descriptor, termios.TCOON)

    def _encoded(self, text: str) -> bytes:
        return text.encode(self._encoding, "backslashreplace")
