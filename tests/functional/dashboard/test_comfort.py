"""Every action by key bar, palette, help and mouse; a screen that is as it was left."""

import fcntl
import os
import re
from functools import partial
from pathlib import Path

import pytest
from textual.events import MouseEvent, MouseScrollDown, MouseScrollUp

from tests.support.dashboard import Screen, dashboard
from tests.support.demo import story
from tests.support.events import alert, event, log, results, status
from tui.app import AutosdlcApp
from tui.keys import bindings_of
from tui.panes.pane import Pane
from tui.remembered import Remembered
from tui.screens.dashboard import PANES, Dashboard
from tui.store.link import Link
from tui.widgets.key_bar import GAP, KeyBar
from tui.widgets.status_bar import StatusBar

NOWHERE = "ws://127.0.0.1:1/ws"
NAMES = [pane.NAME.lower() for pane in PANES]
WIDTHS = [60, 72, 80, 100, 120, 160, 200]


def visible(screen: Screen) -> list[str | None]:
    return [pane.id for pane in screen.app.screen.query(Pane) if pane.display]


def opened(screen: Screen, name: str) -> bool:
    return screen.open_pane == name


# The key bar.


@pytest.mark.parametrize("columns", WIDTHS)
async def test_the_key_bar_shows_whole_entries_and_always_help_and_quit(columns: int) -> None:
    async with dashboard(NOWHERE, size=(columns, 30)) as screen:
        await screen.shows("? help", "q quit")
        bar = screen.app.screen.query_one(KeyBar)
        said = screen.text.splitlines()[-1]
        assert len(said) == columns
        for x, entry in bar.placed():
            assert said[x + 1 :].startswith(f"{entry.keys} {entry.does}")


def named(screen: Screen) -> str:
    return screen.text.splitlines()[-1]


async def test_the_key_bar_names_what_does_something_now() -> None:
    async with dashboard(NOWHERE, size=(200, 30)) as screen:

        async def names(*wanted: str) -> None:
            await screen.until(lambda: all(one in named(screen) for one in wanted), f"{wanted}")

        await names("/ filter  s sort", "p freeze", "e export", "t theme", "↑ ↓ row")
        await screen.until(lambda: "r retry" in named(screen), "waiting for a server")
        for idle in ("⏎ open", "y copy", "! next", "n N", "a ack", "esc show all"):
            assert idle not in named(screen)
        for agent in ("coder-1", "coder-2"):
            screen.app.store.apply(status(agent, "busy"))
            screen.app.store.apply(results(agent, "t.py", 1))
        screen.app.draw()
        await names("⏎ open", "y copy")
        screen.app.store.apply(status("coder-2", "needs_input", reason="Bash: rm build?"))
        screen.app.store.apply(alert("disk", "low"))
        screen.app.draw()
        await names("! next need", "a acknowledge", "S snooze")
        await screen.press("slash", *"coder", "enter")
        await names("n N match", "esc show all")
        await screen.press("slash", "ctrl+u", *"nobody", "enter")
        await names("esc show all")
        await screen.until(lambda: "⏎ open" not in named(screen), "no row")
        await screen.press("escape")
        await screen.lacks("esc show all")
        await names("n N match")  # of the filter that was
        await screen.press("2")
        await names(". , others  o all")
        assert "esc show all" not in named(screen)
        await screen.press("z")
        await names("esc show all")
        await screen.press("4", "a")
        await names("s sort  o O tab", "a acknowledge")
        await screen.press("o", "o")
        await screen.until(lambda: "a acknowledge" not in named(screen)[:60], "no row, no alert")


@pytest.mark.parametrize("columns", WIDTHS)
async def test_the_key_bar_leaves_no_room_for_another_entry(columns: int) -> None:
    async with dashboard(NOWHERE, size=(columns, 30)) as screen:
        screen.app.store.apply(status("coder-1", "needs_input", reason="Bash: rm build?"))
        screen.app.draw()
        await screen.shows("! next need" if columns > 72 else "⏎ open")
        bar = screen.app.screen.query_one(KeyBar)
        placed = [entry for _, entry in bar.placed()]
        free = bar.size.width - sum(entry.width + GAP for entry in placed) + GAP
        missing = [entry.width + GAP for entry in bar.entries if entry not in placed]
        assert not missing or min(missing) > free


async def test_the_key_bar_follows_the_focus_and_a_persons_own_keys() -> None:
    async with dashboard(NOWHERE, keys={"pane.zoom": "f5", "app.help": "f2"}) as screen:
        await screen.shows("/ filter", "f5 zoom", "f2 help")
        await screen.press("2")
        await screen.lacks("/ filter")
        await screen.press("f2")
        await screen.shows("esc closes", "f5  This pane alone")


@pytest.mark.parametrize("columns", [60, 120])
async def test_a_click_on_the_key_bar_does_what_it_says(columns: int) -> None:
    async with dashboard(NOWHERE, size=(columns, 30)) as screen:
        await screen.shows("? help")
        await screen.click("help")
        await screen.shows("esc closes")
        await screen.press("escape")
        await screen.lacks("esc closes")
        await screen.click("commands")
        await screen.shows("Search for commands")


# The palette and the help.


async def test_every_action_is_in_the_palette_and_runs_from_there() -> None:
    async with dashboard(NOWHERE, size=(120, 200)) as screen:
        active = screen.app.screen.active_bindings.values()
        names = {one.binding.description for one in active if one.binding.id}
        await screen.press("ctrl+p")
        await screen.shows(*sorted(names), "space  Let the view stand still, or go on")
        await screen.press(*"zoom")
        await screen.shows("This pane alone")
        await screen.lacks("Let the view")
        await screen.press("enter")
        await screen.until(lambda: visible(screen) == ["agents"], "zoomed")


async def test_the_palette_is_that_of_the_screen_it_was_called_from() -> None:
    async with dashboard(NOWHERE) as screen:
        screen.app.store.apply(status("coder-1", "busy"))
        screen.app.draw()
        await screen.press("enter")
        await screen.shows("NOW")
        await screen.press("ctrl+p", *"back")
        await screen.shows("esc  Back")
        assert "zoom it" not in screen.text
        await screen.press("enter")
        await screen.shows("1 AGENTS")


async def test_a_name_that_looks_like_markup_can_be_opened() -> None:
    async with dashboard(NOWHERE) as screen:
        screen.app.store.apply(status("[/x]", "busy"))
        screen.app.draw()
        await screen.press("enter")
        await screen.shows("─ [/x] coder")


async def test_what_a_key_does_stands_beside_it_in_every_width() -> None:
    async with dashboard(NOWHERE, size=(120, 40)) as screen:
        await screen.press("question_mark")
        for size in ((60, 20), (45, 200), (60, 200)):
            await screen.pilot.resize_terminal(*size)
            await screen.settled()
            text = screen.text.split("─ Keys ─")[1].split("╰")[0]
            lines = [line[2:-2] for line in text.splitlines()[1:]]
            keys, does = {line[:18] for line in lines}, {line[18:].strip() for line in lines}
            assert {"go on", "next", "snoozed"} & does, "some are wrapped"
            assert all(not one.strip() or one.endswith("  ") or one.isupper() for one in keys)
        await screen.shows("Close help", "esc closes")


async def test_help_names_every_action_that_there_is() -> None:
    async with dashboard(NOWHERE, size=(120, 200), keys={"list.sort": "f6"}) as screen:
        await screen.press("2", "question_mark")
        await screen.shows("ROWS", "PANES", "EVERYWHERE", "ONLY IN AGENTS", "f6  The next order")
        said = {binding.tooltip for binding in bindings_of(AutosdlcApp, Dashboard, *PANES)}
        missing = {tooltip for tooltip in said if tooltip not in screen.text}
        assert not missing


# The mouse.


async def test_two_clicks_on_a_title_zoom_the_pane_and_two_more_bring_all_back() -> None:
    async with dashboard(NOWHERE) as screen:
        await screen.shows("3 WORKFLOW")
        await screen.click("3 WORKFLOW", times=2)
        await screen.until(lambda: visible(screen) == ["workflow"], "zoomed")
        await screen.click("3 WORKFLOW", times=2)
        await screen.until(lambda: visible(screen) == NAMES, "all")


@pytest.mark.parametrize("columns", WIDTHS)
async def test_a_click_on_a_count_goes_to_what_it_counts(
    columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(AutosdlcApp, "connects", False)  # so that the bar stays as it is read
    async with dashboard(NOWHERE, size=(columns, 30)) as screen:
        alert = {
            "alertId": "al-1",
            "severity": "high",
            "title": "x",
            "description": "y",
            "affectedComponents": [],
            "recommendedActions": [],
        }
        for one in (
            status("a", "needs_input"),
            status("b", "blocked"),
            results("a", "t.py", 1, ("test_x",)),
            event("system_alert", alert),
        ):
            screen.app.store.apply(one)
        screen.app.draw()
        for count, name in (("▲1", "alerts"), ("✗1", "tdd"), ("‼1", "agents"), ("◼1", "agents")):
            await screen.shows(count)
            x = screen.text.splitlines()[0].index(count)
            await screen.pilot.click(StatusBar, offset=(x, 0))
            await screen.until(partial(opened, screen, name), name)


async def wheel(screen: Screen, over: Pane, event: type[MouseEvent], times: int) -> None:
    for _ in range(times):
        await screen.pilot._post_mouse_events([event], widget=over, offset=(5, 3), button=0)


async def test_the_wheel_scrolls_and_what_comes_does_not_scroll_back() -> None:
    async with dashboard(NOWHERE) as screen:
        screen.app.store.apply(log("a", "line 0"))
        for number in range(40):
            screen.app.store.apply(status(f"coder-{number:02d}", "busy"))
            screen.app.store.apply(log("a", f"line {number}"))
        screen.app.draw()
        await screen.shows("coder-00", "line 39", "FOLLOW")
        agents, logs = (screen.app.screen.query_one(f"#{n}", Pane) for n in ("agents", "logs"))
        await wheel(screen, agents, MouseScrollDown, 3)
        await screen.lacks("coder-00")
        await wheel(screen, logs, MouseScrollUp, 3)
        await screen.lacks("line 39")
        await screen.lacks("FOLLOW")
        screen.app.store.apply(log("a", "the newest"))
        screen.app.draw()
        screen.app._tick()
        await screen.pilot.pause(0.1)
        assert "the newest" not in screen.text
        await wheel(screen, logs, MouseScrollDown, 5)
        await screen.shows("the newest", "FOLLOW")


# What is kept.


async def test_the_layout_is_as_it_was_left(tmp_path: Path) -> None:
    path = tmp_path / "dashboard.json"
    async with dashboard(NOWHERE, remembered=Remembered(path)) as screen:
        await screen.press("4", "z", "d")
        assert visible(screen) == ["alerts"]
    async with dashboard(NOWHERE, remembered=Remembered(path)) as screen:
        await screen.shows("▾4 ALERTS")
        assert visible(screen) == ["alerts"]
        assert screen.open_pane == "alerts"
        await screen.press("escape")
        await screen.shows("▸1 AGENTS", "▾4 ALERTS")
    async with dashboard(NOWHERE, remembered=Remembered(path), density="normal") as screen:
        await screen.shows("─ 1 AGENTS")
        assert visible(screen) == NAMES


async def test_what_is_remembered_that_is_none_is_no_obstacle() -> None:
    remembered = Remembered(None)
    remembered.section("layout").update(pane=["x"], zoomed="yes", density=7)
    remembered.section("look")["theme"] = {"a": 1}
    async with dashboard(NOWHERE, remembered=remembered) as screen:
        await screen.shows("─ 1 AGENTS")
        assert visible(screen) == NAMES


async def test_trouble_with_what_is_remembered_is_said(tmp_path: Path) -> None:
    path = tmp_path / "dashboard.json"
    path.write_text("{", "utf-8")
    async with dashboard(NOWHERE, remembered=Remembered(path), toasts=True) as screen:
        await screen.shows("is not what it was")


async def test_it_is_saved_now_and_then_not_only_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "dashboard.json"
    async with dashboard(NOWHERE, remembered=Remembered(path)) as screen:
        await screen.press("3", "d")
        await screen.app._save().wait()
        assert Remembered(path).section("layout") == {"pane": "workflow", "density": "dense"}


@pytest.mark.parametrize("size", [(120, 40), (200, 60), (80, 24)])
async def test_dense_panes_have_no_borders(size: tuple[int, int]) -> None:
    async with dashboard(NOWHERE, size=size, density="dense") as screen:
        for one in story(40):
            screen.app.store.apply(one)
        screen.app.draw()
        await screen.shows("▾1 AGENTS", "▸2 TDD", "coder-001")
        assert not set("╭╮╰╯│─") & set("".join(screen.text.splitlines()[:-2]).replace("│ ", ""))
        await screen.press("d")
        if size[0] > 100:
            await screen.shows("─ 1 AGENTS")


# Sizes.


@pytest.mark.parametrize("columns", WIDTHS)
async def test_the_status_bar_keeps_what_wants_a_person(columns: int) -> None:
    async with dashboard(NOWHERE, size=(columns, 30)) as screen:
        for number in range(12):
            screen.app.store.apply(status(f"a-{number}", "needs_input"))
            screen.app.store.apply(status(f"b-{number}", "blocked"))
        screen.app.store.apply(results("a", "t.py", 1, tuple(f"test_{n}" for n in range(99))))
        await screen.press("space")
        screen.app.draw()
        await screen.shows("‼12", "◼12", "✗99", "PAUSED +0")
        if columns >= 120:
            await screen.shows("‼12 need you")
        top = screen.text.splitlines()[0]
        assert len(top) == columns
        assert re.search(r"\d\d:\d\d:\d\d", top), "the time of day"


@pytest.mark.parametrize("columns", WIDTHS)
async def test_why_the_link_is_down_takes_the_room_there_is(
    columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(AutosdlcApp, "connects", False)
    reason = "the server refused the token (401): check the token, or ask whoever runs the server"
    async with dashboard(NOWHERE, size=(columns, 30)) as screen:
        screen.app.store.apply(status("a", "needs_input"))
        screen.app.store.set_link(Link(phase="stopped", reason=reason))
        screen.app.draw()
        await screen.shows("✗ STOPPED the server re")
        top = screen.text.splitlines()[0]
        cut = re.search(r"STOPPED .*… +‼1", top)
        assert reason in top if not cut else len(cut[0].partition("…")[2]) <= len("   ‼1")


async def test_fifty_sizes_in_a_row_end_in_the_right_layout() -> None:
    async with dashboard(NOWHERE) as screen:
        for one in story(40):
            screen.app.store.apply(one)
        screen.app.draw()
        await screen.press("4")
        for number in range(50):
            size = (20 + number * 37 % 190, 5 + number * 11 % 60)
            await screen.pilot.resize_terminal(*size)
            await screen.press("zdp "[number % 4].replace(" ", "space"))
        for _ in range(2):
            await screen.press("escape")
        await screen.pilot.resize_terminal(24, 8)
        await screen.shows("too small")
        await screen.pilot.resize_terminal(120, 40)
        await screen.lacks("too small")
        assert visible(screen) == NAMES
        assert screen.open_pane == "alerts"
        sizes = {pane.id: pane.region for pane in screen.app.screen.query(Pane)}
        assert sizes["logs"].width == 120
        assert sizes["agents"].right <= sizes["tdd"].x
        assert sizes["alerts"].bottom <= sizes["logs"].y


@pytest.mark.parametrize(("rows", "shown"), [(24, True), (23, False), (40, True)])
async def test_the_time_ribbon_gives_way_where_rows_are_scarce(rows: int, shown: bool) -> None:
    async with dashboard(NOWHERE, size=(80, rows)) as screen:
        screen.app.store.apply(status("a", "busy"))
        screen.app._tick()
        await screen.pilot.pause()
        assert ("▌LAST" in screen.text) is shown


async def test_keys_are_heard_while_another_dashboard_holds_what_is_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.remembered.PATIENCE", 4.0)
    kept = tmp_path / "dashboard.json"
    async with dashboard(NOWHERE, remembered=Remembered(kept), toasts=True) as screen:
        other = os.open(tmp_path, os.O_RDONLY)
        fcntl.flock(other, fcntl.LOCK_EX)
        await screen.press("3", "z")
        screen.app._save()
        await screen.press("z", "5")
        assert screen.open_pane == "logs"
        assert "holds" not in screen.text
        await screen.shows("another", "holds")  # on one line or two
        os.close(other)
    assert Remembered(kept).section("layout")["pane"] == "logs"
