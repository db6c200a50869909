"""Make every screenshot again, from the demo: `python screenshots/make.py`.

The story runs on a clock of its own, so the pictures differ only where the dashboard does.
"""

import asyncio
import os
import time
from pathlib import Path

from tests.support.dashboard import Screen
from tests.support.screens import MAIN, OTHERS
from tests.support.stage import staged
from tui.theme import find_themes, shipped_directory

HERE = Path(__file__).parent
SIZES = ((200, 60), (120, 40), (80, 24), (60, 20))
USUAL = "autosdlc-dark", (120, 40)


def save(screen: Screen, name: str) -> None:
    file = HERE / f"{name}.svg"
    file.write_text(screen.app.export_screenshot(title="autosdlc-tui"), "utf-8")


async def main() -> None:
    for theme in find_themes([shipped_directory()]):
        for size in SIZES:
            async with staged(theme, size) as screen:
                save(screen, f"{theme}-{size[0]}x{size[1]}")
    for name, shown in (MAIN | OTHERS).items():
        async with staged(*USUAL, *shown.keys, moment=shown.moment) as screen:
            await screen.shows(shown.words)
            save(screen, name)


if __name__ == "__main__":
    os.environ["TZ"] = "UTC"
    time.tzset()
    asyncio.run(main())
