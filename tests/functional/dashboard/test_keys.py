"""Every key of the dashboard, pressed."""

import pytest

from tests.support.dashboard import Screen, dashboard, publish, publisher, server
from tests.support.events import log, status
from tui.panes.pane import Pane
from tui.screens.dashboard import PANES

NOWHERE = "ws://127.0.0.1:1/ws"
NAMES = [pane.NAME.lower() for pane in PANES]


def visible(screen: Screen) -> list[str | None]:
    return [pane.id for pane in screen.app.screen.query(Pane) if pane.display]


@pytest.mark.parametrize(("key", "name"), list(zip("12345", NAMES, strict=True)))
async def test_a_number_opens_its_pane_and_again_zooms_it(key: str, name: str) -> None:
    async with dashboard(NOWHERE) as screen:
        if name != "agents":
            await screen.press(key)
        assert screen.open_pane == name
        await screen.press(key)
        assert visible(screen) == [name]
        await screen.press(key)
        assert visible(screen) == NAMES


async def test_tab_goes_round() -> None:
    async with dashboard(NOWHERE) as screen:
        seen = []
        for _ in NAMES:
            await screen.press("tab")
            seen.append(screen.open_pane)
        assert seen == [*NAMES[1:], NAMES[0]]
        await screen.press("shift+tab")
        assert screen.open_pane == NAMES[-1]


@pytest.mark.parametrize(("left", "right"), [("left", "right"), ("h", "l")])
async def test_left_and_right_go_to_the_neighbour(left: str, right: str) -> None:
    async with dashboard(NOWHERE) as screen:
        await screen.press(right)
        assert screen.open_pane == "tdd"
        await screen.press(right)
        assert screen.open_pane == "tdd"
        await screen.press(left)
        assert screen.open_pane == "agents"


async def test_z_zooms_and_escape_brings_all_back() -> None:
    async with dashboard(NOWHERE) as screen:
        await screen.press("3", "z")
        assert visible(screen) == ["workflow"]
        await screen.press("escape")
        assert visible(screen) == NAMES


async def test_a_zoomed_pane_gives_way_to_the_one_gone_to() -> None:
    async with dashboard(NOWHERE) as screen:
        await screen.press("z", "5")
        assert visible(screen) == ["logs"]


@pytest.mark.parametrize("key", ["question_mark", "f1"])
async def test_help_lists_every_key_and_closes(key: str) -> None:
    async with dashboard(NOWHERE) as screen:
        await screen.press(key)
        await screen.shows("Keys", "This pane alone, or all again", "Go to the logs pane", "q")
        await screen.press("escape")
        await screen.lacks("This pane alone")
        assert screen.open_pane == "agents"


async def test_help_has_the_keys_of_every_place_as_a_person_set_them() -> None:
    async with dashboard(NOWHERE, size=(120, 160), keys={"address.copy": "ctrl+y"}) as screen:
        await screen.press("question_mark")
        await screen.shows("ONLY IN DETAILS", "ONLY IN EXPORTS", "ONLY IN FILTERS")
        (line,) = (line for line in screen.text.splitlines() if "Copy it" in line)
        assert "^y" in line


@pytest.mark.parametrize("key", ["q", "ctrl+q"])
async def test_q_quits(key: str) -> None:
    async with dashboard(NOWHERE) as screen:
        await screen.press(key)
        await screen.until(lambda: not screen.app.is_running, "quit")
    assert screen.app.return_code == 0


async def test_keys_of_one_write_each_reach_what_the_one_before_leads_to() -> None:
    async with dashboard(NOWHERE) as screen:
        screen.app.store.apply(log("a", "one"))
        screen.app.draw()
        await screen.press_at_once("5", "f", "v", "z")
        await screen.shows("≥INFO", "held")
        assert visible(screen) == ["logs"]
        await screen.press_at_once("slash", *"quite", "z")  # of which q quits, and e exports
        await screen.shows("▽quitez")
        await screen.press("escape", "z")
        await screen.press_at_once("1", "5", "5", "enter", "q")
        assert screen.app.is_running
        assert visible(screen) == ["logs"]
        await screen.press_at_once("question_mark", "q")
        assert visible(screen) == ["logs"]


async def test_keys_can_be_remapped() -> None:
    async with dashboard(NOWHERE, keys={"pane.zoom": "x"}) as screen:
        await screen.press("z")
        assert visible(screen) == NAMES
        await screen.press("x")
        assert visible(screen) == ["agents"]


@pytest.mark.parametrize(
    ("keys", "row"),
    [
        (("down",), 1),
        (("j", "j", "k"), 1),
        (("down", "down", "up"), 1),
        (("end",), 29),
        (("G", "home"), 0),
        (("G", "g"), 0),
        (("k",), 0),
        (("G", "j"), 29),
    ],
)
async def test_the_cursor_moves_by_row_and_to_the_ends(keys: tuple[str, ...], row: int) -> None:
    with server() as record:
        async with dashboard(record.url) as screen, publisher(record.url) as client:
            await publish(client, *(status(f"agent-{n:02d}", "busy") for n in range(30)))
            await screen.shows("●30")
            await screen.press(*keys)
            assert screen.app.screen.query_one("#agents", Pane).cursor == row
            await screen.shows(f"agent-{row:02d}")


async def test_a_page_is_what_is_visible() -> None:
    with server() as record:
        async with dashboard(record.url) as screen, publisher(record.url) as client:
            await publish(client, *(status(f"agent-{n:02d}", "busy") for n in range(40)))
            await screen.shows("●40")
            pane = screen.app.screen.query_one("#agents", Pane)
            await screen.press("pagedown")
            assert pane.cursor == pane.page
            await screen.press("pageup")
            assert pane.cursor == 0


async def test_the_cursor_stays_on_its_agent_when_the_order_changes() -> None:
    with server() as record:
        async with dashboard(record.url) as screen, publisher(record.url) as client:
            await publish(client, *(status(f"agent-{n}", "busy") for n in range(5)))
            await screen.shows("●5")
            await screen.press("j", "j")
            pane = screen.app.screen.query_one("#agents", Pane)
            assert pane.key(pane.cursor) == "agent-2"
            await publish(client, status("agent-4", "blocked"))
            await screen.shows("◼1 ●4")
            assert pane.key(pane.cursor) == "agent-2"


async def test_logs_follow_until_read_and_follow_again_from_the_end() -> None:
    with server() as record:
        async with dashboard(record.url) as screen, publisher(record.url) as client:
            await publish(client, *(log("a", f"line {n}") for n in range(100)))
            await screen.shows("line 99", "FOLLOW")
            await screen.press("5", "up", "up")
            await screen.shows("held")
            await publish(client, *(log("a", f"line {n}") for n in range(100, 120)))
            await screen.shows("120 lines", "+20 new")
            assert "line 119" not in screen.text
            assert "line 97" in screen.text
            await screen.press("G")
            await screen.shows("line 119", "FOLLOW")


async def test_logs_that_come_all_at_once_are_followed_to_their_end() -> None:
    async with dashboard(NOWHERE) as screen:
        for number in range(100):
            screen.app.store.apply(log("a", f"line {number}"))
        screen.app.draw()
        await screen.shows("line 99", "FOLLOW")


async def test_another_theme_repaints_everything() -> None:
    async with dashboard(NOWHERE) as screen:
        screen.app.store.apply(status("coder-007", "busy"))
        screen.app.draw()
        await screen.shows("coder-007")
        await screen.until(lambda: "autosdlc-light" in screen.app.available_themes, "themes")
        screen.app.theme = "autosdlc-light"
        await screen.pilot.pause()
        (under_cursor,) = [
            segment.style
            for strip in screen.app.screen._compositor.render_strips()
            for segment in strip
            if "coder-007" in segment.text
        ]
        assert under_cursor is not None
        assert under_cursor.bgcolor is not None
        assert under_cursor.bgcolor.name == screen.app.current_theme.variables["row-cursor"]


async def test_a_click_opens_a_pane_and_sets_its_cursor() -> None:
    with server() as record:
        async with dashboard(record.url) as screen, publisher(record.url) as client:
            await publish(client, *(log("a", f"line {n}") for n in range(3)))
            await screen.shows("line 2")
            await screen.pilot.click("#logs", offset=(10, 2))
            assert screen.open_pane == "logs"
            assert screen.app.screen.query_one("#logs", Pane).cursor == 1
