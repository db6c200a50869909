"""What has changed is drawn, and no more; what is on the screen then is what all of it would be."""

from random import Random
from typing import Any

import pyte
import pytest
from rich.console import RenderableType
from textual._compositor import Compositor, CompositorUpdate
from textual.app import App, ComposeResult
from textual.containers import Horizontal
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip

from tui import theme
from tui.terminal.compositor import PartialCompositor
from tui.widgets.cells import Line
from tui.widgets.rows import RowView

COLUMNS, ROWS = 60, 20


class Numbers(RowView):
    """Rows of numbers, which say what they were asked to draw."""

    def __init__(self, name: str, rows: int) -> None:
        super().__init__(id=name)
        self.rows = [0] * rows
        self.asked: list[Region] = []

    def count(self) -> int:
        return len(self.rows)

    def line(self, index: int, width: int) -> Line:
        del width
        return ((f"{self.id} {index} {self.rows[index]}", "ok" if index % 2 else "bad"),)

    def render_lines(self, crop: Region) -> list[Strip]:
        self.asked.append(crop)
        return super().render_lines(crop)


class Following(Numbers):
    FOLLOWS = True


class Recording(PartialCompositor):
    """Draws on a terminal of its own, too."""

    def __init__(self, screen: "Drawn") -> None:
        super().__init__()
        self._drawn = screen

    def drawn_by_textual(self) -> list[Strip]:
        """All of it, as Textual's own compositor draws it."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(PartialCompositor, "_get_renders", Compositor._get_renders)
            return self.render_strips()

    def render_update(self, *arguments: Any, **options: Any) -> RenderableType | None:
        update = super().render_update(*arguments, **options)
        if isinstance(update, CompositorUpdate):
            self._drawn.stream.feed(update.render_segments(self._drawn.app.console))
        return update


class Drawn(Screen[None]):
    CSS = """
    Drawn { layers: below above; }
    Numbers { width: 1fr; height: 1fr; }
    #left, #right { border: round red; }
    #over { layer: above; width: 17; height: 5; offset: 9 4; }
    #head, #foot { height: 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._compositor: Recording = Recording(self)
        self.terminal = pyte.Screen(COLUMNS, ROWS)
        self.stream = pyte.Stream(self.terminal)

    def compose(self) -> ComposeResult:
        yield Numbers("head", 1)
        with Horizontal():
            yield Numbers("left", 30)
            yield Following("right", 4)
        yield Numbers("foot", 1)
        yield Numbers("over", 9)

    def is_right(self) -> bool:
        """Whether the terminal shows what all of it would be, drawn anew and by Textual."""
        for widget in self.query("*"):
            widget._styles_cache.clear()
        whole = pyte.Screen(COLUMNS, ROWS)
        stream = pyte.Stream(whole)
        for row, strip in enumerate(self._compositor.drawn_by_textual()):
            stream.feed(f"\x1b[{row + 1};1H{strip.render(self.app.console)}")
        return bool(whole.buffer == self.terminal.buffer)


class Alone(App[None]):
    def get_theme_variable_defaults(self) -> dict[str, str]:
        return theme.variables(dark=True)

    def on_mount(self) -> None:
        self.push_screen(Drawn())


async def test_what_is_drawn_bit_by_bit_is_what_all_of_it_would_be() -> None:
    chance = Random(5)
    async with Alone().run_test(size=(COLUMNS, ROWS)) as pilot:
        screen = pilot.app.screen
        assert isinstance(screen, Drawn)
        await pilot.pause()
        views = list(screen.query(Numbers))
        screen.query_one(Following).focus()
        for number in range(1, 80):
            for view in chance.sample(views, chance.randint(1, 3)):
                change = chance.random()
                if change < 0.4:
                    view.rows.append(number)
                elif view.rows and change < 0.8:
                    view.rows[chance.randrange(len(view.rows))] = number
                else:
                    view.rows = [number] * chance.randint(0, 30)
                view.update_rows()
                if chance.random() < 0.2:
                    view.cursor = chance.randint(0, 40)
            await pilot.pause()
            await pilot.pause()
            assert screen.is_right(), number


async def test_only_what_has_changed_is_drawn() -> None:
    async with Alone().run_test(size=(COLUMNS, ROWS)) as pilot:
        screen = pilot.app.screen
        await pilot.pause()
        await pilot.pause()
        views = {view.id: view for view in screen.query(Numbers)}
        for view in views.values():
            view.asked.clear()
        for name in ("head", "left"):
            views[name].rows[0] = 7
            views[name].update_rows()
        await pilot.pause()
        await pilot.pause()
        left = views["left"].outer_size.width
        assert {name: view.asked for name, view in views.items()} == {
            "head": [Region(0, 0, COLUMNS, 1)],
            "left": [Region(0, 1, left, 1)],  # the border is above it
            "right": [],
            "foot": [],
            "over": [],
        }


async def test_only_a_scrollbar_that_comes_or_goes_has_the_screen_laid_out_anew() -> None:
    async with Alone().run_test(size=(COLUMNS, ROWS)) as pilot:
        screen = pilot.app.screen
        await pilot.pause()
        laid_out: list[object] = []
        screen.screen_layout_refresh_signal.subscribe(screen, laid_out.append)
        view = screen.query_one("#right", Numbers)
        for rows, is_new in ((5, False), (30, True), (45, False), (25, False), (3, True)):
            laid_out.clear()
            view.rows = [0] * rows
            view.update_rows()
            for _ in range(3):
                await pilot.pause()
            assert bool(laid_out) == is_new, rows
            assert view.show_vertical_scrollbar == (rows > view.room.height)
            if view.show_vertical_scrollbar:
                assert view.vertical_scrollbar.window_virtual_size == rows
            assert view.scroll_offset.y <= view.max_scroll_y == max(0, rows - view.room.height)
            view.cursor = rows
            assert view.scroll_offset.y == view.max_scroll_y
