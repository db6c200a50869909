"""A small project whose tests are really run, and an ear on the server that hears of them."""

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

from tui.client import Client
from tui.protocol.models.base import Event

PATIENCE = 30.0
"""Seconds."""
_OTHERS = ("AUTOSDLC_", "COV_CORE_", "COVERAGE_", "PYTEST_")


class Project:
    """A directory with tests; its state and runtime directories are its own."""

    def __init__(self, directory: Path, **environment: str) -> None:
        self.directory = directory / "shop"
        self.directory.mkdir()
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(_OTHERS)}
        self.environment = inherited | {
            # Time enough to hear what became of the events, which these tests are about.
            "AUTOSDLC_PATIENCE": "20",
            "XDG_STATE_HOME": str(directory / "state"),
            "XDG_RUNTIME_DIR": str(directory / "run"),
            **environment,
        }
        (directory / "run").mkdir(mode=0o700, exist_ok=True)
        # The project's own rootdir, and no plugin but ours and those that a test asks for.
        self.write(
            "pytest.ini",
            "[pytest]\naddopts = -p no:cacheprovider -p no:asyncio -p no:hypothesispytest\n",
        )

    def write(self, name: str, text: str) -> None:
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), "utf-8")

    async def start(self, *args: str) -> asyncio.subprocess.Process:
        """Python with these arguments, in the project."""
        return await asyncio.create_subprocess_exec(
            *(sys.executable, *args),
            cwd=self.directory,
            env=self.environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )

    async def python(self, *args: str) -> tuple[int, str]:
        """Exit code and output."""
        process = await self.start(*args)
        try:
            async with asyncio.timeout(PATIENCE):
                output, _ = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
        assert process.returncode is not None
        return process.returncode, output.decode("utf-8", "replace")

    async def run(self, *args: str) -> tuple[int, str]:
        """Exit code and output of one run of pytest."""
        return await self.python("-m", "pytest", *args)


class Ear:
    """All events of a server, as they come."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._events: list[Event] = []
        self._news = asyncio.Event()
        client.on("*", self._hear)

    def _hear(self, event: Event) -> None:
        self._events.append(event)
        self._news.set()

    async def until(self, wanted: Callable[[Event], bool]) -> list[Event]:
        """Everything since the last call, up to the first event that is `wanted`."""
        async with asyncio.timeout(PATIENCE):
            while True:
                for index, event in enumerate(self._events):
                    if wanted(event):
                        heard, self._events = self._events[: index + 1], self._events[index + 1 :]
                        return heard
                self._news.clear()
                await self._news.wait()

    async def run_end(self) -> "Heard":
        return Heard(await self.until(lambda e: said(e).get("status") in ("idle", "error")))


def said(event: Event) -> dict[str, Any]:
    """The event's data as it was on the wire."""
    data: dict[str, Any] = event.data.model_dump(exclude_unset=True)
    return data


class Heard:
    """The events of one run."""

    def __init__(self, events: list[Event]) -> None:
        self.events = events

    def all(self, type_: str) -> list[dict[str, Any]]:
        return [said(event) for event in self.events if event.type == type_]

    def one(self, type_: str) -> dict[str, Any]:
        (data,) = self.all(type_)
        return data

    @property
    def end(self) -> dict[str, Any]:
        return said(self.events[-1])

    @property
    def phases(self) -> list[tuple[str | None, str]]:
        return [(e["previousPhase"], e["currentPhase"]) for e in self.all("tdd_phase_change")]
