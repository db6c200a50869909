"""One thing and all about it, over the whole screen; it goes on changing while it is read."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content

from tui.details import Detail
from tui.panes.pane import Clock
from tui.protocol.text import clean
from tui.screens.live import LiveScreen
from tui.store import Slice, Store
from tui.widgets.cells import Line
from tui.widgets.key_bar import KeyBar
from tui.widgets.pane_wanted import PaneWanted
from tui.widgets.rows import RowView
from tui.widgets.status_bar import StatusBar

TITLE = 200
"""Characters of a title."""


class DetailView(RowView):
    DEFAULT_CSS = """
    DetailView {
        height: 1fr; border: round $primary; border-title-color: $foreground; padding: 0 1;
        background: $background; scrollbar-gutter: stable;
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open", id="detail.open", tooltip="Open the address on this line"),
    ]

    def __init__(self, detail: Detail, store: Store, clock: Clock) -> None:
        super().__init__(id="detail")
        self._detail = detail
        self._store = store
        self._clock = clock
        self._lines: Sequence[Line] = ()

    def update_rows(self) -> None:
        width = self.room.width
        known = self._detail.lines(self._store, self._clock(), width)
        self._lines = known or ((("nothing is known of it any more", "dim"),),)
        self.stale = bool(known) and not self._store.link.live
        super().update_rows()

    def records(self) -> Iterator[dict[str, Any]]:
        """What there is to export."""
        data = self._detail.data(self._store)
        items = data if isinstance(data, list) else [data]
        for item in filter(None, items):
            yield item if isinstance(item, dict) else {"value": item}

    def count(self) -> int:
        return len(self._lines)

    def line(self, index: int, width: int) -> Line:
        del width
        return self._lines[index]

    def idle_bindings(self) -> set[str]:
        return set() if self._address() else {"detail.open"}

    def action_open(self) -> None:
        """Ask whether to open the address on this line, if there is one."""
        if address := self._address():
            from tui.screens.browser import AddressScreen

            self.app.push_screen(AddressScreen(address))

    def _address(self) -> str:
        """The one on this line; empty where there is none."""
        from tui.details.address import address_of

        return address_of(self._lines[self.cursor]) if self.cursor < len(self._lines) else ""


class DetailScreen(LiveScreen[str | None]):
    """Returns the pane that a person wants to go to from here; None: where they came from."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,backspace", "dismiss", "Back", id="detail.close", tooltip="Back"),
    ]
    AUTO_FOCUS = "#detail"

    def __init__(self, detail: Detail, store: Store, clock: Clock) -> None:
        super().__init__()
        self.detail = detail
        self._store = store
        self._view = DetailView(detail, store, clock)
        self._status = StatusBar(store, clock)
        self._key_bar = KeyBar()

    def compose(self) -> ComposeResult:
        yield self._status
        yield self._view
        yield self._key_bar

    def on_mount(self) -> None:
        # As content: a string would be read as markup, and an event's text may hold some.
        self.watch(self._view, "cursor", self._key_bar.look, init=False)
        self._view.border_title = Content(clean(self.detail.title(self._store), TITLE))

    def on_pane_wanted(self, message: PaneWanted) -> None:
        if self.app.screen is self:  # of two clicks the second may be heard when it is closed
            self.dismiss(message.pane)

    def show(self, dirty: set[Slice], *, tick: bool = False) -> None:
        if dirty or tick:
            self._status.update_rows()
            self._view.update_rows()
            self._key_bar.look()
