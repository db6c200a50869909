"""The screen that is left open all day: five panes between the status bar and the key bar."""

from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.events import DescendantFocus, Resize, ScreenResume
from textual.geometry import Size
from textual.widget import Widget
from textual.widgets import Static

from tui.details.subject import Subject
from tui.panes.agents import AgentsPane
from tui.panes.alerts import AlertsPane
from tui.panes.list_pane import ListPane
from tui.panes.logs import LogsPane
from tui.panes.pane import Clock, Pane
from tui.panes.tdd import TddPane
from tui.panes.workflow import WorkflowPane
from tui.remembered import Remembered
from tui.screens.inbox import InboxScreen
from tui.screens.panes_grid import PanesGrid
from tui.store import Slice, Store
from tui.store.inbox import Need
from tui.store.query import Query
from tui.widgets.key_bar import KeyBar
from tui.widgets.pane_wanted import PaneWanted
from tui.widgets.status_bar import StatusBar
from tui.widgets.time_ribbon import TimeRibbon

if TYPE_CHECKING:
    from tui.widgets.filter_bar import FilterBar

PANES: tuple[type[Pane], ...] = (AgentsPane, TddPane, WorkflowPane, AlertsPane, LogsPane)
ROOMY_COLUMNS, ROOMY_ROWS = 100, 30
"""From this size on panes stand side by side; below it one is open, the others are a line each."""
WIDE_COLUMNS = 200
"""From this many on they stand in three columns."""
MIN_COLUMNS, MIN_ROWS = 40, 10
RIBBON_ROWS = 24
"""Below this many rows, each of them is worth more than the time ribbon."""
LANES_FROM, ROWS_A_LANE = 42, 3
"""Rows beyond which the ribbon has a lane for an agent, one for so many of them."""
PAUSE = "pause"
"""Who holds the panes of a paused view."""
_NUMBERS = Binding.Group("pane", compact=True)
_NEXT, _BESIDE = Binding.Group("next pane"), Binding.Group("pane beside")


class Dashboard(InboxScreen):
    DEFAULT_CSS = """
    Dashboard {
        layout: vertical;
        layers: panes cover;
        background: $background;
        #panes {
            height: 1fr; layout: grid; grid-size: 2 3;
            grid-rows: 2fr 2fr 1fr; grid-columns: 11fr 9fr;
        }
        #panes > Pane { height: 1fr; width: 1fr; }
        #logs { column-span: 2; }
        &.-wide #panes { grid-size: 3 3; grid-rows: 5fr 5fr 4fr; grid-columns: 16fr 13fr 11fr; }
        &.-wide #tdd, &.-wide #workflow { row-span: 2; }
        &.-wide #logs { column-span: 3; }
        #too-small {
            display: none; layer: cover; dock: top; width: 100%; height: 100%;
            background: $background; content-align: center middle;
        }
        &.-compact #panes { layout: vertical; }
        &.-compact #panes > Pane { height: 1; column-span: 1; scrollbar-size-vertical: 0; }
        &.-compact #panes > Pane.-open { height: 1fr; scrollbar-size-vertical: 1; }
        &.-zoomed #panes { layout: vertical; }
        &.-zoomed #panes > Pane { display: none; }
        &.-zoomed #panes > Pane.-open { display: block; height: 1fr; }
        &.-too-small #too-small { display: block; }
        &.-dense #panes { grid-gutter: 0 1; }
        #ribbon { display: none; }
        &.-tall #ribbon { display: block; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "escape",
            "unzoom",
            "Show all",
            id="pane.unzoom",
            tooltip="No filter, then all panes",
        ),
        *(
            Binding(
                str(pane.NUMBER),
                f"open({pane.NAME.lower()!r})",
                pane.SPOKEN[0].upper() + pane.SPOKEN[1:],
                id=f"pane.{pane.NAME.lower()}",
                tooltip=f"Go to the {pane.SPOKEN} pane; again to zoom it",
                group=_NUMBERS,
            )
            for pane in PANES
        ),
        Binding(
            "space", "pause", "Pause", id="view.pause", tooltip="Let the view stand still, or go on"
        ),
        Binding("z", "zoom", "Zoom", id="pane.zoom", tooltip="This pane alone, or all again"),
        Binding(
            "tab",
            "app.focus_next",
            "Next pane",
            id="pane.next",
            tooltip="The next pane",
            group=_NEXT,
        ),
        Binding(
            "shift+tab",
            "app.focus_previous",
            "Previous pane",
            id="pane.previous",
            tooltip="The pane before",
            group=_NEXT,
        ),
        Binding(
            "left,h",
            "go('left')",
            "Left",
            id="pane.left",
            tooltip="The pane to the left",
            group=_BESIDE,
        ),
        Binding(
            "right,l",
            "go('right')",
            "Right",
            id="pane.right",
            tooltip="The pane to the right",
            group=_BESIDE,
        ),
        Binding(
            "d",
            "density",
            "Density",
            id="view.density",
            tooltip="Without borders, or with them",
            show=False,
        ),
    ]
    AUTO_FOCUS = ".-open"

    def __init__(self, store: Store, clock: Clock, remembered: Remembered | None = None) -> None:
        super().__init__(store, clock)
        remembered = remembered or Remembered(None)
        self._kept = remembered.section("layout")
        self._status = StatusBar(store, clock)
        self._ribbon = TimeRibbon(store, clock)
        self._notice: Static | None = None
        self._paused = False
        self._grid = PanesGrid(id="panes")
        self._key_bar = KeyBar()
        self._panes = [pane(store, clock, remembered.section(pane.NAME.lower())) for pane in PANES]
        self._tdd = next(pane for pane in self._panes if isinstance(pane, TddPane))
        self._bar: FilterBar | None = None
        """What a filter is typed into, for which pane, and what that had before."""
        self._filtered: ListPane[Any] | None = None
        self._filter_before = Query()

    def compose(self) -> ComposeResult:
        """As it was left, and as it fits: what is so from the start need not be drawn anew."""
        self.set_class(self._kept.get("zoomed") is True, "-zoomed")
        self._fit(self.app.size)
        named = (pane for pane in self._panes if pane.id == self._kept.get("pane"))
        next(named, self._panes[0]).add_class("-open", update=False)
        yield self._status
        yield self.inbox
        with self._grid:
            yield from self._panes
        yield self._ribbon
        yield self._key_bar

    def on_mount(self) -> None:
        self.start_inbox()
        for pane in self._panes:
            self.watch(pane, "cursor", self._key_bar.look, init=False)

    def on_screen_resume(self, event: ScreenResume) -> None:
        if not self.stack_updates:  # the first time: all was styled when it was mounted just now
            event.refresh_styles = False

    def show(self, dirty: set[Slice], *, tick: bool = False) -> None:
        """Draw what changed: the panes that read a slice in `dirty`.

        On a `tick` also what time changes.
        """
        if Slice.LINK in dirty:
            dirty = set(Slice)
        if dirty or tick:
            self._status.update_rows()
        is_down = not self.store.link.live
        for pane in self._panes:
            by_time = tick and (is_down or pane.changes_with_time())
            if not pane.held and (by_time or pane.SLICES & dirty):
                pane.update_rows()
        agent = self._tdd.agent
        if tick or self._ribbon.agent != agent:
            self._ribbon.agent = agent
            self._ribbon.update_rows()
        if dirty or tick:
            self.update_inbox()  # after the panes: it says what Enter opens
            self._key_bar.look()

    def on_resize(self, event: Resize) -> None:
        self._fit(event.size)
        if self.has_class("-too-small"):
            columns, rows = event.size
            self._say_too_small(f"too small: {columns}x{rows}, needs {MIN_COLUMNS}x{MIN_ROWS}")

    def _say_too_small(self, said: str) -> None:
        if self._notice is None:  # few terminals are ever so small
            self._notice = Static(said, id="too-small", markup=False)
            self.mount(self._notice)
        else:
            self._notice.update(said)

    def _fit(self, size: Size) -> None:
        columns, rows = size
        small = columns < MIN_COLUMNS or rows < MIN_ROWS
        compact = columns < ROOMY_COLUMNS or rows < ROOMY_ROWS
        fits = {
            "-too-small": small,
            "-compact": compact,
            "-wide": columns >= WIDE_COLUMNS,
            "-tall": rows >= RIBBON_ROWS,
        }
        self.update_classes(fits, update=self.is_mounted)
        lanes = 0 if compact else max(0, (rows - LANES_FROM) // ROWS_A_LANE)
        if lanes != self._ribbon.most_lanes:
            self._ribbon.most_lanes = lanes
            self._ribbon.update_rows()
        self._set_borders()

    def _set_borders(self) -> None:
        dense = self._kept.get("density") == "dense"
        self.set_class(dense, "-dense")
        for pane in self._panes:
            pane.compact = dense or self.has_class("-compact")

    def set_focus(
        self,
        widget: Widget | None,
        scroll_visible: bool = True,  # noqa: FBT001, FBT002 - Textual's signature
        from_app_focus: bool = False,  # noqa: FBT001, FBT002
    ) -> None:
        # Open before it has the focus: in a zoomed screen it would be hidden, and lose it again.
        if widget in self._panes:
            for pane in self._panes:
                pane.set_class(pane is widget, "-open")
        super().set_focus(widget, scroll_visible, from_app_focus)
        if widget in self._panes and self._bar is not None:
            self.on_filter_bar_typed()  # though that be on its way
            bar, self._bar, self._filtered = self._bar, None, None
            bar.remove()

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        if event.widget not in self._panes:
            return  # a filter is being typed: its pane stays open
        for pane in self._panes:
            if pane.compact:
                pane.redraw()
        self._kept["pane"] = event.widget.id
        self.follow_cursor()

    def action_open(self, name: str) -> None:
        pane = self.query_one(f"#{name}", Pane)
        if pane is self.focused:
            self.action_zoom()
        self.set_focus(pane)

    def action_go(self, direction: str) -> None:
        if self.focused is None or self.focused.id is None or self.has_class("-zoomed"):
            return
        neighbour = self._grid.neighbours[direction].get(self.focused.id)
        if neighbour:
            self.set_focus(self.query_one(f"#{neighbour}"))

    def action_zoom(self) -> None:
        self._zoom(not self.has_class("-zoomed"))

    def _zoom(self, on: bool) -> None:  # noqa: FBT001 - two calls
        self.set_class(on, "-zoomed")
        self._kept["zoomed"] = on
        self._key_bar.look()

    def idle_bindings(self) -> set[str]:
        idle, pane = super().idle_bindings(), self.focused
        if self.has_class("-zoomed"):
            return idle | {"pane.left", "pane.right"}
        return idle if isinstance(pane, ListPane) and pane.search else idle | {"pane.unzoom"}

    def action_unzoom(self) -> None:
        """Undo what hides something: the pane's filter first, then its zoom."""
        pane = self.focused
        if isinstance(pane, ListPane) and pane.search:
            pane.search = Query()
        else:
            self._zoom(False)

    def action_pause(self) -> None:
        """All stays as it is, or catches up at once; the store goes on in any case."""
        self._paused = not self._paused
        for pane in self._panes:
            if self._paused:
                pane.hold(PAUSE)
            else:
                pane.release(PAUSE)
        if self._paused:
            self._ribbon.pause()
        else:
            self._ribbon.go_on()
        self._status.paused_at = self.store.events if self._paused else None
        self._status.update_rows()

    def action_density(self) -> None:
        self._kept["density"] = "normal" if self.has_class("-dense") else "dense"
        self._set_borders()

    # What panes ask for.

    def on_pane_zoom_wanted(self) -> None:
        self.action_zoom()

    def on_pane_wanted(self, message: PaneWanted) -> None:
        self._go_to_pane(message.pane)

    def _go_to_pane(self, name: str) -> None:
        self.set_focus(self.query_one(f"#{name}"))

    def on_time_ribbon_chosen(self, message: TimeRibbon.Chosen) -> None:
        known = message.agent in self.store.agents.by_id
        self._open(Subject("agent" if known else "cycle", message.agent))

    # The focus is set at once (`Widget.focus` does so later): the next key is meant for it.

    async def action_filter(self) -> None:
        from tui.widgets.filter_bar import FilterBar

        pane = self.focused
        if isinstance(pane, ListPane):
            self._filtered, self._filter_before = pane, pane.search
            self._bar = FilterBar(pane.search.text)
            await self.mount(self._bar)
            self.set_focus(self._bar)

    def on_filter_bar_typed(self) -> None:
        if self._bar is not None and self._filtered is not None:
            query = Query.parse(self._bar.value)
            if query.text != self._filtered.search.text:  # one that was given up stays so
                self._filtered.search = query

    def action_close_filter(self, kept: bool) -> None:  # noqa: FBT001 - as it is bound
        if (pane := self._filtered) is not None:
            self.set_focus(pane)
            if not kept:
                pane.search = self._filter_before

    def action_details(self) -> None:
        """Everything about the row under the cursor."""
        pane = self.focused
        if isinstance(pane, Pane) and (subject := pane.subject(pane.cursor)):
            self._open(subject)

    def _open(self, subject: Subject) -> None:
        if self.app.screen is not self:
            return  # of two clicks the second was heard when all about the first was open
        from tui.screens.detail import DetailScreen

        self.app.push_screen(DetailScreen(subject, self.store, self._clock), self._come_back)

    def _come_back(self, wanted: str | Need | None) -> None:
        """From all about something to what a person has gone to there."""
        if isinstance(wanted, Need):
            self.go_to(wanted)
        elif wanted:
            self._go_to_pane(wanted)
