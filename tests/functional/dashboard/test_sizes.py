"""The dashboard at the sizes terminals have."""

import pytest
from rich.console import RenderableType
from textual.geometry import Region
from textual.screen import Screen as AnyScreen

from tests.support.dashboard import Screen, dashboard, publish, publisher, server
from tests.support.events import results, status
from tui.app import AutosdlcApp
from tui.feed import Plan
from tui.panes.pane import Pane
from tui.widgets.time_ribbon import TimeRibbon

NOWHERE = "ws://127.0.0.1:1/ws"


async def test_small_terminals_show_one_pane_and_a_line_for_each_other() -> None:
    with server() as record:
        async with (
            dashboard(record.url, size=(80, 24)) as screen,
            publisher(record.url) as client,
        ):
            await publish(
                client, status("coder-007", "busy"), results("coder-007", "t.py", 2, ("test_x",))
            )
            await screen.shows("▾1 AGENTS ●1", "coder-007", "▸2 TDD ✗1", "▸5 LOGS")
            assert "test_x" not in screen.text
            await screen.press("2")
            await screen.shows("▸1 AGENTS ●1", "▾2 TDD ✗1", "test_x")
            heights = [pane.size.height for pane in screen.app.screen.query(Pane)]
            assert sorted(heights)[:4] == [1, 1, 1, 1]


@pytest.mark.parametrize("size", [(40, 10), (60, 20), (80, 24), (120, 40), (200, 60)])
async def test_nothing_is_drawn_beyond_the_edges(size: tuple[int, int]) -> None:
    with server() as record:
        async with dashboard(record.url, size=size) as screen, publisher(record.url) as client:
            await publish(client, status("coder-007", "busy"))
            await screen.shows("coder-007")
            lines = screen.text.splitlines()
            assert len(lines) == size[1]


async def test_too_small_says_so_and_recovers() -> None:
    async with dashboard("ws://127.0.0.1:1/ws") as screen:
        await screen.pilot.resize_terminal(24, 8)
        await screen.shows("too small")
        await screen.pilot.resize_terminal(120, 40)
        await screen.shows("1 AGENTS", "5 LOGS")
        await screen.lacks("too small")


async def test_too_small_leaves_the_focus_where_it_was() -> None:
    async with dashboard("ws://127.0.0.1:1/ws") as screen:
        await screen.press("5")
        await screen.pilot.resize_terminal(30, 8)
        await screen.shows("too small")
        await screen.pilot.resize_terminal(80, 24)
        await screen.shows("▾5 LOGS")
        assert screen.open_pane == "logs"


async def test_a_storm_of_sizes_leaves_the_panes_right() -> None:
    with server() as record:
        async with dashboard(record.url) as screen, publisher(record.url) as client:
            await publish(client, status("coder-007", "busy"))
            for columns in (60, 200, 80, 30, 120, 99, 100):
                await screen.pilot.resize_terminal(columns, 40)
            await screen.shows("─ 1 AGENTS", "coder-007")


async def test_where_there_is_height_each_agent_has_a_lane() -> None:
    async with dashboard(NOWHERE, size=(200, 60)) as screen:
        ribbon = screen.app.screen.query_one(TimeRibbon)

        async def is_high(rows: int) -> None:
            await screen.until(lambda: ribbon.region.height == rows, f"{rows} rows of ribbon")

        await is_high(1)
        for agent in "abcdefgh":
            screen.app.store.apply(status(f"lane-{agent}", "busy"))
        screen.app.draw()
        screen.app._tick()
        await is_high(8)
        assert regions(screen)["logs"].bottom == ribbon.region.y
        for size, height in (((200, 52), 5), ((200, 40), 1), ((120, 60), 8), ((99, 60), 1)):
            await screen.pilot.resize_terminal(*size)
            await is_high(height)


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_the_first_frame_is_whole(size: tuple[int, int]) -> None:
    class Watched(AutosdlcApp):
        connects = False
        first = ""

        def _display(self, screen: AnyScreen[object], renderable: RenderableType | None) -> None:
            if not self.first and not self._batch_count:
                strips = screen._compositor.render_strips()
                self.first = "\n".join(strip.text for strip in strips)
            super()._display(screen, renderable)

    app = Watched(Plan(url="ws://127.0.0.1:1/ws"))
    async with app.run_test(size=size):
        for said in ("autosdlc ○ starting", "1 AGENTS", "starting…", "5 LOGS", "no events yet"):
            assert said in app.first


def regions(screen: Screen) -> dict[str | None, Region]:
    return {pane.id: pane.region for pane in screen.app.screen.query(Pane)}


async def test_from_200_columns_on_the_panes_stand_in_three() -> None:
    async with dashboard(NOWHERE, size=(200, 60)) as screen:
        at = regions(screen)
        assert at["agents"].x == at["workflow"].x == at["logs"].x == 0
        assert at["agents"].right == at["workflow"].right == at["tdd"].x
        assert at["tdd"].right == at["alerts"].x
        assert at["alerts"].right == at["logs"].right == 200
        assert at["agents"].bottom == at["workflow"].y
        assert at["tdd"].y == at["alerts"].y == at["agents"].y
        assert {at[name].bottom for name in ("workflow", "tdd", "alerts")} == {at["logs"].y}


async def test_a_terminal_that_becomes_narrower_and_wider_has_three_columns_again() -> None:
    async with dashboard(NOWHERE, size=(200, 60)) as screen:
        wide = regions(screen)
        for size in ((199, 60), (120, 40)):
            await screen.pilot.resize_terminal(*size)
            now = regions(screen)
            assert now["tdd"].height == now["agents"].height
            assert now["alerts"].x == now["tdd"].x
        await screen.pilot.resize_terminal(200, 24)
        assert {region.x for region in regions(screen).values()} == {0}
        await screen.pilot.resize_terminal(200, 60)
        assert regions(screen) == wide


async def test_in_three_columns_keys_go_left_and_right_through_all_of_them() -> None:
    async with dashboard(NOWHERE, size=(200, 60)) as screen:
        for key, pane in (
            ("right", "tdd"),
            ("l", "alerts"),
            ("right", "alerts"),
            ("h", "tdd"),
            ("left", "agents"),
            ("3", "workflow"),
            ("right", "tdd"),
        ):
            await screen.press(key)
            assert screen.open_pane == pane
        await screen.press("z")
        assert regions(screen)["tdd"].width == 200
        await screen.press("z", "d")
        await screen.shows("1 AGENTS")
        assert regions(screen)["agents"].right < regions(screen)["tdd"].x, "a gap, for no border"
