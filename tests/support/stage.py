"""A moment of the demo's story on the screen, by a clock that stands: for pictures of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from textual.widgets import Input

from tests.support.dashboard import Screen
from tests.support.demo import story
from tui.app import AutosdlcApp
from tui.feed import Plan
from tui.store.link import Link

BEGUN = 1_770_000_000_000.0
"""When the story begins (Unix ms)."""
MOMENT = 31.0
"""Seconds into the story: red, a question waits, an alert is open."""
DEPLOYING = 56.5
"""Seconds into the story: a deployment is under way, the pull request merged."""


@asynccontextmanager
async def staged(
    theme: str, size: tuple[int, int], *keys: str, moment: float = MOMENT
) -> AsyncIterator[Screen]:
    """The dashboard at that moment, after `keys`; nothing on it moves any more."""
    now = BEGUN + moment * 1000
    app = AutosdlcApp(Plan(url="ws://127.0.0.1:1/ws"), theme=theme, clock=lambda: now)
    app.connects = False
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        for event in story(moment, start=BEGUN):
            app.store.apply(event)
        app.store.set_link(Link(phase="live", kind="demo", round_trip=0.002, rate=6.4))
        app.draw()
        app._tick()  # the time ribbon goes on with the clock
        await pilot.press(*keys)
        for field in app.screen.query(Input):
            field.cursor_blink = False
        await pilot.pause()
        yield Screen(app, pilot)
