"""The shell: theme, keys, screens, and the feed's worker."""

import asyncio
import gc
import signal
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.theme import Theme

from tui import theme as themes
from tui.feed import Feed, Plan
from tui.keys import bound_keys
from tui.panes.pane import Clock
from tui.screens.dashboard import PANES, Dashboard
from tui.store import Slice, Store
from tui.widgets.rows import RowView

if TYPE_CHECKING:
    from tui.replay import Replay

SPACING, BUSY_SPACING = 1 / 15, 0.1
"""Seconds from one drawing to the next at least, and under load."""
FRAME = 1 / 100
"""Seconds over which changes are gathered when nothing was drawn just before."""
BUSY_RATE = 1_000
"""Events a second that are load."""


def wall_clock() -> float:
    return time.time() * 1000


class AutosdlcApp(App[None]):
    TITLE = "autosdlc"
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
        Binding("q,ctrl+q", "quit", "Quit", id="app.quit", tooltip="Quit"),
    ]

    def __init__(
        self,
        plan: Plan,
        *,
        theme: str = themes.DEFAULT,
        theme_directories: tuple[Path, ...] = (),
        keys: Mapping[str, str] | None = None,
        clock: Clock = wall_clock,
    ) -> None:
        """`keys` are keys by binding id.

        Raises ThemeError where `theme` is unknown or its file is wrong.
        """
        files = themes.find_themes((themes.shipped_directory(), *theme_directories))
        if theme not in files:
            known = ", ".join(sorted(files))
            raise themes.ThemeError(f"theme {theme!r} is unknown; there are: {known}")
        self._theme_files = files
        self._fallback = {
            dark: themes.load_theme(files[name])
            for dark, name in ((True, themes.DEFAULT), (False, "autosdlc-light"))
        }
        super().__init__()
        self.store = Store()
        self._clock = plan.replay.clock if plan.replay else clock
        self._feed = self._make_feed(plan)
        self._flush_timer: asyncio.TimerHandle | None = None
        self._flushed = 0.0
        self.register_theme(themes.load_theme(files[theme]))
        self.theme = theme
        self.set_keymap(dict(keys or {}))

    def _make_feed(self, plan: Plan) -> "Feed | Replay":
        if plan.replay:
            from tui.replay import Replay

            return Replay(self.store, plan.replay, self._changed)
        filters = [wanted for pane in PANES for wanted in pane.FILTERS]
        return Feed(self.store, plan, filters, self._changed, self._clock)

    @classmethod
    def bindable(cls) -> dict[str, str]:
        """The keys of all bindings that a person may give others, by binding id."""
        return bound_keys((*cls.BINDINGS, *Dashboard.BINDINGS, *RowView.BINDINGS))

    def get_default_screen(self) -> Dashboard:
        self._dashboard = Dashboard(self.store, self._clock)
        return self._dashboard

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our own variables, for Textual's own themes."""
        return self._fallback[self.current_theme.dark].variables

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
        if self.connects:
            self.run_worker(self._run_feed(), name="feed", exit_on_error=False)

    async def _run_feed(self) -> None:
        await self._feed.run()
        # What is loaded by now stays: collections that need not look at it cost under load a
        # fifth less. Until here there were none (see `cli`).
        gc.freeze()
        gc.enable()

    def _add_other_themes(self) -> None:
        for name, file in self._theme_files.items():
            if name != self.theme:
                self._add_theme(name, file)

    def _add_theme(self, name: str, file: themes.ThemeFile) -> None:
        try:
            theme: Theme = themes.load_theme(file)
        except themes.ThemeError as error:
            self.notify(str(error), title=f"theme {name}", severity="warning", markup=False)
            return
        self.register_theme(theme)

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
        self._dashboard.show(dirty)
        return dirty

    def _tick(self) -> None:
        self._feed.tick()
        self._dashboard.show(set(), tick=True)
        needs = self.store.agents.count("needs_input")
        title = f"autosdlc ({needs} needs you)" if needs else "autosdlc"
        if self.title != title:
            self.title = title

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Textual's own, but for those of which the dashboard has its own (keys, zoom)."""
        for command in super().get_system_commands(screen):
            if command.title not in ("Keys", "Maximize", "Minimize"):
                yield command
        yield SystemCommand("Keys", "Show all keys", self.action_help)

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
        if self._flush_timer is not None:
            self._flush_timer.cancel()
        await self._feed.close()
