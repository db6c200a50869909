"""The shell: theme, keys, screens, and the feed's worker."""

import asyncio
import gc
import os
import signal
import time
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar, Protocol, cast, runtime_checkable

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.filter import LineFilter, NoColor
from textual.screen import Screen
from textual.theme import Theme

from tui import theme as themes
from tui.feed import Feed, Plan
from tui.keys import bound_keys
from tui.panes.pane import Clock
from tui.remembered import Remembered
from tui.screens.dashboard import PANES, Dashboard
from tui.store import Slice, Store
from tui.widgets.rows import RowView


@runtime_checkable
class Live(Protocol):
    """A screen that shows the store, and is told when that has changed."""

    def show(self, dirty: set[Slice], *, tick: bool = False) -> None:
        """Draw what changed, or on a `tick` also what only time changes."""


SPACING, BUSY_SPACING = 1 / 15, 0.1
"""Seconds from one drawing to the next at least, and under load."""
FRAME = 1 / 100
"""Seconds over which changes are gathered when nothing was drawn just before."""
BUSY_RATE = 1_000
"""Events a second that are load."""


def wall_clock() -> float:
    return time.time() * 1000


def _mode(number: int) -> str:
    """Textual's name for one server's stack of screens."""
    return f"server {number + 1}"


class AutosdlcApp(App[None]):
    TITLE = "autosdlc"
    DEFAULT_MODE = "server 1"
    connects = True
    """False for an app that is only drawn: screenshots fill its store themselves."""
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark,f1", "help", "Help", id="app.help", tooltip="All keys"),
        Binding(
            "r",
            "retry",
            "Retry",
            id="app.retry",
            tooltip="Connect now, without waiting",
            show=False,
        ),
        Binding("t", "change_theme", "Theme", id="app.theme", tooltip="Choose a theme", show=False),
        Binding("q,ctrl+q", "quit", "Quit", id="app.quit", tooltip="Quit"),
    ]

    def __init__(
        self,
        *plans: Plan,
        theme: str | None = None,
        theme_directories: tuple[Path, ...] = (),
        keys: Mapping[str, str] | None = None,
        ascii: bool = False,  # noqa: A002 - the setting's own name
        clock: Clock = wall_clock,
        remembered: Remembered | None = None,
    ) -> None:
        """A plan for each server to watch; the first is shown. `keys` are keys by binding id.

        Without a `theme` it is the one that was chosen last. Raises ThemeError where `theme` is
        unknown or its file is wrong.
        """
        self._theme_files = themes.ThemeFiles(theme_directories)
        self._remembered = remembered = remembered or Remembered(None)
        self._trouble: list[str] = []
        """What is to be said as soon as there is a screen."""
        look = self._first_theme(theme)
        self._last_filters: tuple[LineFilter, ...] = ()
        super().__init__()
        self._clock = clock
        # https://no-color.org: any value but an empty one. Textual would make grey of it.
        self.no_color = bool(os.environ.get("NO_COLOR"))
        if self.no_color:
            self._last_filters += (NoColor(),)
        if ascii:
            from tui.widgets.glyphs import Ascii

            self._last_filters += (Ascii(),)
        filters = [wanted for pane in PANES for wanted in pane.FILTERS]
        self._feeds = [Feed(Store(), plan, filters, self._changed, clock) for plan in plans]
        self._feed = self._feeds[0]
        for number, feed in enumerate(self._feeds):
            self.add_mode(_mode(number), partial(Dashboard, feed.store, clock, remembered))
        self._flush_timer: asyncio.TimerHandle | None = None
        self._flushed = 0.0
        self.register_theme(look)
        self.theme = look.name
        self.set_keymap(dict(keys or {}))

    @classmethod
    def bindable(cls) -> dict[str, str]:
        """The keys of all bindings that a person may give others, by binding id."""
        return bound_keys((*cls.BINDINGS, *Dashboard.BINDINGS, *RowView.BINDINGS))

    @property
    def store(self) -> Store:
        """What is true at the server that is shown."""
        return self._feed.store

    @property
    def _dashboard(self) -> Dashboard:
        """That of the server that is shown."""
        return cast("Dashboard", self.screen_stack[0])

    async def _watch(self, number: int) -> None:
        """Show another server; what comes meanwhile from all others is kept, each apart."""
        self._feed = self._feeds[number]
        await self.switch_mode(_mode(number))
        self._dashboard.show(set(Slice))

    def on_mount(self) -> None:
        # Ended from outside, the terminal is still given back, and the server's file taken away.
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self.exit, None, 128 + number)
        self.call_after_refresh(self._first_frame_is_out)

    def _first_frame_is_out(self) -> None:
        self.store.drain()  # an empty store is what the first frame shows
        self.set_interval(1.0, self._tick)
        self.set_timer(1.0, self._add_other_themes)
        self._theme_shown = self.theme
        self.theme_changed_signal.subscribe(self, self._theme_changed)
        for trouble in self._trouble:
            self._warn(trouble)
        if self.connects:
            self.run_worker(self._run_feed(), name="feed", exit_on_error=False)

    async def _run_feed(self) -> None:
        await asyncio.gather(*(feed.run() for feed in self._feeds))
        # What is loaded by now stays: collections that need not look at it cost under load a
        # fifth less. Until here there were none (see `cli`).
        gc.freeze()
        gc.enable()

    # The look.

    def _first_theme(self, wanted: str | None) -> Theme:
        chosen = self._remembered.section("look").get("theme")
        if wanted is not None or not isinstance(chosen, str):
            return self._theme_files.load(wanted or themes.DEFAULT)
        try:
            return self._theme_files.load(chosen)
        except themes.ThemeError as error:
            self._trouble.append(str(error))
            return self._theme_files.load(themes.DEFAULT)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our own variables, for Textual's own themes."""
        theme = self.current_theme
        return {} if theme.name in self._theme_files.by_name else themes.variables(dark=theme.dark)

    def get_line_filters(self) -> Sequence[LineFilter]:
        # Textual's own would make colours of what is dim, and greys of colours.
        return (
            self._last_filters
            if self.no_color
            else (*super().get_line_filters(), *self._last_filters)
        )

    def _add_other_themes(self) -> None:
        for name in self._theme_files.by_name:
            if name not in self.available_themes:
                try:
                    self.register_theme(self._theme_files.load(name))
                except themes.ThemeError as error:
                    self._warn(str(error))

    def _reload_theme(self) -> None:
        """The theme in use, where its file has changed; a wrong one leaves the look as it is."""
        try:
            theme = self._theme_files.reload(self.theme)
        except themes.ThemeError as error:
            self._warn(str(error))
            return
        if theme is not None:
            self.register_theme(theme)
            self.mutate_reactive(App.theme)

    def _theme_changed(self, theme: Theme) -> None:
        if theme.name != self._theme_shown:
            self._theme_shown = self._remembered.section("look")["theme"] = theme.name

    def _warn(self, text: str) -> None:
        self.notify(text, severity="warning", timeout=10, markup=False)

    # Drawing: an event never becomes a message; one timer, set by the first change, drains all.

    def _changed(self) -> None:
        if self._flush_timer is None and self.store.dirty:
            loop = asyncio.get_running_loop()
            spacing = BUSY_SPACING if self.store.link.rate > BUSY_RATE else SPACING
            self._flush_timer = loop.call_at(
                max(loop.time() + FRAME, self._flushed + spacing), self._drain
            )

    def _drain(self) -> None:
        self._flush_timer = None
        if self.is_running and self.draw() != {Slice.LINK}:  # that is one line, and no load
            self._flushed = asyncio.get_running_loop().time()

    def draw(self) -> set[Slice]:
        """Draw now what has changed in the store, and say what that was."""
        dirty = self.store.drain()
        for screen in self.screen_stack:
            if isinstance(screen, Live):
                screen.show(dirty)
        return dirty

    def _tick(self) -> None:
        self._reload_theme()
        for feed in self._feeds:
            feed.tick()
        for screen in self.screen_stack:
            if isinstance(screen, Live):
                screen.show(set(), tick=True)
        needs = sum(feed.store.agents.count("needs_input") for feed in self._feeds)
        title = f"autosdlc ({needs} needs you)" if needs else "autosdlc"
        if self.title != title:
            self.title = title

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Textual's own, but for those of which the dashboard has its own (keys, zoom)."""
        for command in super().get_system_commands(screen):
            if command.title not in ("Keys", "Maximize", "Minimize"):
                yield command
        yield SystemCommand("Keys", "Show all keys", self.action_help)
        for number, feed in enumerate(self._feeds):
            if feed is not self._feed:
                watch = partial(self._watch, number)
                yield SystemCommand(f"Watch {feed.name}", "Show this server", watch)

    def action_change_theme(self) -> None:
        """Choose from all themes, those among them that were put there meanwhile."""
        self._theme_files.rescan()
        self._add_other_themes()
        super().action_change_theme()

    def action_help(self) -> None:
        from tui.screens.help import HelpScreen

        self.push_screen(HelpScreen(self.screen.active_bindings.values()))

    def action_retry(self) -> None:
        self._feed.retry_now()

    async def action_quit(self) -> None:
        link = self.store.link
        if link.phase == "stopped":
            self.exit(return_code=1, message=f"not connected to {link.url}: {link.reason}")
        else:
            self.exit()

    async def on_unmount(self) -> None:
        self._remembered.save()
        if self._flush_timer is not None:
            self._flush_timer.cancel()
        await asyncio.gather(*(feed.close() for feed in self._feeds))
