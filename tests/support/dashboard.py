"""The dashboard under test: headless, against a real server, read as a person reads it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textual.events import Key
from textual.pilot import Pilot

from tui.app import AutosdlcApp
from tui.client import Client
from tui.discovery import ServerRecord
from tui.feed import Plan
from tui.server.config import ServerConfig
from tui.server.embedded import EmbeddedServer

TOKEN = "test-token"
PATIENCE = 15.0
"""Seconds after which a condition that does not come true fails the test."""


@contextmanager
def server(
    port: int = 0, *, announce: bool = False, kind: str = "embedded", token: str = TOKEN
) -> Iterator[ServerRecord]:
    """A real server in a thread of its own."""
    config = ServerConfig(port=port, http_port="off", token=token, announce=announce, kind=kind)
    running = EmbeddedServer(config)
    record = running.start()
    try:
        yield record
    finally:
        running.stop()


@dataclass
class Screen:
    """A running dashboard and what is on it."""

    app: AutosdlcApp
    pilot: Pilot[None]

    @property
    def text(self) -> str:
        strips = self.app.screen._compositor.render_strips()
        return "\n".join(strip.text for strip in strips)

    async def until(self, condition: Callable[[], bool], what: str = "") -> None:
        """Wait until `condition` holds; fails with what is on the screen."""
        end = asyncio.get_running_loop().time() + PATIENCE
        while not condition():
            if asyncio.get_running_loop().time() > end:
                raise AssertionError(f"never came: {what}\n{self.text}")
            await self.pilot.pause(0.01)

    async def shows(self, *texts: str) -> None:
        """Wait until all of `texts` are on the screen."""
        await self.until(lambda: all(text in self.text for text in texts), f"shows {texts}")

    async def lacks(self, text: str) -> None:
        await self.until(lambda: text not in self.text, f"lacks {text!r}")

    async def settled(self) -> None:
        """Wait until what is on the screen stays as it is."""
        before = None
        while before != self.text:
            before = self.text
            await self.pilot.pause()

    async def click(self, text: str, aim: str = "", times: int = 1) -> None:
        """On the middle of `text` where it is first seen, or of `aim` within it."""
        await self.shows(text)
        await self.settled()
        lines = self.text.splitlines()
        y = next(y for y, line in enumerate(lines) if text in line)
        aim = aim or text
        x = lines[y].index(text) + text.index(aim) + len(aim) // 2
        await self.pilot.click(offset=(x, y), times=times)

    async def writes(self, directory: Path, suffix: str) -> Path:
        """Wait until the only file of that kind has something in it."""

        def written() -> list[Path]:
            return [one for one in directory.glob(f"*{suffix}") if one.stat().st_size]

        await self.until(lambda: bool(written()), f"a file {suffix}")
        (file,) = written()
        return file

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def press_at_once(self, *keys: str) -> None:
        """As they come where a terminal delivers them in one write."""
        for key in keys:
            self.app.post_message(Key(key, key if len(key) == 1 else None))
        await self.pilot.pause()

    @property
    def open_pane(self) -> str | None:
        return self.app.screen.focused.id if self.app.screen.focused else None


@asynccontextmanager
async def dashboard(
    url: str | None,
    *,
    size: tuple[int, int] = (120, 40),
    token: str | None = TOKEN,
    toasts: bool = False,
    **options: Any,
) -> AsyncIterator[Screen]:
    """The app on the server at `url`; without `toasts`, for they cover what is under them."""
    app = AutosdlcApp(Plan(url=url, token=token), **options)
    async with app.run_test(size=size, notifications=toasts) as pilot:
        await pilot.pause()
        yield Screen(app, pilot)


@asynccontextmanager
async def publisher(url: str) -> AsyncIterator[Client]:
    async with Client(url, TOKEN, source="test") as client:
        yield client


async def publish(client: Client, *events: Any) -> None:
    """Send events made by `tests.support.events`, and wait until they are acknowledged."""
    for event in events:
        data = event.data.model_dump(exclude_unset=True)
        await client.publish(event.type, data, event_id=event.id)
    assert await client.flush(PATIENCE)
