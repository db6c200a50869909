"""The view that is paused and the pane that is frozen: what is shown stays, the store goes on."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.support.dashboard import Screen, dashboard
from tests.support.demo import story
from tests.support.events import START, log, phase, results, status
from tui.panes.pane import Pane
from tui.screens.dashboard import PANES
from tui.widgets.rows import MAX_HELD

NOWHERE = "ws://127.0.0.1:1/ws"


def clock() -> float:
    """A moment after what happens here, so that nobody is unheard of for long."""
    return START + 100_000


def feed(screen: Screen, events: Iterable[Any]) -> None:
    for one in events:
        screen.app.store.apply(one)
    screen.app.draw()


def pane(screen: Screen, name: str) -> Pane:
    return screen.app.screen.query_one(f"#{name}", Pane)


def still_text(screen: Screen) -> list[str]:
    """The screen between the inbox line, which goes on, and the key bar."""
    return screen.text.splitlines()[2:-1]


async def exported(screen: Screen, directory: Path) -> Any:
    await screen.press("e", "j")
    return json.loads((await screen.writes(directory, ".json")).read_text("utf-8"))


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_space_pauses_all_panes_and_again_catches_up_at_once(size: tuple[int, int]) -> None:
    async with dashboard(NOWHERE, size=size, clock=clock) as screen:
        feed(screen, [status("coder-1", "busy"), log("coder-1", "before")])
        await screen.shows("coder-1")
        await screen.press("space")
        await screen.shows("PAUSED +0")
        shown = still_text(screen)
        feed(screen, [status(f"coder-{n}", "needs_input") for n in range(2, 30)])
        feed(screen, [results("coder-1", "t.py", 1, ("test_late",)), log("coder-1", "after")])
        screen.app._tick()
        await screen.shows("PAUSED +30", "‼28")
        assert still_text(screen) == shown
        await screen.press("space")
        await screen.shows("coder-10", "needs you", "‼28", "✗1 test")
        await screen.lacks("PAUSED")


async def test_a_cursor_goes_on_over_what_is_held() -> None:
    async with dashboard(NOWHERE, clock=clock) as screen:
        feed(screen, (status(f"coder-{n:02d}", "busy") for n in range(40)))
        await screen.shows("coder-00")
        await screen.press("space")
        feed(screen, (status(f"coder-{n:02d}", "offline") for n in range(40)))
        await screen.press("G")
        await screen.shows("coder-39", "quiet")
        assert pane(screen, "agents").cursor == 39
        assert "offline" not in screen.text
        await screen.press("k", "space")
        await screen.shows("coder-38", "offline")
        assert pane(screen, "agents").key_at(pane(screen, "agents").cursor) == "coder-38"


async def test_what_is_far_away_is_not_held_and_says_so() -> None:
    async with dashboard(NOWHERE, clock=clock) as screen:
        feed(screen, (status(f"coder-{n:04d}", "busy") for n in range(3 * MAX_HELD)))
        await screen.press("space", "G")
        await screen.shows("too far from what was shown")
        await screen.press("g")
        await screen.shows("coder-0000")
        await screen.lacks("too far")


async def test_a_frozen_pane_says_so_while_the_others_go_on() -> None:
    async with dashboard(NOWHERE, clock=clock) as screen:
        feed(screen, [status("coder-1", "busy"), log("coder-1", "first line")])
        await screen.press("p")
        await screen.shows("1 AGENTS FROZEN")
        feed(screen, [status("coder-2", "busy"), log("coder-1", "second line")])
        await screen.shows("second line")
        assert "coder-2" not in screen.text
        await screen.press("space")
        feed(screen, [log("coder-1", "third line")])
        await screen.press("space")
        await screen.shows("third line", "FROZEN")
        assert "coder-2" not in screen.text
        await screen.press("p")
        await screen.shows("coder-2")
        await screen.lacks("FROZEN")


async def test_a_filter_on_a_frozen_pane_is_of_now() -> None:
    async with dashboard(NOWHERE, clock=clock) as screen:
        feed(screen, [status("coder-1", "busy"), status("tester-1", "busy")])
        await screen.press("p")
        feed(screen, [status("coder-2", "busy")])
        assert "coder-2" not in screen.text
        await screen.press("slash", *"coder-", "enter")
        await screen.shows("FROZEN", "coder-2", "2 of 3")
        feed(screen, [status("coder-3", "busy")])
        await screen.press("j")
        assert "coder-3" not in screen.text


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
@pytest.mark.parametrize(
    ("keys", "then", "now"),
    [
        (["p"], "FROZEN 22:15:00", "FROZEN 22:23:20"),
        (["space"], "1 AGENTS ?1", "AS OF 22:23:20"),
        (["space", "p"], "FROZEN 22:15:00", "FROZEN 22:23:20"),
    ],
)
@pytest.mark.usefixtures("utc")
async def test_a_held_pane_that_is_drawn_anew_says_of_when_it_is(
    size: tuple[int, int], keys: list[str], then: str, now: str
) -> None:
    moment = clock()
    async with dashboard(NOWHERE, size=size, clock=lambda: moment) as screen:
        feed(screen, [status("coder-1", "busy")])
        await screen.press(*keys)
        await screen.shows(then)
        feed(screen, [status("coder-2", "busy")])
        moment += 500_000
        await screen.press("s")
        await screen.shows("coder-2", now)
        assert "FROZEN 22:15" not in screen.text
        await screen.press(*keys)
        await screen.lacks(now)


async def test_a_paused_ribbon_shows_the_phases_of_the_agent_that_is_gone_on_to() -> None:
    async with dashboard(NOWHERE, clock=clock) as screen:
        feed(screen, [phase("a", "green", "red"), phase("b", "red", "green", 10)])
        await screen.shows("GGG")
        await screen.press("2", "space", "full_stop")
        await screen.shows("▌PAUSED", "RRR")
        await screen.lacks("GGG")


async def test_a_paused_view_survives_sizes_zoom_and_going_round() -> None:
    async with dashboard(NOWHERE, clock=clock) as screen:
        feed(screen, [status(f"coder-{n}", "busy") for n in range(3)])
        await screen.press("space")
        feed(screen, [status(f"late-{n}", "busy") for n in range(3)])
        for size in ((80, 24), (60, 20), (200, 60), (24, 8), (120, 40)):
            await screen.pilot.resize_terminal(*size)
            for key in "z125z":
                await screen.press(key)
            assert "late-" not in screen.text
        await screen.press("1", "escape", "space")
        await screen.shows("late-2")


@pytest.mark.parametrize("name", [one.NAME.lower() for one in PANES])
async def test_a_held_pane_is_whole(name: str) -> None:
    """Its rows are what they were for whoever opens, copies or exports one."""
    async with dashboard(NOWHERE, clock=clock) as screen:
        feed(screen, story(40))
        view = pane(screen, name)
        view.focus()
        await screen.pilot.pause()
        await screen.press("p")
        rows = range(view.row_count())
        before = [(view.key_at(row), view.subject(row)) for row in rows]
        feed(screen, story(90, seed=1))
        await screen.press("home", "end")
        assert [(view.key_at(row), view.subject(row)) for row in rows] == before
        held = list(view.records())
        assert held
        await screen.press("p")
        assert list(view.records()) != held


@pytest.mark.parametrize("key", ["p", "space"])
@pytest.mark.parametrize("name", [one.NAME.lower() for one in PANES])
async def test_what_is_copied_and_exported_is_what_is_seen(
    name: str, key: str, tmp_path: Path
) -> None:
    async with dashboard(NOWHERE, clock=clock, export_directory=tmp_path) as screen:
        feed(screen, story(40))
        view = pane(screen, name)
        view.focus()
        await screen.pilot.pause()
        await screen.press("home")
        rows = range(view.row_count())
        copies = [view.copied(row) for row in rows]
        records = list(view.records())
        await screen.press(key)
        feed(screen, story(90, seed=1))
        screen.app._tick()
        if name in ("agents", "workflow"):  # whose rows change where they stand
            assert [view.copied(row) for row in rows] != copies
        found = []
        for _ in rows:
            await screen.press("y")
            found.append(screen.app.clipboard)
            await screen.press("j")
        assert found == copies
        assert await exported(screen, tmp_path) == json.loads(json.dumps(records))


async def test_logs_that_are_frozen_stay_whole_though_old_lines_go(tmp_path: Path) -> None:
    async with dashboard(NOWHERE, clock=clock, export_directory=tmp_path) as screen:
        screen.app.store.logs._limit = 3 * MAX_HELD
        feed(screen, (log("a", f"line {n}") for n in range(3 * MAX_HELD)))
        await screen.press("5", "p")
        feed(screen, (log("a", f"late {n}") for n in range(MAX_HELD)))
        await screen.shows(f"line {3 * MAX_HELD - 1}")
        view = pane(screen, "logs")
        for row in (3 * MAX_HELD - 1, 2 * MAX_HELD, MAX_HELD):
            view.cursor = row
            await screen.press("y")
            assert screen.app.clipboard.endswith(f"line {row}")
            await screen.shows(f"line {row}")
        view.cursor = MAX_HELD - 1
        await screen.press("y")
        assert screen.app.clipboard.endswith(f"line {MAX_HELD}")  # this one is gone
        messages = [one["message"] for one in await exported(screen, tmp_path)]
        assert messages == [f"line {n}" for n in range(MAX_HELD, 3 * MAX_HELD)]
        await screen.press("v")
        await screen.shows("FROZEN", "≥INFO", f"+{MAX_HELD} new")
