"""Pane 5: following and staying, levels, one agent, filters, repeats, and a line in full."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.dashboard import Screen, dashboard
from tests.support.events import START, event, log, status
from tui.panes.logs import LogsPane
from tui.remembered import Remembered
from tui.store.log_view import SLICE
from tui.store.logs import LogLine

NOWHERE = "ws://127.0.0.1:1/ws"


def pane(screen: Screen) -> LogsPane:
    return screen.app.screen.query_one(LogsPane)


def fill(screen: Screen, *events: Any) -> None:
    for made in events:
        screen.app.store.apply(made)
    screen.app.draw()


def lines(start: int, stop: int) -> list[Any]:
    return [log("a", f"line {number}.", number) for number in range(start, stop)]


def numbers(screen: Screen) -> list[int]:
    """Of the lines that can be seen."""
    return [int(number) for number in re.findall(r"line (\d+)\.", screen.text)]


LEVELS = ("debug", "info", "warn", "error", "critical")


async def test_f_stays_at_the_end_and_goes_on_following() -> None:
    async with dashboard(NOWHERE) as screen:
        fill(screen, *lines(0, 50))
        await screen.press("5")
        await screen.shows("line 49.", "FOLLOW")
        await screen.press("f")
        await screen.shows("held")
        seen = numbers(screen)
        fill(screen, *lines(50, 60))
        await screen.shows("held +10 new")
        assert numbers(screen) == seen, "what is read does not move"
        await screen.press("f")
        await screen.shows("line 59.", "FOLLOW")
        assert "new" not in screen.text.splitlines()[pane(screen).region.y]


async def test_the_wheel_leaves_the_end_and_comes_back_to_it() -> None:
    async with dashboard(NOWHERE) as screen:
        fill(screen, *lines(0, 100))
        await screen.shows("line 99.")
        view = pane(screen)
        await screen.pilot._post_mouse_events([_wheel("up")], LogsPane, (5, 3))
        await screen.shows("held")
        await screen.until(lambda: numbers(screen)[-1] < 99, "scrolled")
        seen = numbers(screen)
        assert view.scroll_offset.y <= view.cursor < view.scroll_offset.y + view.page
        for start in range(100, 200, 20):
            fill(screen, *lines(start, start + 20))
            await screen.pilot.pause()
        assert numbers(screen) == seen, "what is read does not move"
        await screen.shows("+100 new")
        view.action_move_to(-1)
        await screen.shows("FOLLOW", "line 199.")
        await screen.pilot._post_mouse_events([_wheel("up")], LogsPane, (5, 3))
        await screen.shows("held")
        for _ in range(3):
            await screen.pilot._post_mouse_events([_wheel("down")], LogsPane, (5, 3))
        await screen.shows("FOLLOW")
        fill(screen, *lines(200, 210))
        await screen.shows("line 209.")


def _wheel(direction: str) -> Any:
    from textual import events

    return events.MouseScrollUp if direction == "up" else events.MouseScrollDown


async def test_what_is_read_stays_though_the_oldest_lines_leave() -> None:
    async with dashboard(NOWHERE) as screen:
        logs = screen.app.store.logs
        logs._limit = 100
        fill(screen, *lines(0, 100))
        await screen.press("5", "up", "up", "up")
        seen = numbers(screen)
        fill(screen, *lines(100, 130))
        assert numbers(screen) == seen
        await screen.shows("30 older gone", "+30 new")
        fill(screen, *lines(130, 400))
        await screen.shows("300 older gone")
        assert numbers(screen)[0] == 300, "what was read is gone: the oldest there is"


async def test_v_goes_round_the_levels_and_is_remembered(tmp_path: Path) -> None:
    remembered = Remembered(tmp_path / "dashboard.json")
    said = [log("a", f"{level} said", level=level) for level in LEVELS]
    async with dashboard(NOWHERE, remembered=remembered) as screen:
        fill(screen, *said)
        await screen.press("5")
        for word, count in (("≥INFO", 4), ("≥WARN", 3), ("≥ERROR", 2)):
            await screen.press("v")
            await screen.shows(f"{word} │ {count} of 5 lines")
            assert len(pane(screen).rows) == count
        await screen.press("v")
        await screen.shows("all agents │ 5 lines")
        await screen.press("v", "v")
    async with dashboard(NOWHERE, remembered=Remembered(tmp_path / "dashboard.json")) as screen:
        fill(screen, *said)
        await screen.shows("≥WARN │ 3 of 5 lines")


async def test_one_agents_lines_are_shown_alone_and_then_all_again(tmp_path: Path) -> None:
    remembered = Remembered(tmp_path / "dashboard.json")
    async with dashboard(NOWHERE, remembered=remembered) as screen:
        fill(screen, log("coder-1", "one"), log("coder-2", "two"), log("coder-1", "three"))
        await screen.press("5", "up", "w")
        await screen.shows("LOGS coder-2 │ 1 of 3 lines", "two")
        assert "three" not in screen.text
        fill(screen, log("coder-2", "four"), log("coder-1", "five"))
        await screen.shows("2 of 5 lines", "four")
        assert "five" not in screen.text
    async with dashboard(NOWHERE, remembered=Remembered(tmp_path / "dashboard.json")) as screen:
        fill(screen, log("coder-1", "one"), log("coder-2", "two"))
        await screen.shows("LOGS coder-2 │ 1 of 2 lines")
        await screen.press("5", "w")
        await screen.shows("all agents │ 2 lines", "one")


async def test_a_filter_counts_and_goes_on_with_new_lines() -> None:
    async with dashboard(NOWHERE) as screen:
        fill(screen, *lines(0, 120))
        await screen.press("5", "slash", *"/5\\.$/", "enter")
        await screen.shows("▽/5\\.$/ 12 of 120", "FOLLOW", "line 115.")
        fill(screen, *lines(120, 130))
        await screen.shows("13 of 130", "line 125.")
        assert numbers(screen)[-2:] == [115, 125]
        await screen.press("slash", "ctrl+u", *"!line", "enter")
        await screen.shows("none of 130 lines fits !line")
        await screen.press("escape")
        await screen.shows("130 lines", "line 129.")


async def test_a_row_is_kept_when_a_filter_comes_and_goes() -> None:
    async with dashboard(NOWHERE) as screen:
        fill(screen, *lines(0, 200))
        await screen.press("5")
        pane(screen).cursor = 45
        await screen.press("slash", *"5.", "enter")
        assert pane(screen).rows[pane(screen).cursor].message == "line 45."
        await screen.press("escape")
        assert pane(screen).rows[pane(screen).cursor].message == "line 45."
        assert 45 in numbers(screen)


async def test_many_lines_are_looked_through_while_keys_are_still_heard() -> None:
    async with dashboard(NOWHERE) as screen:
        logs = screen.app.store.logs
        for number in range(9 * SLICE):
            logs.add(LogLine(START, "a", "info", f"line {number}."))
        fill(screen, *lines(0, 1))
        for timer in screen.app._timers:
            timer.pause()  # nothing else draws the pane
        await screen.press("5", "slash", *"line 7.", "enter")
        await screen.shows(f"1 of {9 * SLICE + 1:,}", "line 7.")
        assert len(pane(screen).rows) == 1


@pytest.mark.parametrize(
    ("columns", "said"), [(80, "reviewer-001 WARN  slow"), (60, "reviewer-… W slow")]
)
async def test_a_line_says_who_and_how_bad_in_every_size(columns: int, said: str) -> None:
    async with dashboard(NOWHERE, size=(columns, 20)) as screen:
        fill(screen, log("reviewer-001", "slow", level="warn"))
        await screen.press("5")
        await screen.shows(said)


async def test_repeats_are_one_line_with_their_count() -> None:
    async with dashboard(NOWHERE, size=(80, 24)) as screen:
        fill(screen, *(log("a", "Rate limited, " + "x" * 100, at) for at in range(1_200)))
        await screen.press("5")
        await screen.shows("1 line │ FOLLOW", "… ×1,200")
        await screen.press("enter")
        await screen.shows("1,200 times in a row")
        await screen.press("G")
        await screen.shows("▸ ", "… ×1,200")


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 40), (200, 60)])
async def test_a_line_opens_with_its_context_and_what_was_around(size: tuple[int, int]) -> None:
    data = {
        "agentId": "coder-001",
        "level": "error",
        "message": f"pytest failed {'and so on ' * 30}the end",
        "timestamp": START + 50_500,
        "context": {"taskId": "task-7", "tries": [1, 2]},
    }
    made = event("agent_log", data, 50.5)
    async with dashboard(NOWHERE, size=size) as screen:
        fill(screen, *lines(0, 50), made, *lines(51, 99))
        await screen.press("5")
        pane(screen).cursor = 50
        await screen.press("enter")
        seen = ""
        for _ in range(12):
            seen += screen.text
            await screen.press("pagedown")
        for text in ("the end", '"taskId": "task-7"', "line 40.", "▸ ", "line 60.", made.id or "?"):
            assert text in seen
        assert "line 39." not in seen
        assert "line 61." not in seen


async def test_an_errors_stack_keeps_its_lines() -> None:
    stack = 'Traceback:\n  File "a.py", line 3\nValueError: no'
    async with dashboard(NOWHERE) as screen:
        fill(screen, event("agent_error", {"agentId": "a", "message": "failed", "stack": stack}))
        await screen.press("5", "enter")
        await screen.shows("Traceback:", 'File "a.py", line 3', "ValueError: no")


async def test_a_line_that_is_gone_says_so() -> None:
    async with dashboard(NOWHERE) as screen:
        screen.app.store.logs._limit = 10
        fill(screen, *lines(0, 10))
        await screen.press("5", "enter")
        await screen.shows("line 9.")
        fill(screen, *lines(10, 30))
        await screen.shows("nothing is known of it any more")


async def test_the_title_is_pressed_with_the_mouse() -> None:
    async with dashboard(NOWHERE) as screen:
        fill(screen, *lines(0, 50), log("b", "bad", level="error"))

        async def click(word: str) -> None:
            await screen.settled()
            region = pane(screen).region
            title = screen.text.splitlines()[region.y]
            await screen.pilot.click(offset=(title.index(word) + 1, region.y))

        await screen.press("5", "v", "v", "w")
        await screen.shows("LOGS b │ ≥WARN │ 1 of 51")
        await click("≥WARN")
        await screen.shows("≥ERROR")
        await click("b │")
        await screen.shows("all agents │ ≥ERROR")
        await click("FOLLOW")
        await screen.shows("held")
        fill(screen, log("a", "worse", level="critical"))
        await screen.shows("+1 new")
        await click("+1 new")
        await screen.shows("FOLLOW")


async def test_a_line_is_copied_and_exported_whole() -> None:
    async with dashboard(NOWHERE, size=(60, 20)) as screen:
        fill(screen, log("coder-001", "word " * 40 + "end"))
        await screen.press("5", "y")
        assert screen.app.clipboard.endswith("word end")
        (record,) = pane(screen).records()
        assert (record["agent"], record["level"], record["times"]) == ("coder-001", "info", 1)


HOSTILE = "\x1b]0;owned\x07[/x][@click=app.quit]x[/]\u202egpj日本語👩\u200d💻"


@pytest.mark.parametrize("size", [(60, 20), (120, 40)])
async def test_hostile_lines_are_harmless_in_the_pane_and_in_full(size: tuple[int, int]) -> None:
    data = {
        "agentId": HOSTILE,
        "level": HOSTILE,
        "message": HOSTILE * 50,
        "timestamp": START,
        "context": {HOSTILE: [HOSTILE * 50]},
    }
    error = {"agentId": HOSTILE, "message": HOSTILE, "stack": f"{HOSTILE}\n{HOSTILE}"}
    async with dashboard(NOWHERE, size=size) as screen:
        fill(screen, event("agent_log", data), event("agent_error", error))
        await screen.press("5", "w")
        for index in range(len(pane(screen).rows)):
            pane(screen).cursor = index
            for keys in (("enter",), ("end",), ("escape",)):
                await screen.press(*keys)
                assert not re.search("[\x00-\x1f\x7f-\x9f\u202e]", screen.text.replace("\n", ""))
        assert len(pane(screen).rows) == 2
        assert "owned" not in screen.app.title


SLOW = "/(x+)+$/"
"""Takes longer for each further x that something else follows, without end."""


@pytest.mark.parametrize("pane", ["5", "1"])
async def test_a_pattern_that_would_take_for_ever_is_given_up_and_said_to_be(pane: str) -> None:
    async with dashboard(NOWHERE) as screen:
        fill(screen, log("a", "x" * 60 + "!"), status("coder-1", "busy", reason="x" * 60 + "!"))
        await screen.press(pane, "slash", *SLOW)
        await screen.shows(f"{SLOW}: takes too long")
        fill(screen, log("a", "x" * 50 + "!"))
        await screen.press("enter", "n")
        await screen.shows(f"{SLOW}: takes too long")
        await screen.press("slash", *["backspace"] * len(SLOW), *"/x$/", "enter")
        await screen.shows("nothing of 1" if pane == "1" else "none of 2")
        await screen.press("escape")
        await screen.shows("xxxxx")


async def test_a_match_that_would_take_for_ever_is_given_up() -> None:
    async with dashboard(NOWHERE, toasts=True) as screen:
        fill(screen, log("a", "x"))
        await screen.press("5", "slash", *SLOW, "enter", "escape")
        fill(screen, log("a", "x" * 60 + "!"), log("a", "y"))
        await screen.press("N")
        await screen.shows(f"{SLOW}: takes too long", "xxx!")


@pytest.mark.parametrize("key", ["w", "y", "n", "N", "enter", "space", "p"])
async def test_a_line_that_has_gone_since_it_was_drawn_ends_nothing(key: str) -> None:
    async with dashboard(NOWHERE) as screen:
        screen.app.store.logs._limit = 50
        fill(screen, *lines(0, 50))
        await screen.press("5", "slash", *"line", "enter", "g")
        for made in lines(50, 150):
            screen.app.store.apply(made)
        await screen.press_at_once(key)
        screen.app.draw()
        await screen.press("escape", "escape", "G")
        await screen.shows("line 149.")


async def test_a_paused_cursor_goes_over_lines_that_have_gone() -> None:
    async with dashboard(NOWHERE) as screen:
        screen.app.store.logs._limit = 50
        fill(screen, *(log("bc"[n % 2], f"line {n}.", n) for n in range(50)))
        await screen.press("5", "slash", *"/line .?[08]/", "enter", "escape", "g", "space")
        fill(screen, *lines(50, 150))
        await screen.press("n", "y")
        assert screen.app.clipboard.endswith("line 8.")
        await screen.press("N", "N", "y")
        assert screen.app.clipboard.endswith("line 48.")
        await screen.press("k", "w")
        await screen.shows(" c │ 0 of 50 lines", "none of 50 lines fits of c")
