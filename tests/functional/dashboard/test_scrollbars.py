"""A list has a scrollbar where there is more than fits, and all of its width where there is not."""

from random import Random

from textual.app import App, ComposeResult

from tests.support.dashboard import dashboard
from tests.support.events import event
from tui.panes.tdd import ROOMY, TALL, TRACED, TddPane
from tui.widgets.cells import Line
from tui.widgets.rows import RowView

FRAMES = 4
"""How many are drawn of a size until it has to be right: a scrollbar comes with the second."""


class Numbers(RowView, can_focus=False):
    rows = 0

    def count(self) -> int:
        return self.rows

    def line(self, index: int, width: int) -> Line:
        return ((f"{index}".rjust(width, "."), ""),)


class Alone(App[None]):
    """A list and nothing else."""

    def compose(self) -> ComposeResult:
        yield Numbers()


def is_right(view: RowView) -> bool:
    """Whether there is a scrollbar just where there is more than fits, and nothing is empty."""
    columns, rows = view.container_size
    needed = view.virtual_size.height > rows
    return view.show_vertical_scrollbar == needed and view.room.width == columns - needed


async def test_a_storm_of_sizes_leaves_no_empty_scrollbar_and_hides_none() -> None:
    chance = Random(7)
    async with Alone().run_test() as pilot:
        view = pilot.app.query_one(Numbers)
        for _ in range(100):
            rows = chance.randint(2, 30)
            view.rows = max(0, rows + chance.randint(-3, 3))
            if chance.random() < 0.5:
                view.update_rows()
            await pilot.resize_terminal(chance.randint(10, 90), rows)
            if chance.random() < 0.5:
                view.rows = max(0, rows + chance.randint(-3, 3))
                view.update_rows()
            for _ in range(FRAMES):
                await pilot.pause()
                if is_right(view):
                    break
            assert is_right(view), (pilot.app.size, view.rows)


async def test_a_pane_that_has_more_to_say_where_it_is_wide_comes_to_rest() -> None:
    """With the scrollbar it would have few enough rows to need none, and without it too many."""
    traceback = "\n".join("abcdef")
    failures = [
        {"name": f"test_{n}", "message": "no", "traceback": traceback} for n in range(TRACED)
    ]
    told = event(
        "test_result",
        {
            "agentId": "coder-1",
            "taskId": "t-1",
            "testFile": "t.py",
            "results": {"total": 9, "passing": 6, "failing": 3, "skipped": 0, "duration": 250},
            "failures": failures,
        },
    )
    async with dashboard("ws://127.0.0.1:1/ws", size=(ROOMY, 40)) as screen:
        screen.app.store.apply(told)
        await screen.press("2")
        pane = screen.app.screen.query_one(TddPane)
        for rows in range(TALL + 10, TALL + 20):
            await screen.pilot.resize_terminal(ROOMY, rows)
            shown = []
            for _ in range(2 * FRAMES):
                await screen.pilot.pause()
                shown.append(pane.show_vertical_scrollbar)
            assert len(set(shown[FRAMES:])) == 1, rows
            assert is_right(pane), rows
