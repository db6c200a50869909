"""Filtering, ordering, opening and copying rows."""

import re
from pathlib import Path

import pytest

from tests.support.dashboard import Screen, dashboard, publish, publisher, server
from tests.support.events import status
from tui.panes.agents import AgentsPane
from tui.panes.pane import Pane
from tui.remembered import Remembered
from tui.widgets.filter_bar import FilterBar


def agents(screen: Screen) -> list[str]:
    """The agents in the panes, from the top."""
    lines = screen.text.splitlines()[2:]
    return [word for line in lines for word in line.split() if word.startswith("coder-")]


async def fill(url: str) -> None:
    async with publisher(url) as client:
        await publish(
            client,
            status("coder-3", "busy"),
            status("coder-1", "idle"),
            status("coder-2", "needs_input", reason="Bash: rm build?"),
        )


async def test_a_filter_holds_while_it_is_typed_and_escape_takes_it_back() -> None:
    with server() as record:
        async with dashboard(record.url) as screen:
            await fill(record.url)
            await screen.shows("coder-1", "coder-2", "coder-3")
            await screen.press("slash", *"needs")
            await screen.shows("▽needs 1 of 3")
            assert agents(screen) == ["coder-2"]
            await screen.press("escape")
            await screen.shows("coder-1", "coder-3")
            assert "▽" not in screen.text
            await screen.press("slash", *"!/coder-[12]/", "enter")
            await screen.shows("▽!/coder-[12]/ 1 of 3")
            assert agents(screen) == ["coder-3"]
            assert screen.open_pane == "agents"
            await screen.press("escape")
            await screen.shows("coder-1", "coder-2")


async def test_a_filter_is_kept_where_another_pane_is_clicked_meanwhile() -> None:
    with server() as record:
        async with dashboard(record.url) as screen:
            await fill(record.url)
            await screen.shows("coder-1", "coder-2", "coder-3")
            await screen.press("slash", *"needs")
            await screen.pilot.click("#logs")
            await screen.press("slash", *"nothing", "enter")
            await screen.shows("▽needs 1 of 3", "▽nothing")
            assert agents(screen) == ["coder-2"]
            assert screen.open_pane == "logs"


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 40), (200, 60)])
@pytest.mark.parametrize("zoomed", [[], ["z"]])
@pytest.mark.parametrize("away", ["tab", "shift+tab"])
async def test_a_filter_is_closed_when_its_pane_or_another_has_the_focus(
    size: tuple[int, int], zoomed: list[str], away: str
) -> None:
    async with dashboard("ws://127.0.0.1:1/ws", size=size) as screen:
        await screen.press(*zoomed, "slash", "a", away)
        assert isinstance(screen.app.focused, Pane)
        assert not screen.app.screen.query(FilterBar)
        await screen.press("1", "slash", "b")
        assert len(screen.app.screen.query(FilterBar)) == 1
        await screen.press("enter")
        assert screen.app.screen.query_one(AgentsPane).search.text == "ab"


async def test_a_filter_that_matches_nothing_or_is_none_says_so() -> None:
    with server() as record:
        async with dashboard(record.url) as screen:
            await fill(record.url)
            await screen.press("slash", *"zebra")
            await screen.shows("nothing of 3 matches zebra; esc shows all")
            await screen.press("ctrl+u", *"/(")
            await screen.shows("/(: missing )")


async def test_matches_are_gone_through_after_the_filter_is_taken_off() -> None:
    with server() as record:
        async with dashboard(record.url) as screen:
            await fill(record.url)
            await screen.press("slash", *"/coder-[13]/", "enter", "escape", "s")
            await screen.shows("by name")
            seen = []
            for key in "nnnN":
                await screen.press(key)
                seen.append(screen.app.screen.query_one(AgentsPane).cursor)
            assert seen == [3, 0, 3, 0], "coder-2's question is a row, too"


async def test_orders_go_round_and_are_remembered(tmp_path: Path) -> None:
    remembered = Remembered(tmp_path / "dashboard.json")
    with server() as record:
        async with dashboard(record.url, remembered=remembered) as screen:
            await fill(record.url)
            await screen.shows("coder-1", "coder-2", "coder-3")
            assert agents(screen)[0] == "coder-2"
            await screen.press("s")
            await screen.shows("by name")
            assert agents(screen) == ["coder-1", "coder-2", "coder-3"]
        again = Remembered(tmp_path / "dashboard.json")
        async with dashboard(record.url, remembered=again) as screen:
            await screen.shows("by name", "coder-1", "coder-3")
            for _ in range(3):
                await screen.press("s")
            await screen.lacks("by ")


async def test_enter_opens_all_about_a_row_and_it_goes_on_changing() -> None:
    with server() as record:
        async with dashboard(record.url) as screen, publisher(record.url) as client:
            await fill(record.url)
            await screen.shows("coder-2")
            await screen.press("enter")
            await screen.shows("needs you for", "Bash: rm build?", '"agentId": "coder-2"')
            await publish(client, status("coder-2", "busy", reason="went on"))
            await screen.shows("working for", "went on")
            await screen.press("escape")
            await screen.shows("1 AGENTS")


async def test_a_row_is_copied_whole() -> None:
    with server() as record:
        async with dashboard(record.url, size=(60, 20)) as screen:
            await fill(record.url)
            await screen.shows("coder-2")
            await screen.press("y")
            assert re.fullmatch(r"‼ coder-2 needs you \S+: Bash: rm build\?", screen.app.clipboard)
            await screen.press("down", "y")
            assert screen.app.clipboard == "Bash: rm build?"


async def test_a_cursor_stays_in_sight_in_another_order_and_another_room() -> None:
    with server() as record:
        async with dashboard(record.url) as screen, publisher(record.url) as client:
            await publish(client, *(status(f"coder-{n:02d}", "busy", -n) for n in range(60)))
            await screen.shows("●60")
            await screen.press(*"zg", *"j" * 25)
            for keys in (("z",), ("z",), ("z", "s"), ("s",), ("s",)):
                await screen.press(*keys)
                await screen.shows("coder-25")
            await screen.pilot.resize_terminal(120, 31)
            await screen.shows("coder-25")
            await screen.pilot.resize_terminal(80, 24)
            await screen.shows("coder-25")
