"""Textual's driver for terminals, made to write less, and never to wait for a terminal."""

import asyncio
import signal
from typing import Any

from textual.drivers.linux_driver import LinuxDriver
from textual.events import Resize
from textual.geometry import Size

from tui.terminal.canvas import Canvas

SYNC_START, SYNC_END = "\x1b[?2026h", "\x1b[?2026l"
"""Around what a terminal that knows them shows at once."""
WAITING = 2
"""Writes that may wait for the terminal before drawings are put off."""
MOST_WAITING = 15
"""The same, before all else (a bell, a title, what is copied) is left out while drawings are put
off: Textual's queue holds 30, and who adds another stands still."""
LATER = 0.05
"""Seconds after which it is seen whether the terminal has caught up."""


class TerminalDriver(LinuxDriver):
    """Drawings go through a canvas, so that what has not changed is not written.

    While the terminal does not keep up (a slow or stalled SSH link, a frozen window), they are
    merely taken in; what it shows next is the newest, whatever there was in between.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._canvas = Canvas()
        self._is_blank = True
        """Whether nothing was ever drawn."""
        self._synchronised = False
        self._ending = False
        self._later: asyncio.TimerHandle | None = None

    def resized(self, columns: int, rows: int) -> bool:
        """The terminal has this size now; whether all has to be drawn for it once more."""
        self._canvas.resize(columns, rows)
        return not self._is_blank

    def write(self, data: str) -> None:
        if data in (SYNC_START, SYNC_END):
            self._synchronised = True
        elif self._canvas.is_frame(data):
            if self._is_blank:
                self._show_first(data)
            else:
                self._canvas.draw(data)
                self._show()
        elif self._ending or self._later is None or self._waiting() < MOST_WAITING:
            super().write(data)

    def _show_first(self, frame: str) -> None:
        """All of it is news, and nobody is to wait until it is taken in."""
        self._is_blank = False
        super().write(frame)
        self._canvas.draw(frame)
        self._canvas.changes()

    def _show(self) -> None:
        if self._later is not None:
            return
        if self._waiting() >= WAITING:
            self._later = asyncio.get_running_loop().call_later(LATER, self._show_later)
        elif changes := self._canvas.changes():
            super().write(f"{SYNC_START}{changes}{SYNC_END}" if self._synchronised else changes)

    def _show_later(self) -> None:
        self._later = None
        if not self._ending:
            self._show()

    def _waiting(self) -> int:
        """Writes that the terminal has not taken yet."""
        thread = self._writer_thread
        return thread._queue.qsize() if thread is not None else 0  # noqa: SLF001 - nothing public says it

    def start_application_mode(self) -> None:
        self._ending = False
        self._canvas.forget()
        super().start_application_mode()  # type: ignore[no-untyped-call]
        # Textual's handler may be interrupted by the next signal, and tell the older size last.
        asyncio.get_running_loop().add_signal_handler(signal.SIGWINCH, self._tell_size)

    def _tell_size(self) -> None:
        if not self._in_band_window_resize:
            size = Size(*self._get_terminal_size())
            self.send_message(Resize(size, size))

    def stop_application_mode(self) -> None:
        self._ending = True
        super().stop_application_mode()
