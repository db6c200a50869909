"""Pane 4: tabs, orders, acknowledging and putting off."""

from pathlib import Path

import pytest

from tests.functional.dashboard.alerts import (
    EVERYTHING,
    NOWHERE,
    Clock,
    alert,
    deployment,
    fill,
    keys,
    notice,
    pane,
    run,
    tick,
    told,
)
from tests.support.dashboard import Screen, dashboard, server
from tui.panes.alerts import RESOLVED_SHOWN, AlertsPane
from tui.remembered import Remembered
from tui.store.inbox import MINUTE, SNOOZE_MINUTES


@pytest.mark.parametrize(("width", "height"), [(60, 20), (80, 24), (120, 40), (200, 60)])
async def test_every_kind_has_its_row_at_every_size(width: int, height: int) -> None:
    async with dashboard(NOWHERE, size=(width, height), clock=Clock()) as screen:
        fill(screen, *EVERYTHING)
        await screen.press("4")
        await screen.shows(
            "all│alerts│deploys│github",
            "▲ HIGH     Trouble a",
            "⇡ ▓▓▓▓▓▓░░ staging v1.8.2",
            " 75%",
            "⎇ PR#214   Refunds",
            "7/8 ✗lint changes",
            "» CI       lint feat/refunds",
            "failure",
            "◆ ERROR    Update stopped",
        )
        await screen.until(lambda: len({len(line) for line in screen.text.splitlines()}) == 1)


async def test_tabs_go_round_by_key_and_are_remembered(tmp_path: Path) -> None:
    remembered = Remembered(tmp_path / "dashboard.json")
    async with dashboard(NOWHERE, clock=Clock(), remembered=remembered) as screen:
        fill(screen, *EVERYTHING)
        await screen.press("4")
        shown = []
        for key in ("o", "o", "ctrl+right", "o", "O", "ctrl+left"):
            await screen.press(key)
            shown.append({item.kind for item in pane(screen).rows})
        assert shown == [
            {"alert", "notice"},
            {"deployment"},
            {"pr", "ci"},
            {"alert", "notice", "deployment", "pr", "ci"},
            {"pr", "ci"},
            {"deployment"},
        ]
    again = Remembered(tmp_path / "dashboard.json")
    async with dashboard(NOWHERE, clock=Clock(), remembered=again) as screen:
        fill(screen, *EVERYTHING)
        assert {item.kind for item in pane(screen).rows} == {"deployment"}


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_a_click_on_a_tab_opens_it(size: tuple[int, int]) -> None:
    async with dashboard(NOWHERE, size=size, clock=Clock()) as screen:
        fill(screen, *EVERYTHING)
        await screen.press("4")
        await screen.shows("all│alerts│deploys│github")
        for name in ("github", "deploys", "alerts", "all"):
            region = pane(screen).region
            line = screen.text.splitlines()[region.y][region.x : region.right]
            start = line.index(name)
            await screen.pilot.click(AlertsPane, offset=(start + len(name) - 1, 0))
            assert pane(screen).tab == name
            await screen.pilot.click(AlertsPane, offset=(start, 0))
            assert pane(screen).tab == name


async def test_an_empty_tab_says_what_would_be_there() -> None:
    with server() as record:
        async with dashboard(record.url) as screen:
            await screen.shows("● LIVE", "nothing to report")
            await screen.press("4", "o", "o")
            await screen.shows("no deployments yet")


async def test_orders_and_filter_are_those_of_every_list() -> None:
    async with dashboard(NOWHERE, clock=Clock()) as screen:
        fill(
            screen,
            alert("a", severity="low"),
            alert("b", 1, severity="critical"),
            notice(),
            run(1, "success", 2),
        )
        await screen.press("4")
        assert [k.split()[0] for k in keys(screen)] == ["alert", "alert", "ci", "notice"]
        assert keys(screen)[0] == "alert b"
        await screen.press("s")
        await screen.shows("by time")
        assert keys(screen)[0].startswith("ci")
        await screen.press("s")
        assert [k.split()[0] for k in keys(screen)] == ["alert", "alert", "ci", "notice"]
        await screen.press("slash", *"trouble", "enter")
        await screen.shows("▽trouble 2 of 4")
        assert keys(screen) == ["alert b", "alert a"]


async def test_what_is_said_again_is_one_row_with_a_count() -> None:
    async with dashboard(NOWHERE, clock=Clock()) as screen:
        fill(screen, alert("a"), alert("a", 1), alert("a", 2), notice(), notice())
        await screen.shows("Trouble a", "×3", "×2")
        assert len(keys(screen)) == 2


async def test_a_resolved_alert_is_seen_to_be_and_then_gone() -> None:
    clock = Clock()
    async with dashboard(NOWHERE, clock=clock) as screen:
        fill(screen, alert("a"), alert("a", 0.5, resolved=True))
        await screen.shows("✓ RESOLVED Trouble a", "none open")
        clock.now += RESOLVED_SHOWN
        tick(screen)
        await screen.shows("RESOLVED")
        clock.now += 1_000
        tick(screen)
        await screen.lacks("RESOLVED")
        assert not keys(screen)
        fill(screen, alert("a", 90))
        await screen.shows("▲ HIGH     Trouble a", "▲1 open")


def drawn(screen: Screen) -> str:
    """What the pane has on the screen."""
    region = pane(screen).region
    lines = screen.text.splitlines()[region.y : region.bottom]
    return "\n".join(line[region.x : region.right] for line in lines)


async def test_a_acknowledges_and_takes_it_back_and_it_is_kept(tmp_path: Path) -> None:
    remembered = Remembered(tmp_path / "dashboard.json")
    async with dashboard(NOWHERE, clock=Clock(), remembered=remembered) as screen:
        fill(screen, alert("a"), alert("b", severity="low"))
        await screen.press("4")
        assert keys(screen) == ["alert a", "alert b"]
        await screen.press("a")
        await screen.until(lambda: " ack" in drawn(screen))
        assert keys(screen) == ["alert b", "alert a"], "what was seen is below"
    again = Remembered(tmp_path / "dashboard.json")
    async with dashboard(NOWHERE, clock=Clock(), remembered=again) as screen:
        fill(screen, alert("a"), alert("b", severity="low"))
        assert keys(screen) == ["alert b", "alert a"]
        fill(screen, alert("a", 5))
        await screen.shows("×2 ack")
        await screen.press("4", "G", "a")
        await screen.until(lambda: " ack" not in drawn(screen))
        await screen.press("a")
        fill(screen, alert("a", 6, resolved=True), alert("a", 7))
        await screen.until(lambda: " ack" not in drawn(screen))
        assert keys(screen) == ["alert a", "alert b"], "open again, it asks again"


async def test_snoozed_is_hidden_and_counted_and_comes_back() -> None:
    clock = Clock()
    async with dashboard(NOWHERE, clock=clock) as screen:
        fill(screen, alert("a"), alert("b", severity="low"))
        await screen.press("4", "S")
        await screen.shows("1 snoozed")
        assert "snoozed 15 min: Trouble a" in told(screen)[0]
        assert keys(screen) == ["alert b"]
        await screen.press("S")
        assert pane(screen).nothing().startswith("2 snoozed; ")
        await screen.press("A")
        assert keys(screen) == ["alert a", "alert b"]
        await screen.press("S")
        assert keys(screen) == ["alert b"]
        clock.now += SNOOZE_MINUTES * MINUTE + 1
        tick(screen)
        assert keys(screen) == ["alert a", "alert b"]
        await screen.press("S", "S")
        title = drawn(screen).splitlines()[0]
        await screen.pilot.click(AlertsPane, offset=(title.index("snoozed"), 0))
        assert keys(screen) == ["alert a", "alert b"]


async def test_acknowledging_what_asks_for_nothing_does_nothing() -> None:
    async with dashboard(NOWHERE, clock=Clock()) as screen:
        fill(screen, notice())
        await screen.press("4", "a", "S")
        assert len(keys(screen)) == 1
        assert " ack" not in drawn(screen)


async def test_deployments_are_a_matrix_where_there_is_room() -> None:
    async with dashboard(NOWHERE, size=(200, 60), clock=Clock()) as screen:
        fill(
            screen,
            deployment(),
            deployment(
                "dep-2",
                environment="production",
                version="v1.8.1",
                status="failed",
                components=[
                    {"name": "worker", "status": "failed"},
                    {"name": "cron", "status": "ok"},
                ],
            ),
        )
        await screen.press("4", "o", "o", "z")
        await screen.shows("WORKER", "CRON")
        lines = screen.text.splitlines()
        (head,) = [line for line in lines if "WORKER" in line]
        (staging,) = [line for line in lines if "staging v1.8.2" in line]
        (production,) = [line for line in lines if "production v1.8.1" in line]
        assert staging.index("▓▓░░  40%") == head.index("WORKER")
        assert production.index("✗ failed") == head.index("WORKER")
        assert production.index("✓ ok") == head.index("CRON")
        assert staging[head.index("API")] == "✓"
        assert staging[head.index("WEBHOOKS")] == "·"
        assert "FAILED" in production
        await screen.press("z")  # a third of the screen: signs alone
        await screen.lacks("WEBHOOKS")
        lines = screen.text.splitlines()
        (head,) = [line for line in lines if " WOR " in line and "DEPLOYMENT" in line]
        (staging,) = [line for line in lines if "staging v1.8" in line]
        (production,) = [line for line in lines if "production v1" in line]
        assert staging.index("40%") == head.index("WOR")
        assert production[head.index("WOR")] == "✗"
        assert production[head.index("API")] == " "
