"""Textual's driver for terminals, made to write less, and never to wait for a terminal."""

import asyncio
import re
import signal
from functools import partial
from typing import Any, TextIO, cast

from textual.drivers.linux_driver import LinuxDriver
from textual.events import Resize
from textual.geometry import Size

from tui.terminal.canvas import Canvas
from tui.terminal.output import Output

SYNC_START, SYNC_END = "\x1b[?2026h", "\x1b[?2026l"
"""Around what a terminal that knows them shows at once."""
WAITING = 2
"""Writes that may wait for the terminal before drawings are put off."""
LATER = 0.05
"""Seconds after which it is seen whether the terminal has caught up."""
PATIENCE = 1.0
"""Seconds that a terminal has, at the end, to take what waits for it."""
_KIND = re.compile(r"\x1b(?:[\]P]\w*|\[\W?\d*)|.", re.DOTALL)
"""Of what is no drawing: a bell, a title, a notification, what is copied, a mode."""


class TerminalDriver(LinuxDriver):
    """Drawings go through a canvas, so that what has not changed is not written.

    While the terminal does not keep up (a slow or stalled SSH link, a frozen window), they are
    merely taken in; what it shows next is the newest, whatever there was in between. Of all else
    (a bell, a title, what is copied) it is told the newest of each kind.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._terminal = cast("TextIO", self._file)
        self._canvas = Canvas()
        self._is_blank = True
        """Whether nothing was ever drawn."""
        self._synchronised = False
        self._later: asyncio.TimerHandle | None = None
        self._kept: dict[str, str] = {}
        """What is no drawing, and waits for the terminal to catch up: the newest by kind."""
        self._ending = False
        self._end = ""
        """What gives the terminal back."""

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
        elif self._ending:
            self._end += data
            super().write(data)
        elif self._later is None:
            super().write(data)
        elif kind := _KIND.match(data):
            self._kept.pop(kind[0], None)
            self._kept[kind[0]] = data

    def _show_first(self, frame: str) -> None:
        """All of it is news, and nobody is to wait until it is taken in."""
        self._is_blank = False
        super().write(frame)
        self._canvas.draw(frame)
        self._canvas.mark_shown()

    def _show(self) -> None:
        if self._later is not None:
            return
        if self._waiting() >= WAITING:
            self._later = asyncio.get_running_loop().call_later(LATER, self._show_later)
            return
        self._tell_kept()
        if changes := self._canvas.changes():
            super().write(f"{SYNC_START}{changes}{SYNC_END}" if self._synchronised else changes)

    def _show_later(self) -> None:
        self._later = None
        if not self._ending:
            self._show()

    def _tell_kept(self) -> None:
        kept, self._kept = self._kept, {}
        if kept:
            super().write("".join(kept.values()))

    def _waiting(self) -> int:
        """Writes that the terminal has not taken yet."""
        thread = self._writer_thread
        return thread._queue.qsize() if thread is not None else 0  # noqa: SLF001 - nothing public says it

    def start_application_mode(self) -> None:
        self._ending = False
        self._end = ""
        self._canvas.forget()
        loop = asyncio.get_running_loop()
        self._output = Output(self._terminal, partial(loop.call_soon_threadsafe, self._hang_up))
        self._file = self._output  # type: ignore[assignment]
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if self._writer_thread is not None:
            # Who adds to a full queue stands still. What waits is seen to here.
            self._writer_thread._queue.maxsize = 0  # noqa: SLF001
        # Textual's handler may be interrupted by the next signal, and tell the older size last.
        loop.add_signal_handler(signal.SIGWINCH, self._tell_size)

    def _hang_up(self) -> None:
        """The terminal has gone, and no signal said so: it is not the one that controls us."""
        self._app.exit(return_code=128 + signal.SIGHUP)

    def _tell_size(self) -> None:
        if not self._in_band_window_resize:
            size = Size(*self._get_terminal_size())
            self.send_message(Resize(size, size))

    def stop_application_mode(self) -> None:
        self._tell_kept()
        self._ending = True
        super().stop_application_mode()

    def close(self) -> None:
        """Give the terminal back, and wait until it has taken that; not for long, though."""
        if (thread := self._writer_thread) is not None:
            thread._queue.put(None)  # noqa: SLF001 - `stop` would wait for ever
            thread.join(PATIENCE)
            if thread.is_alive():
                self._output.hurry(self._end)
                thread.join(PATIENCE)
