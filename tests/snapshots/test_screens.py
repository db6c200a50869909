"""Every screen at a moment of the demo's story, cell by cell.

After a change that was meant: `pytest tests/snapshots --snapshot-update`, and read the diff.
"""

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.support.dashboard import Screen
from tests.support.drawn import drawn
from tests.support.screens import MAIN, OTHERS
from tests.support.stage import staged

DARK = "autosdlc-dark"
SIZES = [(60, 20), (80, 24), (120, 40), (200, 60)]
USUAL = (120, 40)
THEMES = [DARK, "autosdlc-ansi"]


@pytest.fixture(autouse=True)
def _as_everywhere(monkeypatch: pytest.MonkeyPatch, utc: None) -> None:
    """Whatever this terminal is."""
    monkeypatch.delenv("NO_COLOR", raising=False)


def seen(screen: Screen) -> str:
    return drawn(screen.app.screen._compositor.render_strips())


async def settled(screen: Screen) -> str:
    """What is under a modal screen is drawn when its turn has come."""
    before, now = "", seen(screen)
    while now != before:
        await screen.pilot.pause()
        before, now = now, seen(screen)
    return now


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("theme", THEMES)
async def test_the_dashboard(
    snapshot: SnapshotAssertion, theme: str, size: tuple[int, int]
) -> None:
    async with staged(theme, size) as screen:
        assert seen(screen) == snapshot


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", MAIN)
async def test_a_screen_at_every_size(snapshot: SnapshotAssertion, name: str, theme: str) -> None:
    """To come to a screen takes three times as long as to give it another size."""
    shown = MAIN[name]
    async with staged(theme, USUAL, *shown.keys, moment=shown.moment) as screen:
        await screen.shows(shown.words)
        for size in SIZES:
            await screen.pilot.resize_terminal(*size)
            assert await settled(screen) == snapshot(name=f"{size[0]}x{size[1]}")


@pytest.mark.parametrize("name", OTHERS)
async def test_a_screen(snapshot: SnapshotAssertion, name: str) -> None:
    shown = OTHERS[name]
    async with staged(DARK, USUAL, *shown.keys, moment=shown.moment) as screen:
        await screen.shows(shown.words)
        assert seen(screen) == snapshot


async def test_too_small(snapshot: SnapshotAssertion) -> None:
    async with staged(DARK, (24, 8)) as screen:
        assert seen(screen) == snapshot
