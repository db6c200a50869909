"""Make every screenshot again, from the demo: `python screenshots/make.py`.

The story runs on a clock of its own, so the pictures differ only where the dashboard does.
"""

import asyncio
import os
import time
from pathlib import Path

from tests.support.stage import staged
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


async def take(theme: str, size: tuple[int, int], *keys: str, name: str = "") -> None:
    async with staged(theme, size, *keys) as screen:
        file = HERE / f"{name or f'{theme}-{size[0]}x{size[1]}'}.svg"
        file.write_text(screen.app.export_screenshot(title="autosdlc-tui"), "utf-8")


async def main() -> None:
    for theme in find_themes([shipped_directory()]):
        for size in SIZES:
            await take(theme, size)
    for name, keys in SCREENS.items():
        await take(*USUAL, *keys, name=name)


if __name__ == "__main__":
    os.environ["TZ"] = "UTC"
    time.tzset()
    asyncio.run(main())
