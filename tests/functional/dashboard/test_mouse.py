"""A click on what is drawn small leads to what it is about."""

from asyncio import StreamReader, StreamWriter, start_server
from functools import partial
from typing import Any

import pytest
from textual.events import Click

from tests.support.dashboard import Screen, dashboard
from tests.support.events import START, alert, event, log, phase, results, status
from tui.app import AutosdlcApp
from tui.panes.agents import AgentsPane
from tui.screens.detail import DetailScreen
from tui.store.link import Link
from tui.widgets.inbox_line import InboxLine
from tui.widgets.pane_wanted import PaneWanted
from tui.widgets.time_ribbon import TimeRibbon

NOWHERE = "ws://127.0.0.1:1/ws"
WIDE = (200, 60)
HOSTILE = "[/x][@click=app.quit]x\x1b]0;owned\x07"


class Time:
    now = START + 60_000

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def _only_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AutosdlcApp, "connects", False)


def tell(screen: Screen, *events: Any, link: Link | None = None) -> None:
    screen.app.store.set_link(link or Link(phase="live"))
    for one in events:
        screen.app.store.apply(one)
    screen.app.draw()
    screen.app._tick()


def lane_of(screen: Screen, name: str) -> tuple[int, int]:
    lines = screen.text.splitlines()
    y = max(y for y, line in enumerate(lines) if line.startswith(f" {name}"))
    return lines[y].index(name), y


def opened(screen: Screen) -> str:
    """What all is said about now."""
    return str(screen.app.focused.border_title) if in_detail(screen) and screen.app.focused else ""


def in_detail(screen: Screen) -> bool:
    return isinstance(screen.app.screen, DetailScreen)


async def test_a_click_on_a_lane_opens_all_about_its_agent() -> None:
    async with dashboard(NOWHERE, size=WIDE, clock=Time()) as screen:
        told = [status("coder-1", "busy"), status("coder-2", "idle"), results("tests", "t.py", 1)]
        tell(screen, *told)
        await screen.until(lambda: "coder-1" in screen.text.splitlines()[-4], "lanes")
        for name in ("coder-2", "coder-1", "tests"):
            x, y = lane_of(screen, name)
            await screen.pilot.click(offset=(x + 60, y))
            await screen.until(lambda: name in opened(screen), name)  # noqa: B023 - at once
            await screen.press("escape")
            await screen.until(lambda: not in_detail(screen), "back")


async def test_the_lane_under_the_mouse_says_that_it_can_be_opened() -> None:
    async with dashboard(NOWHERE, size=WIDE, clock=Time()) as screen:
        tell(screen, status(HOSTILE, "busy"), status("coder-2", "idle"))
        await screen.until(lambda: "coder-2" in screen.text.splitlines()[-2], "lanes")
        x, y = lane_of(screen, "coder-2")

        def is_link(y: int) -> bool:
            strip = screen.app.screen._compositor.render_strips()[y]
            return any(style and style.underline for _, style, _ in strip)

        assert not is_link(y)
        for row, other in ((y, y - 1), (y - 1, y)):
            await screen.pilot.hover(offset=(x + 60, row))
            await screen.until(partial(is_link, row), "a link")
            assert not is_link(other)
            await screen.shows("click opens")
        await screen.pilot.hover(offset=(x, 3))
        await screen.until(lambda: not is_link(y - 1), "no link")
        await screen.lacks("click opens")


async def test_a_paused_ribbon_stands_while_the_mouse_is_on_it() -> None:
    async with dashboard(NOWHERE, size=WIDE, clock=Time()) as screen:
        tell(screen, status("coder-1", "busy"), status("coder-2", "idle"), log("coder-1", "x"))
        await screen.until(lambda: "coder-2" in screen.text.splitlines()[-2], "lanes")
        await screen.press("space")
        await screen.shows("▌PAUSED")
        drawn = screen.text.splitlines()[-5:-1]
        x, y = lane_of(screen, "coder-1")
        tell(screen, status("coder-1", "needs_input", 30), status("coder-3", "busy", 50))
        await screen.pilot.hover(offset=(x + 60, y))
        await screen.shows("click opens")
        hovered = screen.text.replace("click opens", " " * 11).splitlines()[-5:-1]
        await screen.pilot.hover(offset=(x, 3))
        await screen.lacks("click opens")
        assert hovered == screen.text.splitlines()[-5:-1] == drawn


MARKED = [
    status("a", "needs_input", 10),
    phase("a", "", "red", 20),
    event(
        "github_workflow_update",
        {
            "repository": "o/r",
            "workflow": "ci",
            "runId": 7,
            "status": "completed",
            "conclusion": "failure",
            "branch": "main",
        },
        40,
    ),
]


@pytest.mark.parametrize(
    ("size", "sign", "pane"),
    [
        ((120, 40), "✗ci", "alerts"),
        (WIDE, "✗ci", "alerts"),
        ((120, 40), "‼needs", "agents"),
        ((120, 40), "RRR", "tdd"),
        ((80, 24), "RRR", "tdd"),
        (WIDE, "+2 more", "agents"),
    ],
)
async def test_a_click_on_a_sign_in_time_goes_to_the_pane_that_says_more(
    size: tuple[int, int], sign: str, pane: str
) -> None:
    async with dashboard(NOWHERE, size=size, clock=Time()) as screen:
        others = [status(f"b{number}", "idle") for number in range(7)] if "more" in sign else []
        tell(screen, *MARKED, *others)
        await screen.press("5")
        lines = screen.text.splitlines
        await screen.until(lambda: any(sign in line for line in lines()[-9:]), sign)
        y = max(y for y, line in enumerate(lines()) if sign in line)
        await screen.pilot.click(offset=(lines()[y].index(sign), y))
        await screen.until(lambda: screen.open_pane == pane, pane)


async def test_a_paused_view_goes_on_where_it_says_that_it_is_paused() -> None:
    async with dashboard(NOWHERE, clock=Time()) as screen:
        tell(screen, status("a", "busy"))
        for at in ("▌LIVE", "▌PAUSED", "▌LIVE", "PAUSED +0"):
            await screen.click(at)
        await screen.lacks("PAUSED")


async def test_a_link_that_waits_is_tried_again_by_a_click(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AutosdlcApp, "connects", True)
    tries = 0

    async def busy(reader: StreamReader, writer: StreamWriter) -> None:
        nonlocal tries
        tries += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 503 Busy\r\nRetry-After: 250\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async with await start_server(busy, "127.0.0.1") as server:
        port = server.sockets[0].getsockname()[1]
        async with dashboard(f"ws://127.0.0.1:{port}/ws", size=(200, 40)) as screen:
            await screen.shows("try 2 in 2")
            await screen.pilot.click(offset=(150, 0))  # nothing is there
            await screen.shows("try 2 in 2")
            await screen.click("WAITING")
            await screen.shows("try 3 in 2")
            assert tries == 2


async def test_a_count_leads_to_its_pane_from_a_detail_as_well() -> None:
    async with dashboard(NOWHERE, clock=Time()) as screen:
        tell(screen, status("a", "busy"), alert("1", "high"))
        await screen.press("enter")
        await screen.until(lambda: in_detail(screen), "detail")
        await screen.click("▲1")
        await screen.until(lambda: screen.open_pane == "alerts", "alerts")


async def test_what_two_clicks_at_once_open_is_opened_once_and_closed_once() -> None:
    async with dashboard(NOWHERE, clock=Time()) as screen:
        tell(screen, status("a", "busy"))
        below = screen.app.screen
        for _ in range(2):
            below.post_message(TimeRibbon.Chosen("a"))
        await screen.until(lambda: in_detail(screen), "detail")
        await screen.pilot.pause()
        assert screen.app.screen_stack[-2] is below
        detail = screen.app.screen
        for _ in range(2):
            detail.post_message(PaneWanted("tdd"))
        await screen.until(lambda: screen.open_pane == "tdd", "tdd")
        await screen.pilot.pause()
        assert screen.app.screen is below


@pytest.mark.parametrize("columns", [80, 160])
async def test_a_click_on_a_key_in_the_inbox_line_does_what_that_does(columns: int) -> None:
    async with dashboard(NOWHERE, size=(columns, 40), clock=Time()) as screen:
        asks = "Bash: alembic upgrade head --sql, with a reason of some length beside it"
        tell(screen, *(status(name, "needs_input", reason=asks) for name in ("a", "b")))
        line = screen.app.screen.query_one("#inbox").region.y

        def said() -> str:
            return screen.text.splitlines()[line]

        async def click(key: str, seen: str) -> None:
            await screen.until(lambda: key in said(), key)
            await screen.settled()
            await screen.pilot.click(offset=(said().rindex(key) + len(key) - 1, line))
            await screen.until(lambda: seen in said(), f"{seen} after {key}")

        named = columns == 160
        await click("! next" if named else " ! ", " ‼ b ")
        await click("! next" if named else " ! ", " ‼ a ")
        await click("a ack" if named else " a S", " ‼ b ")
        await click("S snooze" if named else " S", "nobody else needs you")
        await click("A shows", " ‼ ")
        await click("open" if named else "⏎", "")
        await screen.until(lambda: in_detail(screen), "detail")


@pytest.mark.parametrize(
    "keys", [["1"], ["4"], ["1", "slash", "x"]], ids=["agents", "alerts", "a filter"]
)
async def test_a_click_on_a_key_there_means_the_need_wherever_the_focus_is(keys: list[str]) -> None:
    async with dashboard(NOWHERE, size=(160, 40), clock=Time()) as screen:
        asking = [status(name, "needs_input", reason="Which?") for name in ("a", "b")]
        tell(screen, *asking, alert("1", "low"))
        await screen.shows("LOW")
        await screen.press("5", *keys)
        await screen.click(" a ack", "a")
        await screen.shows("‼ b needs you")
        await screen.click("S snooze", "S")
        await screen.shows("nobody else needs you (2 put off")
        await screen.click("A shows", "A")
        await screen.shows("‼ a needs you")


async def test_a_click_in_the_inbox_line_is_judged_by_what_is_on_the_screen() -> None:
    async with dashboard(NOWHERE, size=(160, 40), clock=Time()) as screen:
        tell(screen, status("a", "needs_input", reason="Which?"))
        await screen.shows("a ack")
        line = screen.app.screen.query_one(InboxLine)
        x = screen.text.splitlines()[line.region.y].index("a ack")
        # The keys have other places, once it is drawn with this one:
        screen.app.store.apply(status("b", "needs_input", reason="Which?"))
        line.on_click(Click(line, x, 0, 0, 0, 1, shift=False, meta=False, ctrl=False))
        await screen.shows("(acknowledged) Which?")


async def test_a_click_on_a_summary_opens_that_pane() -> None:
    async with dashboard(NOWHERE, size=(80, 24), clock=Time()) as screen:
        tell(screen, *MARKED)
        for name in ("2 TDD", "3 WORKFLOW", "4 ALERTS", "5 LOGS", "1 AGENTS"):
            await screen.click(f"{name}")
            await screen.until(lambda: screen.open_pane == name[2:].lower(), name)  # noqa: B023 - at once


async def test_a_click_on_a_head_puts_agents_in_its_order() -> None:
    for size in ((120, 40), (80, 24)):
        async with dashboard(NOWHERE, size=size, clock=Time()) as screen:
            tell(screen, status("c", "busy", 9), status("b", "idle", 5), status("a", "offline", 7))

            async def agents(order: str) -> None:
                pane = screen.app.screen.query_one(AgentsPane)
                await screen.until(
                    lambda: "".join(str(r["id"]) for r in pane.records()) == order, order
                )

            await agents("cba")
            for head, order in (
                ("AGENT ", "abc"),
                ("FOR", "bac"),
                ("FOR", "cba"),
                ("STATE", "cba"),
            ):
                await screen.click(head)
                await agents(order)
            await screen.click("by state")
            await screen.shows("by time")


async def test_a_click_on_a_filter_in_a_title_goes_on_typing_it() -> None:
    async with dashboard(NOWHERE, clock=Time()) as screen:
        tell(screen, status("coder-1", "busy"), status("coder-2", "busy"))
        await screen.press("slash", *"coder", "enter")
        await screen.click("▽coder 2 of 2")
        await screen.press("minus", "2", "enter")
        await screen.shows("▽coder-2 1 of 2")


async def test_what_ends_a_filter_is_in_the_key_bar() -> None:
    async with dashboard(NOWHERE, size=(60, 20), clock=Time()) as screen:
        tell(screen, status("coder-1", "busy"), status("coder-2", "busy"))
        await screen.press("slash", *"-2")
        await screen.click("esc cancel")
        await screen.lacks("▽")
        await screen.press("slash", *"-2")
        await screen.click("⏎ keep")
        await screen.shows("▽-2 1 of 2", "⏎ open")


async def test_a_click_on_how_many_others_there_are_shows_the_next() -> None:
    async with dashboard(NOWHERE, clock=Time()) as screen:
        tell(screen, results("a", "t.py", 1), results("b", "t.py", 1))
        await screen.click("TDD ✓1 a t-1 +1", "+1")
        await screen.click("b t-1 2/2", "2/2")
        await screen.shows("a t-1 1/2")


async def test_a_click_on_how_many_others_there_were_does_so_on_a_held_pane() -> None:
    async with dashboard(NOWHERE, clock=Time()) as screen:
        tell(screen, results("a", "t.py", 1), results("b", "t.py", 1))
        await screen.shows("a t-1 +1")
        await screen.press("2", "p")
        tell(screen, results("c", "t.py", 1))
        await screen.click("a t-1 +1", "+1")
        await screen.shows("b t-1 2/3")
