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

from textual import work
from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.driver import Driver
from textual.events import Event, Key, Paste, Resize
from textual.markup import escape
from textual.screen import Screen

from tui.feed import Feed, Plan
from tui.keys import bound_keys
from tui.notify.herald import Herald, titled
from tui.notify.settings import Notify
from tui.panes.pane import Clock
from tui.remembered import Remembered
from tui.screens.dashboard import PANES, Dashboard
from tui.screens.live import LiveScreen
from tui.store import Slice, Store
from tui.store.tdd.cycles import MINIMUM
from tui.themed import ThemedApp
from tui.widgets.needs import ServerWanted
from tui.widgets.prompt import Prompt
from tui.widgets.rows import RowView

if TYPE_CHECKING:
    from tui.replay import Replay
    from tui.screens.commands import BindingCommands


@runtime_checkable
class Sized(Protocol):
    """A driver that is told the terminal's size."""

    def resized(self, columns: int, rows: int) -> bool:
        """Whether all has to be drawn once more."""


SPACING, BUSY_SPACING = 1 / 15, 0.1
"""Seconds from one drawing to the next at least, and under load."""
FRAME = 1 / 200
"""Seconds over which changes are gathered when nothing was drawn just before."""
MOUSE_MODES = (1000, 1003, 1015, 1006)
"""What Textual switches on: buttons, motion, and two ways to write down where (xterm's modes)."""
SAVED_EVERY = 10.0
"""Seconds after which what has changed of what is remembered is written."""
BUSY_RATE = 1_000
"""Events a second that are load."""


def _binding_commands() -> type["BindingCommands"]:
    from tui.screens.commands import BindingCommands

    return BindingCommands


def wall_clock() -> float:
    return time.time() * 1000


def _mode(number: int) -> str:
    """Textual's name for one server's stack of screens."""
    return f"server {number + 1}"


class AutosdlcApp(ThemedApp):
    TITLE = "autosdlc"
    DEFAULT_MODE = "server 1"
    connects = True
    """False for an app that is only drawn: screenshots fill its store themselves."""
    ENABLE_COMMAND_PALETTE = True
    COMMANDS = ThemedApp.COMMANDS | {_binding_commands}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+p", "command_palette", "Commands", id="app.commands", tooltip="All commands"),
        Binding("question_mark,f1", "help", "Help", id="app.help", tooltip="All keys"),
        Binding(
            "r",
            "retry",
            "Retry",
            id="app.retry",
            tooltip="Connect now, without waiting",
            show=False,
        ),
        Binding(
            "e",
            "export",
            "Export",
            id="app.export",
            tooltip="Rows or the screen, to a file",
            show=False,
        ),
        Binding("t", "change_theme", "Theme", id="app.theme", tooltip="Choose a theme", show=False),
        Binding(
            "m",
            "mouse",
            "Mouse",
            id="app.mouse",
            tooltip="The mouse to the terminal, or back to us",
            show=False,
        ),
        Binding("q,ctrl+q", "quit", "Quit", id="app.quit", tooltip="Quit"),
    ]

    def __init__(
        self,
        *plans: Plan,
        theme: str | None = None,
        theme_directories: tuple[Path, ...] = (),
        keys: Mapping[str, str] | None = None,
        density: str | None = None,
        export_directory: Path = Path(),
        ascii: bool = False,  # noqa: A002 - the setting's own name
        clock: Clock = wall_clock,
        remembered: Remembered | None = None,
        notices: Notify | None = None,
        coverage_minimum: float = MINIMUM,
    ) -> None:
        """A plan for each server to watch; the first is shown. `keys` are keys by binding id.

        Coverage below `coverage_minimum` percent is marked. Without a `theme` it is the one that
        was chosen last. Raises ThemeError where `theme` is unknown or its file is wrong.
        """
        self._remembered = remembered = remembered or Remembered(None)
        super().__init__(theme, theme_directories, remembered, ascii=ascii)
        # A recording is shown alone, by its own clock.
        clock = next((plan.replay.clock for plan in plans if plan.replay), clock)
        self._clock = clock
        self._export_directory = export_directory
        self._mouse = True
        if density is not None:
            remembered.section("layout")["density"] = density
        notices = notices or Notify()
        self._coverage_minimum = coverage_minimum
        self._feeds = [self._make_feed(plan, notices) for plan in plans]
        for feed in self._feeds:
            others = (other for other in self._feeds if other is not feed)
            feed.store.others = [(other.name, other.store.inbox) for other in others]
        self._herald = Herald(notices, clock(), self.to_terminal, self._warn)
        self._feed = self._feeds[0]
        self._flush_timer: asyncio.TimerHandle | None = None
        self._flushed = 0.0
        self._keys = dict(keys or {})
        self.set_keymap(self._keys)

    def _make_feed(self, plan: Plan, notices: Notify) -> "Feed | Replay":
        # Of a story that begins anew each time, nothing was acknowledged before.
        put_off = None if plan.demo or plan.replay else self._remembered.section("inbox")
        store = Store(
            put_off,
            coverage_minimum=self._coverage_minimum,
            clock=self._clock,
        )
        store.inbox.snooze_minutes = notices.snooze_minutes
        if plan.replay:
            from tui.replay import Replay

            return Replay(store, plan.replay, self._changed)
        filters = [wanted for pane in PANES for wanted in pane.FILTERS]
        return Feed(store, plan, filters, self._changed, self._clock)

    def get_default_screen(self) -> Dashboard:
        """That of the first server; as a mode's it would be drawn twice before it is shown."""
        return self._dashboard_of(self._feeds[0])

    def _dashboard_of(self, feed: "Feed | Replay") -> Dashboard:
        return Dashboard(feed.store, self._clock, self._remembered)

    @classmethod
    def bindable(cls) -> dict[str, dict[str, str]]:
        """The keys that a person may change: those that hold at the same time, by binding id."""
        from tui.screens.browser import AddressScreen
        from tui.screens.detail import DetailScreen, DetailView
        from tui.screens.export import ExportScreen
        from tui.screens.help import HelpScreen
        from tui.widgets.filter_bar import FilterBar

        return {
            **{pane.NAME: bound_keys(cls, Dashboard, pane) for pane in PANES},
            "detail": bound_keys(cls, DetailScreen, DetailView),
            "address": bound_keys(AddressScreen),
            "help": bound_keys(HelpScreen),
            "export": bound_keys(ExportScreen),
            "filter": bound_keys(FilterBar),
        }

    def get_driver_class(self) -> type[Driver]:
        """Our own for terminals, which writes less; browsers have another."""
        from tui.terminal.driver import TerminalDriver

        usual = super().get_driver_class()
        return TerminalDriver if issubclass(TerminalDriver, usual) else usual

    def on_resize(self, event: Resize) -> None:
        """Before Textual draws for the new size."""
        if isinstance(self._driver, Sized) and self._driver.resized(*event.size):
            # Textual draws what differs from before, which may be nothing.
            self.call_after_refresh(self.screen.refresh)

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
        for number, feed in enumerate(self._feeds):
            self.add_mode(_mode(number), partial(self._dashboard_of, feed))
        # Ended from outside, the terminal is still given back, and the server's file taken away.
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self.exit, None, 128 + number)

    def on_ready(self) -> None:
        """The first frame is out."""
        self.store.drain()  # an empty store is what the first frame shows
        self.set_interval(1.0, self._tick)
        self.set_interval(SAVED_EVERY, self._save)
        self.start_watching_themes()
        if self.connects:
            self.run_worker(self._run_feed(), name="feed", exit_on_error=False)

    async def _run_feed(self) -> None:
        await asyncio.gather(*(feed.run() for feed in self._feeds))
        # What is loaded by now stays: collections that need not look at it cost under load a
        # fifth less. Until here there were none (see `cli`).
        gc.freeze()
        gc.set_threshold(20_000, 20, 20)  # what is folded is many objects, and hardly any garbage
        gc.enable()

    async def on_event(self, event: Event) -> None:
        # Textual asks for a key's binding once the key has bubbled up from what had the focus. Keys
        # of one write (pasted, or held up by a slow line) would then all be sent to the pane that
        # the first of them leaves. So they are done one by one: rows take no key for themselves,
        # and a filter says which it takes.
        if isinstance(event, Key | Paste) and not event.is_forwarded and await self._take(event):
            return
        await super().on_event(event)

    async def _take(self, event: Key | Paste) -> bool:
        """Whether all is done that it is for."""
        view = self.focused
        if not isinstance(view, RowView | Prompt):
            return False
        if isinstance(event, Key) and await self._check_bindings(event.key, priority=True):
            return True
        if isinstance(view, Prompt) and await view.take(event):
            return True
        return isinstance(event, Key) and await self._check_bindings(event.key)

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
            if isinstance(screen, LiveScreen):
                screen.show(dirty)
        return dirty

    def _tick(self) -> None:
        for feed in self._feeds:
            feed.tick()
        for screen in self.screen_stack:
            if isinstance(screen, LiveScreen):
                screen.show(set(), tick=True)
        now = self._clock()
        each = [feed.store.inbox.open(now) for feed in self._feeds]
        needs = each[0] if len(each) == 1 else tuple(chain(*each))
        self.title = titled(len(needs))
        self._herald.look(needs, now)

    async def on_server_wanted(self, message: ServerWanted) -> None:
        await self._watch([feed.name for feed in self._feeds].index(message.server))
        while len(self.screen_stack) > 1:  # a detail that was left open there
            await self.pop_screen()
        self._dashboard.action_inbox_next()

    def to_terminal(self, sequence: str) -> None:
        """Write what is no drawing (a title, a bell) to the terminal, where there is one."""
        if self._driver is not None and not self.is_headless and not self.is_web:
            self._driver.write(sequence)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """What no key does; all else comes from the bindings (`screens/commands.py`)."""
        del screen
        for number, feed in enumerate(self._feeds):
            if feed is not self._feed:
                watch = partial(self._watch, number)
                yield SystemCommand(f"Watch {escape(feed.name)}", "Show this server", watch)

    def idle_bindings(self) -> set[str]:
        return set() if self.store.link.may_be_retried else {"app.retry"}

    def action_help(self) -> None:
        from tui.screens.help import HelpScreen, elsewhere, help_text

        active = [one.binding for one in self.screen.active_bindings.values()]
        others = elsewhere(active, self._keys)
        self.push_screen(HelpScreen(partial(help_text, active, others, self.get_key_display)))

    @work(exit_on_error=False)
    async def action_export(self) -> None:
        """Rows of what has the focus, or a picture of the screen, into a file of its own."""
        from tui.export import export, records_of
        from tui.screens.export import ExportScreen

        view = self.screen.focused
        name = (view and view.id) or "screen"
        wanted = await self.push_screen_wait(ExportScreen(name))
        what: object
        missing = ""
        if wanted == "svg":
            name, what = "screen", self.export_screenshot(title=self.title)
        elif wanted and isinstance(view, RowView):
            if view.not_kept:
                missing = f" without {view.not_kept:,} rows too far from what is shown to be kept"
            what = await records_of(view)
            if not what:
                self.notify(f"nothing to export: {name} has no rows", timeout=6, markup=False)
                return
        else:
            return
        stem = f"autosdlc-{name}-{time.strftime('%Y%m%d-%H%M%S')}"
        try:
            path = await asyncio.to_thread(export, self._export_directory, stem, wanted, what)
        except OSError as error:
            where = error.filename or self._export_directory
            self._warn(f"not exported: {where} cannot be written: {error.strerror}")
        else:
            self.notify(f"exported to {path}{missing}", timeout=6, markup=False)

    def action_mouse(self) -> None:
        self._mouse = not self._mouse
        if self._driver is not None:
            end = "h" if self._mouse else "l"
            self._driver.write("".join(f"\x1b[?{mode}{end}" for mode in MOUSE_MODES))
        whose = "the dashboard's again" if self._mouse else "the terminal's, to select text with"
        self.notify(f"the mouse is {whose}", timeout=2, markup=False)

    def action_retry(self) -> None:
        self._feed.retry_now()

    async def action_quit(self) -> None:
        link = self.store.link
        if link.phase == "stopped":
            self.exit(return_code=1, message=f"not connected to {link.url}: {link.reason}")
        else:
            self.exit()

    @work(exit_on_error=False)
    async def _save(self) -> None:
        before = self._remembered.trouble
        await self._write()
        if self._remembered.trouble not in ("", before):
            self._warn(self._remembered.trouble)

    async def _write(self) -> None:
        """What has changed of what is remembered: taken now, and written beside all else."""
        await asyncio.to_thread(self._remembered.write, self._remembered.changed())

    async def on_unmount(self) -> None:
        await self._write()
        await self._herald.close()
        if self._flush_timer is not None:
            self._flush_timer.cancel()
        await asyncio.gather(*(feed.close() for feed in self._feeds))
