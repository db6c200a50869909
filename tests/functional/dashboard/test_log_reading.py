"""The line that somebody reads further up stays where it is, whatever is left out or comes."""

import pytest

from tests.functional.dashboard.test_logs import NOWHERE, fill, lines, numbers, pane
from tests.support.dashboard import Screen, dashboard
from tests.support.events import START, log
from tui.store.log_view import SLICE
from tui.store.logs import LogLine
from tui.store.query import Query

AGENTS = 7


async def read_further_up(screen: Screen, count: int = 10_000) -> tuple[LogLine, int]:
    """Of many lines of seven agents, the fourth from the end; and its height in the view."""
    logs = screen.app.store.logs
    for number in range(count):
        level = "warn" if number % 5 == 0 else "info" if number % 3 else "debug"
        logs.add(LogLine(START + number, f"agent-{number % AGENTS}", level, f"line {number}."))
    fill(screen, log(f"agent-{count % AGENTS}", f"line {count}."))
    await screen.press("5", "G", "k", "k", "k")
    await screen.shows("held")
    return under_cursor(screen)


def under_cursor(screen: Screen) -> tuple[LogLine, int]:
    view = pane(screen)
    height = view.cursor - view.scroll_offset.y
    assert 0 <= height < view.page, "the cursor is in sight"
    line = view.rows[view.cursor]
    assert int(line.message[5:-1]) in numbers(screen)
    return line, height


@pytest.mark.parametrize(
    ("keys", "back", "line"),
    [
        (("slash", *"/agent-3", "enter"), ("escape",), 9_992),
        (("slash", *"agent-1", "enter"), ("escape",), 9_997),
        (("slash", *"line 9998", "enter"), ("escape",), 9_998),
        (("slash", *"/line 7.$/", "enter"), ("escape",), 7),
        (("v", "v"), ("v", "v"), 9_995),
        (("w",), ("w",), 9_997),
        (("slash", *"agent-3", "enter", "w", "v"), ("v", "v", "v", "w", "escape"), 9_992),
        (("p", "slash", *"agent-3", "enter"), ("escape", "p"), 9_992),
    ],
)
async def test_what_leaves_lines_out_keeps_the_cursor_where_it_is_read(
    keys: tuple[str, ...], back: tuple[str, ...], line: int
) -> None:
    async with dashboard(NOWHERE) as screen:
        before = await read_further_up(screen)
        assert before[0].message == "line 9997."
        await screen.press(*keys)
        await screen.until(lambda: pane(screen)._view.done, "all looked through")
        await screen.settled()
        now, height = under_cursor(screen)
        assert now.message == f"line {line}."
        at_an_end = pane(screen).scroll_offset.y in (0, pane(screen).max_scroll_y)
        assert height == before[1] or at_an_end
        await screen.press(*back)
        await screen.settled()
        assert under_cursor(screen) == before
        await screen.press("j")
        assert under_cursor(screen)[0].message == "line 9998."


async def test_a_line_amid_many_is_kept_while_the_others_are_looked_through() -> None:
    async with dashboard(NOWHERE) as screen:
        await read_further_up(screen, 8 * SLICE)
        view = pane(screen)
        view.cursor = 3 * SLICE
        before = under_cursor(screen)
        tested = set()
        for wanted in ("agent-2", "agent-3", "", "no such line", ""):
            view.search = Query.parse(wanted)
            while not view._view.done:
                tested.add(view._view.tested)
                if view.rows:
                    now, height = under_cursor(screen)
                    assert (abs(now.at - before[0].at) < AGENTS, height) == (True, before[1])
                view.renew()  # as it does by itself, once keys and events have been let in
        assert len(tested) > 3, "in slices"
        assert under_cursor(screen) == before


async def test_a_line_that_is_held_stays_though_others_were_read_before() -> None:
    async with dashboard(NOWHERE) as screen:
        fill(screen, *lines(0, 50))
        await screen.press("5", "k", "k", "G")
        fill(screen, *lines(50, 150))
        await screen.shows("line 149.", "FOLLOW")
        await screen.press("f")
        await screen.shows("line 149.", "held")
        await screen.press("G")
        await screen.shows("line 149.", "FOLLOW")
