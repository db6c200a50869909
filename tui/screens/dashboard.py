"""The screen that is left open all day: five panes between the status bar and the key bar."""

from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.events import DescendantFocus, Resize
from textual.screen import Screen
from textual.widgets import Static

from tui.panes.agents import AgentsPane
from tui.panes.alerts import AlertsPane
from tui.panes.list_pane import ListPane
from tui.panes.logs import LogsPane
from tui.panes.pane import Clock, Pane
from tui.panes.tdd import TddPane
from tui.panes.workflow import WorkflowPane
from tui.protocol.text import clean
from tui.remembered import Remembered
from tui.store import Slice, Store
from tui.store.inbox import Need
from tui.store.query import Query
from tui.widgets.inbox_line import InboxLine
from tui.widgets.key_bar import KeyBar
from tui.widgets.status_bar import StatusBar
from tui.widgets.time_ribbon import TimeRibbon

if TYPE_CHECKING:
    from tui.widgets.filter_bar import FilterBar

PANES: tuple[type[Pane], ...] = (AgentsPane, TddPane, WorkflowPane, AlertsPane, LogsPane)
ROOMY_COLUMNS, ROOMY_ROWS = 100, 30
"""From this size on panes stand side by side; below it one is open, the others are a line each."""
MIN_COLUMNS, MIN_ROWS = 40, 10
NEEDS_AT = {"agent": "agents", "item": "alerts"}
"""In which pane a need is found, by what it is about."""
INBOX_KEYS = ("inbox.next", "inbox.ack", "inbox.snooze", "inbox.restore", "row.open")
RIBBON_ROWS = 24
"""Below this many rows, each of them is worth more than the time ribbon."""
PAUSE = "pause"
"""Who holds the panes of a paused view."""
_NUMBERS = Binding.Group("pane", compact=True)
NEIGHBOURS = {
    "left": {"tdd": "agents", "alerts": "workflow"},
    "right": {"agents": "tdd", "workflow": "alerts"},
}


class Dashboard(Screen[None]):
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
        *(
            Binding(
                str(pane.NUMBER),
                f"open({pane.NAME.lower()!r})",
                pane.NAME.capitalize(),
                id=f"pane.{pane.NAME.lower()}",
                tooltip=f"Go to the {pane.NAME.lower()} pane; again to zoom it",
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
            show=False,
        ),
        Binding(
            "shift+tab",
            "app.focus_previous",
            "Previous pane",
            id="pane.previous",
            tooltip="The pane before",
            show=False,
        ),
        Binding(
            "left,h",
            "go('left')",
            "Left",
            id="pane.left",
            tooltip="The pane to the left",
            show=False,
        ),
        Binding(
            "right,l",
            "go('right')",
            "Right",
            id="pane.right",
            tooltip="The pane to the right",
            show=False,
        ),
        Binding(
            "exclamation_mark",
            "inbox_next",
            "Next need",
            id="inbox.next",
            tooltip="Go to who needs you; again for the next",
            show=False,
        ),
        Binding(
            "a",
            "inbox_ack",
            "Acknowledge",
            id="inbox.ack",
            tooltip="Seen: show this need no more",
            show=False,
        ),
        Binding(
            "S",
            "inbox_snooze",
            "Snooze",
            id="inbox.snooze",
            tooltip="Not now: show this need again later",
            show=False,
        ),
        Binding(
            "A",
            "inbox_restore",
            "Show what was put off",
            id="inbox.restore",
            tooltip="Show again what was acknowledged or snoozed",
            show=False,
        ),
        Binding(
            "d",
            "density",
            "Density",
            id="view.density",
            tooltip="Without borders, or with them",
            show=False,
        ),
        Binding(
            "escape", "unzoom", "All panes", id="pane.unzoom", tooltip="All panes again", show=False
        ),
    ]
    AUTO_FOCUS = "#agents"

    def __init__(self, store: Store, clock: Clock, remembered: Remembered | None = None) -> None:
        super().__init__()
        self.store = store
        self._clock = clock
        remembered = remembered or Remembered(None)
        self._kept = remembered.section("layout")
        self._status = StatusBar(store, clock)
        self._inbox = InboxLine(store, clock)
        self._gone_to = ""
        """The need that a person was led to last."""
        self._ribbon = TimeRibbon(store, clock)
        self._paused = False
        self._panes = [pane(store, clock, remembered.section(pane.NAME.lower())) for pane in PANES]
        self._filtered: ListPane[Any] | None = None
        """The pane whose filter is being typed, and what that was before."""
        self._filter_before = Query()

    def compose(self) -> ComposeResult:
        yield self._status
        yield self._inbox
        with Container(id="panes"):
            yield from self._panes
        yield self._ribbon
        yield KeyBar()
        yield Static(id="too-small", markup=False)

    def on_mount(self) -> None:
        """As it was left."""
        self._inbox.keys = {id_: self._key_of(id_) for id_ in INBOX_KEYS}
        for name in NEEDS_AT.values():
            self.watch(self.query_one(f"#{name}"), "cursor", self._follow_cursor, init=False)
        named = (pane for pane in self._panes if pane.id == self._kept.get("pane"))
        pane = next(named, self._panes[0])
        pane.add_class("-open")
        pane.focus()
        self.set_class(self._kept.get("zoomed") is True, "-zoomed")

    def _key_of(self, id_: str) -> str:
        """The key that does it now, as a person may have set it."""
        shown = [
            self.app.get_key_display(active.binding)
            for active in self.active_bindings.values()
            if active.binding.id == id_
        ]
        return min(shown, key=len, default="")

    def show(self, dirty: set[Slice], *, tick: bool = False) -> None:
        """Draw what changed: the panes that read a slice in `dirty`, or, on a `tick`, ages too."""
        if Slice.LINK in dirty:
            dirty = set(Slice)
        if dirty or tick:
            self._status.update_rows()
        if tick:
            self._ribbon.update_rows()
        for pane in self._panes:
            if not pane.held and (tick or pane.SLICES & dirty):
                pane.update_rows()
        if dirty or tick:
            self._update_inbox()  # after the panes: it says what Enter opens

    def on_resize(self, event: Resize) -> None:
        columns, rows = event.size
        small = columns < MIN_COLUMNS or rows < MIN_ROWS
        compact = columns < ROOMY_COLUMNS or rows < ROOMY_ROWS
        self.set_class(small, "-too-small")
        self.set_class(compact, "-compact")
        self.set_class(rows >= RIBBON_ROWS, "-tall")
        if small:
            said = f"too small: {columns}x{rows}, needs {MIN_COLUMNS}x{MIN_ROWS}"
            self.query_one("#too-small", Static).update(said)
        self._set_borders()

    def _set_borders(self) -> None:
        dense = self._kept.get("density") == "dense"
        self.set_class(dense, "-dense")
        for pane in self._panes:
            pane.compact = dense or self.has_class("-compact")

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        if not isinstance(event.widget, Pane):
            return  # a filter is typed: its pane stays open, so that its effect is seen
        for pane in self._panes:
            pane.set_class(pane is event.widget, "-open")
            if pane.compact:
                pane.redraw()
            if pane is event.widget:
                self._kept["pane"] = pane.id
        self._follow_cursor()

    # The inbox.

    def _update_inbox(self) -> None:
        need = self._inbox.selected()
        self._inbox.at_hand = need is not None and need == self._need_at_hand()
        self._inbox.update_rows()

    def _need_at_hand(self) -> Need | None:
        """The need that the cursor is on."""
        pane = self.focused
        if not isinstance(pane, Pane) or (subject := pane.subject(pane.cursor)) is None:
            return None
        return self.store.inbox.of(subject.kind, subject.key, self._clock())

    def _follow_cursor(self) -> None:
        """Show the need that the cursor has come to, so that keys mean that one."""
        if need := self._need_at_hand():
            self._inbox.select(need)
        self._update_inbox()

    def on_inbox_line_chosen(self) -> None:
        if need := self._inbox.selected():
            self._go_to(need)

    def action_inbox_next(self) -> None:
        need = self._inbox.selected()
        if need is None:
            self.notify("nobody needs you", timeout=1.5, markup=False)
            return
        if need == self._need_at_hand() or need.key == self._gone_to:
            need = self._inbox.select_next() or need
        self._go_to(need)

    def _go_to(self, need: Need) -> None:
        pane = self.query_one(f"#{NEEDS_AT[need.about]}", Pane)
        pane.focus()
        pane.reveal(need.id)
        self._gone_to = need.key
        self._inbox.select(need)
        self.call_after_refresh(self._update_inbox)

    def action_inbox_ack(self) -> None:
        if need := self._inbox.selected():
            self.store.inbox.acknowledge(need.key, self._clock())
            self._said(f"acknowledged: {need.who}")

    def action_inbox_snooze(self) -> None:
        if need := self._inbox.selected():
            self.store.inbox.snooze(need.key, self._clock())
            self._said(f"snoozed {self.store.inbox.snooze_minutes:g} min: {need.who}")

    def action_inbox_restore(self) -> None:
        self.store.inbox.restore()
        for need in self.store.inbox.open(self._clock())[:1]:
            self._inbox.select(need)
        self.show(self.store.drain() or {Slice.INBOX})

    def _said(self, what: str) -> None:
        back = self._inbox.keys.get("inbox.restore")
        said = f"{clean(what, 80)}; {back} shows it again" if back else clean(what, 80)
        self.notify(said, timeout=4, markup=False)
        self.show(self.store.drain())

    def action_open(self, name: str) -> None:
        pane = self.query_one(f"#{name}", Pane)
        if pane.has_focus:
            self.action_zoom()
        pane.focus()

    def action_go(self, direction: str) -> None:
        if self.focused is None or self.focused.id is None or self.has_class("-zoomed"):
            return
        neighbour = NEIGHBOURS[direction].get(self.focused.id)
        if neighbour:
            self.query_one(f"#{neighbour}").focus()

    def action_zoom(self) -> None:
        self._zoom(not self.has_class("-zoomed"))

    def _zoom(self, on: bool) -> None:  # noqa: FBT001 - two calls
        self.set_class(on, "-zoomed")
        self._kept["zoomed"] = on

    def action_unzoom(self) -> None:
        """Undo what hides something: the pane's filter first, then its zoom."""
        pane = self.focused
        if isinstance(pane, ListPane) and pane.search:
            pane.search = Query()
        else:
            self._zoom(False)

    def action_pause(self) -> None:
        """All panes stay as they are, or catch up at once; the store goes on in any case."""
        self._paused = not self._paused
        for pane in self._panes:
            if self._paused:
                pane.hold(PAUSE)
            else:
                pane.release(PAUSE)
        self._ribbon.paused = self._paused
        self._status.paused_at = self.store.events if self._paused else None
        self._ribbon.update_rows()
        self._status.update_rows()

    def action_density(self) -> None:
        self._kept["density"] = "normal" if self.has_class("-dense") else "dense"
        self._set_borders()

    # What panes ask for.

    def on_pane_zoom_wanted(self) -> None:
        self.action_zoom()

    def on_status_bar_asked(self, message: StatusBar.Asked) -> None:
        self.query_one(f"#{message.pane}").focus()

    def on_list_pane_filter_wanted(self, message: ListPane.FilterWanted) -> None:
        from tui.widgets.filter_bar import FilterBar

        self._filtered, self._filter_before = message.pane, message.pane.search
        bar = FilterBar(message.pane.search.text)
        self.mount(bar)
        bar.focus()

    def on_filter_bar_typed(self, message: "FilterBar.Typed") -> None:
        if self._filtered is not None:
            self._filtered.search = Query.parse(message.text)

    def on_filter_bar_closed(self, message: "FilterBar.Closed") -> None:
        pane, self._filtered = self._filtered, None
        self.query("#filter").remove()
        if pane is not None:
            if not message.kept:
                pane.search = self._filter_before
            pane.focus()

    def on_pane_opened(self, message: Pane.Opened) -> None:
        from tui.details import detail_of
        from tui.screens.detail import DetailScreen

        self.app.push_screen(DetailScreen(detail_of(message.subject), self.store, self._clock))
