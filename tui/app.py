"""The shell: theme, keys, screens, and the feed's worker."""

import asyncio
import gc
import signal
import time
from collections.abc import Iterable, Mapping
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Protocol, cast, runtime_checkable

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.theme import Theme

from tui import theme as themes
from tui.feed import Feed, Plan
from tui.keys import bound_keys
from tui.notify.herald import Herald, titled
from tui.notify.settings import Notify
from tui.panes.pane import Clock
from tui.remembered import Remembered
from tui.screens.dashboard import PANES, Dashboard
from tui.store import Slice, Store
from tui.store.tdd.cycles import MINIMUM
from tui.widgets.rows import RowView

if TYPE_CHECKING:
    from tui.replay import Replay


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
        Binding("q,ctrl+q", "quit", "Quit", id="app.quit", tooltip="Quit"),
    ]

    def __init__(
        self,
        *plans: Plan,
        theme: str = themes.DEFAULT,
        theme_directories: tuple[Path, ...] = (),
        keys: Mapping[str, str] | None = None,
        clock: Clock = wall_clock,
        remembered: Remembered | None = None,
        notices: Notify | None = None,
        coverage_minimum: float = MINIMUM,
    ) -> None:
        """A plan for each server to watch; the first is shown. `keys` are keys by binding id.

        Coverage below `coverage_minimum` percent is marked.

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
        # A recording is shown alone, by its own clock.
        clock = next((plan.replay.clock for plan in plans if plan.replay), clock)
        self._clock = clock
        self._remembered = remembered = remembered or Remembered(None)
        notices = notices or Notify()
        self._coverage_minimum = coverage_minimum
        self._feeds = [self._make_feed(plan, notices) for plan in plans]
        self._herald = Herald(notices, clock(), self.to_terminal, self._complain)
        self._feed = self._feeds[0]
        for number, feed in enumerate(self._feeds):
            self.add_mode(_mode(number), partial(Dashboard, feed.store, clock, remembered))
        self._flush_timer: asyncio.TimerHandle | None = None
        self._flushed = 0.0
        self.register_theme(themes.load_theme(files[theme]))
        self.theme = theme
        self.set_keymap(dict(keys or {}))

    def _make_feed(self, plan: Plan, notices: Notify) -> "Feed | Replay":
        store = Store(self._remembered.section("inbox"), coverage_minimum=self._coverage_minimum)
        store.inbox.snooze_minutes = notices.snooze_minutes
        if plan.replay:
            from tui.replay import Replay

            return Replay(store, plan.replay, self._changed)
        filters = [wanted for pane in PANES for wanted in pane.FILTERS]
        return Feed(store, plan, filters, self._changed, self._clock)

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
        await asyncio.gather(*(feed.run() for feed in self._feeds))
        # What is loaded by now stays: collections that need not look at it cost under load a
        # fifth less. Until here there were none (see `cli`).
        gc.freeze()
        gc.set_threshold(20_000, 20, 20)  # what is folded is many objects, and hardly any garbage
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
        for screen in self.screen_stack:
            if isinstance(screen, Live):
                screen.show(dirty)
        return dirty

    def _tick(self) -> None:
        for feed in self._feeds:
            feed.tick()
        for screen in self.screen_stack:
            if isinstance(screen, Live):
                screen.show(set(), tick=True)
        now = self._clock()
        each = [feed.store.inbox.open(now) for feed in self._feeds]
        needs = each[0] if len(each) == 1 else tuple(chain(*each))
        self.title = titled(len(needs))
        self._herald.look(needs, now)

    def to_terminal(self, sequence: str) -> None:
        """Write what is no drawing (a title, a bell) to the terminal, where there is one."""
        if self._driver is not None and not self.is_headless and not self.is_web:
            self._driver.write(sequence)

    def _complain(self, text: str) -> None:
        self.notify(text, severity="warning", markup=False)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Textual's own, but for those of which the dashboard has its own (keys, zoom)."""
        for command in super().get_system_commands(screen):
            if command.title not in ("Keys", "Maximize", "Minimize"):
                yield command
        yield SystemCommand("Keys", "Show all keys", self.action_help)
        yield SystemCommand(
            "Show what was put off",
            "What was acknowledged or snoozed needs you again",
            self._dashboard.action_inbox_restore,
        )
        for number, feed in enumerate(self._feeds):
            if feed is not self._feed:
                watch = partial(self._watch, number)
                yield SystemCommand(f"Watch {feed.name}", "Show this server", watch)

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
        await self._herald.close()
        if self._flush_timer is not None:
            self._flush_timer.cancel()
        await asyncio.gather(*(feed.close() for feed in self._feeds))
