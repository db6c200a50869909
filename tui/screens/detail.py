"""One thing and all about it, over the whole screen; it goes on changing while it is read."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content

from tui.details import Detail, detail_of
from tui.details.subject import Subject
from tui.panes.pane import Clock
from tui.protocol.text import clean
from tui.screens.need import NEED_BINDINGS, NeedScreen
from tui.store import Slice, Store
from tui.store.inbox import SINCE, Need
from tui.widgets.cells import Line, line_words
from tui.widgets.key_bar import KeyBar
from tui.widgets.pane_wanted import PaneWanted
from tui.widgets.rows import RowView
from tui.widgets.status_bar import StatusBar

TITLE = 200
"""Characters of a title."""
SHORT = {"inbox.ack": "Ack", "inbox.snooze": "Snooze", "inbox.next": "Next"}
"""What the keys of a need are called where all of them are to fit into the key bar."""
NAMED = [
    replace(one, description=SHORT.get(one.id or "", one.description), show=one.id in SHORT)
    for one in sorted(NEED_BINDINGS, key=lambda one: one.id == "inbox.next")
]


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

    def turn_to(self, detail: Detail) -> None:
        """Show something else, from its beginning."""
        self._detail = detail
        self.cursor = 0
        self.scroll_home(animate=False)
        self.update_rows()

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

    def copied(self, index: int) -> str:
        """A line; of a heading all that is below it."""
        if self._lines[index][:1] and self._lines[index][0][1] == "head":
            return "\n".join(map(line_words, takewhile(bool, self._lines[index:])))
        return super().copied(index)

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


class DetailScreen(NeedScreen[str | Need | None]):
    """Returns the pane, or the need, to which a person has gone from here; None: to none.

    The keys of a need mean what this is about.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,backspace", "close", "Back", id="detail.close", tooltip="Back"),
        *NAMED,
    ]
    AUTO_FOCUS = "#detail"

    def __init__(self, subject: Subject, store: Store, clock: Clock) -> None:
        super().__init__(store, clock)
        self._subject = subject
        self._view = DetailView(detail_of(subject), store, clock)
        self._status = StatusBar(store, clock)
        self._key_bar = KeyBar()
        self._waits_since = 0.0
        """Since when what this is about has wanted a person, when it last did (Unix ms)."""
        self._gone_to: Need | None = None

    def compose(self) -> ComposeResult:
        yield self._status
        yield self._view
        yield self._key_bar

    def on_mount(self) -> None:
        self.watch(self._view, "cursor", self._key_bar.look, init=False)
        self._show_title()
        self._look()

    def _show_title(self) -> None:
        # As content: a string would be read as markup, and an event's text may hold some.
        title = detail_of(self._subject).title(self.store)
        self._view.border_title = Content(clean(title, TITLE))

    def on_pane_wanted(self, message: PaneWanted) -> None:
        if self.app.screen is self:  # of two clicks the second may be heard when it is closed
            self.dismiss(message.pane)

    def show(self, dirty: set[Slice], *, tick: bool = False) -> None:
        if dirty or tick:
            self._status.update_rows()
            self._view.update_rows()
            self._look()

    # The need that it is about, and the next.

    def need(self) -> Need | None:
        return self.store.inbox.of(self._subject.kind, self._subject.key, self._clock())

    def _next_need(self) -> Need | None:
        """Who has waited next longest, round the end; None where nobody else waits."""
        now = self._clock()
        needs = self.store.inbox.open(now)
        own = self.store.inbox.of(self._subject.kind, self._subject.key, now)
        # Where it wants nothing any more, the next has moved up into its place.
        place = needs.index(own) + 1 if own else bisect_left(needs, self._waits_since, key=SINCE)
        found = needs[place % len(needs)] if needs else None
        return None if found is own else found

    def _look(self) -> None:
        if need := self.need():
            self._waits_since = need.since
        self._key_bar.look()

    def idle_bindings(self) -> set[str]:
        idle = super().idle_bindings()
        if not (self._next_need() or self.store.elsewhere(self._clock())):
            idle.add("inbox.next")
        return idle

    def action_inbox_next(self) -> None:
        if need := self._next_need():
            self._gone_to = need
            self._subject = Subject(need.about, need.id)
            self._view.turn_to(detail_of(self._subject))
            self._show_title()
            self._look()
        else:
            self.go_elsewhere()

    def action_close(self) -> None:
        self.dismiss(self._gone_to)
