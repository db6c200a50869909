"""`autosdlc-tui serve` as a process of its own, and what it costs the machine (Linux's /proc)."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from tests.support.frames import TOKEN
from tests.support.ports import free_port

COMMAND = (sys.executable, "-m", "tui", "serve")
PATIENCE = 30.0
"""Seconds after which a server that does not start, or stop, is given up."""
_LISTENING = re.compile(r"listening on (ws://\S+)")
_HEALTH = re.compile(r"(http://\S+)/healthz")


class Usage(NamedTuple):
    """What a process takes, now."""

    rss: int
    """Resident memory, bytes."""
    cpu: float
    """Seconds since it started, all threads."""
    threads: int
    files: int


class Served:
    """One server; killed and started again, it listens on the same port.

    `home` holds its state, and what it prints: `server.log`.
    """

    def __init__(
        self, home: Path, *options: str, http: bool = False, command: Sequence[str] = COMMAND
    ) -> None:
        self.url = ""
        self.http_url = ""
        self.log = home / "server.log"
        self._options = options
        self._command = command
        port = free_port(neighbours=1)
        self._ports = ["--port", f"{port}", "--http-port", f"{port + 1}" if http else "off"]
        self._http = http
        self._environment = {"PATH": os.environ["PATH"], "AUTOSDLC_TOKEN": TOKEN}
        self._environment |= {
            name: os.environ[name]
            for name in ("COVERAGE_PROCESS_START", "PYTHONPATH")
            if name in os.environ
        }
        for name in ("RUNTIME_DIR", "STATE_HOME", "CONFIG_HOME"):
            directory = home / name.lower()
            directory.mkdir(mode=0o700, exist_ok=True)
            self._environment[f"XDG_{name}"] = str(directory)
        self.process: subprocess.Popen[bytes]

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.kill()

    @property
    def said(self) -> str:
        """All that it has printed, every start of it."""
        return self.log.read_text("utf-8", "replace")

    def start(self) -> None:
        """Start it, and wait until it listens."""
        with self.log.open("ab") as log:
            before = log.tell()
            self.process = subprocess.Popen(
                [*self._command, *self._ports, *self._options],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        end = time.monotonic() + PATIENCE
        while not self._listens(self.log.read_bytes()[before:].decode("utf-8", "replace")):
            if self.process.poll() is not None or time.monotonic() > end:
                self.kill()
                raise AssertionError(f"the server did not start:\n{self.said}")
            time.sleep(0.01)

    def _listens(self, said: str) -> bool:
        listening, health = _LISTENING.search(said), _HEALTH.search(said)
        if listening is None or (self._http and health is None):
            return False
        self.url = listening[1]
        if health is not None:
            self.http_url = health[1]
        return True

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()
        self.process.wait()

    def terminate(self) -> tuple[int, float]:
        """SIGTERM; its exit code, and the seconds it took."""
        begun = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(PATIENCE)
        return code, time.monotonic() - begun

    def usage(self) -> Usage:
        proc = Path("/proc") / str(self.process.pid)
        status = (proc / "status").read_text()
        fields = dict(line.split(":", 1) for line in status.splitlines())
        return Usage(
            rss=int(fields["VmRSS"].split()[0]) * 1024,
            # The clock of another process: exact, where /proc counts in hundredths.
            cpu=time.clock_gettime((~self.process.pid << 3) | 2),
            threads=int(fields["Threads"]),
            files=len(list((proc / "fd").iterdir())),
        )
