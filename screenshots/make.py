"""Make every screenshot again, from the demo: `python screenshots/make.py`.

The story runs on a clock of its own, so the pictures differ only where the dashboard does.
"""

import asyncio
import os
import time
from collections.abc import Sequence
from pathlib import Path

from tui.app import AutosdlcApp
from tui.feed import Plan
from tui.protocol.codec import build_event
from tui.sources.demo.mapping import dated, event_id, scenario
from tui.store.link import Link
from tui.theme import find_themes, shipped_directory

HERE = Path(__file__).parent
SIZES = ((200, 60), (120, 40), (80, 24), (60, 20))
SCREENS = {
    "agent": ("enter",),
    "cycle": ("2", "enter"),
    "workflow": ("3", "enter"),
    "alert": ("4", "enter"),
    "logs": ("5", "z"),
    "help": ("question_mark",),
    "export": ("e",),
}
"""What else there is to see, by the keys that lead there."""
USUAL = "autosdlc-dark", (120, 40)
MOMENT = 31.0
"""Seconds into the story: red, a question waits, an alert is open."""
START = 1_770_000_000_000.0
"""When the story begins (Unix ms)."""


async def take(theme: str, size: tuple[int, int], keys: Sequence[str] = (), name: str = "") -> None:
    app = AutosdlcApp(
        Plan(url="ws://127.0.0.1:1/ws"), theme=theme, clock=lambda: START + MOMENT * 1000
    )
    app.connects = False
    async with app.run_test(size=size) as pilot:
        for index, beat in enumerate(scenario()):
            if beat.at > MOMENT:
                break
            data = dated(beat.data, START, 1.0)
            at = START + beat.at * 1000
            id_ = event_id(0, index)
            app.store.apply(build_event(beat.type, data, id_=id_, timestamp=at, source=beat.source))
        app.store.set_link(Link(phase="live", kind="demo", round_trip=0.002, rate=6.4))
        await pilot.pause(1.1)  # until the clock ticks, with which the time ribbon goes on
        app.draw()
        await pilot.press(*keys)
        await pilot.pause()
        file = HERE / f"{name or f'{theme}-{size[0]}x{size[1]}'}.svg"
        file.write_text(app.export_screenshot(title="autosdlc-tui"), "utf-8")


async def main() -> None:
    for theme in find_themes([shipped_directory()]):
        for size in SIZES:
            await take(theme, size)
    for name, keys in SCREENS.items():
        await take(*USUAL, keys, name)


if __name__ == "__main__":
    os.environ["TZ"] = "UTC"
    time.tzset()
    asyncio.run(main())
