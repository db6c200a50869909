"""While no event comes, what time or a person changes is seen all the same."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.functional.dashboard.alerts import Clock
from tests.support.dashboard import Screen
from tests.support.events import alert, log, status
from tui.app import AutosdlcApp
from tui.feed import Plan
from tui.panes.pane import Pane
from tui.store.agents import QUIET_AFTER


class Quiet(AutosdlcApp):
    """On a link that is live, and over which nothing comes."""

    connects = False

    def passes(self, clock: Clock, milliseconds: float) -> None:
        clock.now += milliseconds
        self._tick()


@asynccontextmanager
async def quiet(
    clock: Clock, *events: Any, size: tuple[int, int] = (120, 40)
) -> AsyncIterator[Screen]:
    app = Quiet(Plan(url="ws://127.0.0.1:1/ws"), clock=clock)
    async with app.run_test(size=size, notifications=False) as pilot:
        app.store.set_link(app.store.link._replace(phase="live"))
        screen = Screen(app, pilot)
        tell(screen, *events)
        await pilot.pause()
        yield screen


def tell(screen: Screen, *events: Any) -> None:
    for event in events:
        screen.app.store.apply(event)
    screen.app.draw()


def passes(screen: Screen, milliseconds: float) -> None:
    assert isinstance(screen.app, Quiet)
    clock = screen.app._clock
    assert isinstance(clock, Clock)
    screen.app.passes(clock, milliseconds)


def pane(screen: Screen, name: str) -> Pane:
    return screen.app.screen.query_one(f"#{name}", Pane)


def title(screen: Screen, name: str) -> str:
    return screen.text.splitlines()[pane(screen, name).region.y]


async def test_a_filter_that_found_nothing_finds_what_time_has_made_so() -> None:
    async with quiet(Clock(), status("coder-1", "busy")) as screen:
        await screen.press("slash", *"quiet", "enter")
        await screen.shows("nothing of 1 matches quiet")
        passes(screen, QUIET_AFTER + 1_000)
        await screen.shows("▽quiet 1 of 1")


async def test_what_was_snoozed_comes_back_though_nothing_else_is_there() -> None:
    async with quiet(Clock(), alert("a", "high")) as screen:
        await screen.press("4", "S")
        assert pane(screen, "alerts").row_count() == 0
        passes(screen, 16 * 60_000)
        assert pane(screen, "alerts").row_count() == 1


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_logs_say_at_once_that_they_are_held_and_that_they_follow(
    size: tuple[int, int],
) -> None:
    async with quiet(Clock(), *(log("a", f"line {n}") for n in range(5)), size=size) as screen:
        await screen.press("5")
        for key, said in (("k", "held"), ("G", "FOLLOW"), ("k", "held")):
            await screen.press(key)
            await screen.pilot.pause()
            assert said in title(screen, "logs")


async def test_lines_that_were_seen_at_the_end_are_not_new_when_it_is_left() -> None:
    async with quiet(Clock(), *(log("a", f"line {n}") for n in range(5))) as screen:
        await screen.press("5", "k")
        tell(screen, log("a", "one"), log("a", "two"))
        await screen.shows("held +2 new")
        await screen.press("G", "k")
        await screen.shows("held")
        await screen.lacks("new")


async def test_a_pane_that_gets_its_border_back_says_its_name_in_it() -> None:
    """The room within is the same before and after."""
    async with quiet(Clock(), size=(99, 28)) as screen:
        await screen.press("5", "z")
        room = pane(screen, "logs").room
        await screen.pilot.resize_terminal(103, 30)
        await screen.shows("╭─ 5 LOGS all agents")
        assert pane(screen, "logs").room == room


async def test_a_title_is_drawn_anew_where_only_its_colours_change() -> None:
    def bold(screen: Screen) -> list[str]:
        strips = screen.app.screen._compositor.render_strips()
        line = strips[pane(screen, "alerts").region.y]
        return [part.text.strip() for part in line if part.style and part.style.bold]

    async with quiet(Clock()) as screen:
        await screen.press("4")
        before = bold(screen)
        await screen.press("o")
        await screen.pilot.pause()
        assert bold(screen) != before


async def test_titles_take_the_colours_of_another_theme() -> None:
    def colours(screen: Screen) -> set[object]:
        strips = screen.app.screen._compositor.render_strips()
        line = strips[pane(screen, "logs").region.y]
        return {part.style.color for part in line if part.style and "│ 1 line" in part.text}

    async with quiet(Clock(), log("a", "line")) as screen:
        before = colours(screen)
        screen.app.theme = "textual-light"
        await screen.until(lambda: colours(screen) != before and bool(colours(screen)))
