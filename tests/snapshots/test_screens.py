"""Every screen at a moment of the demo's story, cell by cell.

After a change that was meant: `pytest tests/snapshots --snapshot-update`, and read the diff.
"""

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.support.dashboard import Screen
from tests.support.drawn import drawn
from tests.support.stage import DEPLOYING, MOMENT, staged

DARK = "autosdlc-dark"
SIZES = [(60, 20), (80, 24), (120, 40), (200, 60)]
SCREENS: dict[str, tuple[float, tuple[str, ...], str]] = {
    "agent": (MOMENT, ("enter",), "METRICS"),
    "cycle": (MOMENT, ("2", "enter"), "FAILURES 8"),
    "all-cycles": (MOMENT, ("2", "o"), "the only agent"),
    "workflow": (MOMENT, ("3", "enter"), "PARAMETERS"),
    "all-workflows": (DEPLOYING, ("3", "o"), "STEPS"),
    "alert": (MOMENT, ("4", "enter"), "WHAT TO DO"),
    "deployment": (DEPLOYING, ("4", "enter"), "COMPONENTS"),
    "run": (DEPLOYING, ("4", "j", "enter"), "RUNS BEFORE"),
    "pull-request": (DEPLOYING, ("4", "j", "j", "enter"), "REVIEW AND CHECKS"),
    "notification": (MOMENT, ("4", "G", "k", "k", "enter"), "ACTIONS"),
    "address": (MOMENT, ("4", "G", "k", "k", "enter", *"j" * 8, "enter"), "Open in the browser?"),
    "logs": (MOMENT, ("5", "z"), "5 LOGS"),
    "filter": (MOMENT, ("5", "slash", *"refund"), "▽refund"),
    "log-line": (MOMENT, ("5", "k", "enter"), "AROUND"),
    "paused": (MOMENT, ("space",), "PAUSED"),
    "dense": (MOMENT, ("d",), "AGENTS"),
    "export": (MOMENT, ("e",), "as CSV"),
    "help": (MOMENT, ("question_mark",), "esc closes"),
    "palette": (MOMENT, ("ctrl+p",), "Search for commands"),
}
"""When, the keys that lead there, and what is seen nowhere else."""


@pytest.fixture(autouse=True)
def _as_everywhere(monkeypatch: pytest.MonkeyPatch, utc: None) -> None:
    """Whatever this terminal is."""
    monkeypatch.delenv("NO_COLOR", raising=False)


def seen(screen: Screen) -> str:
    return drawn(screen.app.screen._compositor.render_strips())


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("theme", [DARK, "autosdlc-ansi"])
async def test_the_dashboard(
    snapshot: SnapshotAssertion, theme: str, size: tuple[int, int]
) -> None:
    async with staged(theme, size) as screen:
        assert seen(screen) == snapshot


@pytest.mark.parametrize("name", SCREENS)
async def test_a_screen(snapshot: SnapshotAssertion, name: str) -> None:
    moment, keys, words = SCREENS[name]
    async with staged(DARK, (120, 40), *keys, moment=moment) as screen:
        await screen.shows(words)
        assert seen(screen) == snapshot


async def test_too_small(snapshot: SnapshotAssertion) -> None:
    async with staged(DARK, (24, 8)) as screen:
        assert seen(screen) == snapshot
