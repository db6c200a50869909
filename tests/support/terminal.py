"""A whole program in a pseudo-terminal, and what a person would see of it."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import pyte

PATIENCE = 30.0
"""Seconds after which something that does not come fails the test."""
# What pyte would print as text: strings (OSC, DCS, APC), keyboard protocol, mode queries.
_NOT_FOR_PYTE = re.compile(
    rb"\x1b[PX^_\]][^\x07\x1b]*(?:\x07|\x1b\\)"
    rb"|\x1b\[[<>=][0-9;]*[a-zA-Z]|\x1b\[\?[0-9;]*\$p|\x1b\[[0-9;]*[ '\"]?[qt]|\x1b\[\?u"
)
_WHOLE = re.compile(rb"\x1b(\[[0-?]*[ -/]*[@-~]|[@-OQ-WYZ\\=>78]|[(][0B])")


class Terminal:
    """Runs a command on a screen of `columns` by `rows`; a context manager that ends it."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        columns: int = 120,
        rows: int = 40,
    ) -> None:
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._pending = b""
        self.raw = bytearray()
        self._master, slave = pty.openpty()
        size = struct.pack("HHHH", rows, columns, 0, 0)
        fcntl.ioctl(slave, termios.TIOCSWINSZ, size)
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=dict(environment) | {"TERM": "xterm-256color", "LANG": "C.UTF-8"},
            start_new_session=True,
        )
        os.close(slave)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.close(self._master)

    @property
    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self._screen.display)

    @property
    def waiting(self) -> int:
        """Bytes that were written and not read yet."""
        return int.from_bytes(fcntl.ioctl(self._master, termios.FIONREAD, bytes(4)), sys.byteorder)

    @property
    def written(self) -> int:
        """Bytes that the program wrote to anything, as far as this system tells.

        Of what a pseudo-terminal holds, `waiting` counts the first few thousand alone.
        """
        try:
            counts = Path(f"/proc/{self.process.pid}/io").read_text("ascii")
        except OSError:
            return 0
        return int(counts.split("wchar:")[1].split()[0])

    @property
    def echoes_off(self) -> bool:
        """Whether the terminal is as a program left it that draws: without the echo of keys."""
        return not termios.tcgetattr(self._master)[3] & termios.ECHO

    def resize(self, columns: int, rows: int) -> None:
        size = struct.pack("HHHH", rows, columns, 0, 0)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, size)
        self._screen.resize(rows, columns)
        self.process.send_signal(signal.SIGWINCH)

    def send(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def shows(self, *texts: str) -> None:
        """Wait until all of `texts` are on the screen."""
        self.until(lambda: all(text in self.text for text in texts), f"shows {texts}")

    def lacks(self, text: str) -> None:
        self.until(lambda: text not in self.text, f"lacks {text!r}")

    def until(self, condition: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + PATIENCE
        while not condition():
            ended = not self._read(0.05) and self.process.poll() is not None
            if (ended and not condition()) or time.monotonic() > end:
                raise AssertionError(f"never came: {what}\n{self.text}")

    def ended(self) -> int:
        """Wait for the program's end; its exit code."""
        end = time.monotonic() + PATIENCE
        while self.process.poll() is None:
            self._read(0.05)
            if time.monotonic() > end:
                raise AssertionError(f"never ended\n{self.text}")
        while self._read(0):
            pass
        return self.process.returncode

    def hang_up(self, *, says_so: bool = True) -> None:
        """Go away, as a window that is closed does.

        `says_so`: tell the program, as the system tells those whose controlling terminal it was.
        """
        os.close(self._master)
        self._master = os.open(os.devnull, os.O_RDWR)
        if says_so:
            self.process.send_signal(signal.SIGHUP)

    def _read(self, patience: float) -> bool:
        """Take in what was written; False where nothing came."""
        if not select.select([self._master], [], [], patience)[0]:
            return False
        try:
            data = os.read(self._master, 65_536)
        except OSError:  # the other side is closed
            return False
        self.raw += data
        data = self._pending + data
        self._pending = b""
        cut = data.rfind(b"\x1b")
        if cut >= 0 and len(data) - cut < 24 and not _WHOLE.match(data, cut):
            data, self._pending = data[:cut], data[cut:]
        self._stream.feed(_NOT_FOR_PYTE.sub(b"", data))
        return bool(data or self._pending)
