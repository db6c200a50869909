"""What all panes share: number, title, subscription, and the states in which there is nothing."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Click
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive
from textual.style import Style

from tui.details.subject import Subject
from tui.protocol.text import clean
from tui.protocol.topics import Filter
from tui.store import Slice, Store
from tui.widgets.cells import Line, age, clock_time, span_at, wrap
from tui.widgets.rows import RowView

FREEZE = "freeze"
"""Who holds a pane that is frozen on its own."""
Clock = Callable[[], float]
"""Unix time in milliseconds."""
BORDER_TITLE = 3
"""Cells before a border's title."""


class Pane(RowView):
    """A numbered view of a part of the store.

    Roomy, it has a border with its summary in the title; compact, its summary is its first line,
    and only the open pane shows more.

    Rows, keys, subjects and records are read of what `update_rows` last laid down, never of the
    store itself: a pane that is held is not updated, and stays whole that way.
    """

    DEFAULT_CSS = """
    Pane {
        border: round $pane-border;
        border-title-color: $muted;
        padding: 0 1;
        background: $background;
        &:focus { border: round $primary; border-title-color: $foreground; }
        &:nocolor:focus { border: heavy $primary; }
        &.-compact { border: none; padding: 0; }
    }
    """

    NUMBER: ClassVar[int]
    NAME: ClassVar[str]
    SPOKEN: ClassVar[str]
    """The name as it is written in a sentence."""
    FILTERS: ClassVar[tuple[Filter, ...]]
    """What this pane subscribes to, on the one shared client."""
    SLICES: ClassVar[frozenset[Slice]]
    """The parts of the store that this pane draws."""
    EMPTY: ClassVar[str]
    """Said while there is nothing to show, though the link is live."""

    compact: reactive[bool] = reactive(False)

    rows: Sequence[Any] = ()
    """What there is to show, as it was laid down last: never changed, but replaced."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open", id="row.open", tooltip="Everything about this row"),
        Binding(
            "p",
            "freeze",
            "Freeze",
            id="pane.freeze",
            tooltip="Keep this pane as it is, or let it go on",
            show=False,
        ),
    ]

    class ZoomWanted(Message):
        """A person wants this pane alone, or all again."""

    def __init__(self, store: Store, clock: Clock, kept: dict[str, Any] | None = None) -> None:
        """`kept` is this pane's part of what is remembered between starts."""
        super().__init__(id=self.NAME.lower())
        self.store = store
        self.clock = clock
        self.kept: dict[str, Any] = {} if kept is None else kept
        self._message: list[str] = []
        self._held_summary: Line = ()
        self._held_at = 0.0
        """When it was what is shown while it is held."""
        self._drawn_anew = False
        """Whether a person has asked for that since the view was paused."""

    # What a pane says of itself.

    def summary(self) -> Line:
        """The pane in a few words, for its title."""
        raise NotImplementedError

    def row(self, index: int, width: int) -> Line:
        raise NotImplementedError

    def words(self, item: Any) -> str:
        """All that the row of an item says, as it is copied: nothing cut, and no picture."""
        raise NotImplementedError

    def subject(self, index: int) -> Subject | None:
        """What the row at `index` is about."""
        del index
        return None

    def nothing(self) -> str:
        """Why there are no rows though the link is live, and what to do about it."""
        return self.EMPTY

    def title_clicked(self, word: str) -> None:
        """A span of the title was clicked."""

    def columns_line(self, width: int) -> Line | None:
        """The titles of the columns, where the pane has any."""
        del width
        return None

    def changes_with_time(self) -> bool:
        """Whether time alone changes what it shows; while the link is down, it does anyway."""
        return bool(self.row_count())

    def idle_bindings(self) -> set[str]:
        """The ids of bindings that would do nothing now: the key bar is silent about them."""
        idle = set() if self.row_count() else {"row.copy"}
        return idle if self.subject(self.cursor) else idle | {"row.open"}

    # Its rows, of which there may be none; then it is shown why.

    def row_count(self) -> int:
        return len(self.rows)

    def item(self, index: int) -> Any:
        return self.rows[index] if 0 <= index < len(self.rows) else None

    def snapshot(self) -> Sequence[Any]:
        return self.rows

    def copied(self, index: int) -> str:
        item = self.item(index)
        return super().copied(index) if item is None else self.words(item)

    # Drawing.

    def update_rows(self) -> None:
        link = self.store.link
        rows = self.row_count()
        self.stale = not link.live and bool(rows)
        self._message = [] if rows else self._nothing()
        super().update_rows()
        if not self.compact:
            self._update_title()

    def watch_cursor(self, old: int, new: int) -> None:
        super().watch_cursor(old, new)
        if not self.compact:
            self._update_title()
        elif self._head_height:
            self.refresh(Region(0, 0, self.size.width, 1))  # its title

    def count(self) -> int:
        return len(self._message) or self.row_count()

    def line(self, index: int, width: int) -> Line:
        if self._message:
            return ((self._message[index], "dim"),)
        return self.row(index, width)

    def head(self, width: int) -> tuple[Line, ...]:
        titles = None if self._message else self.columns_line(width)
        columns = (titles,) if titles else ()
        return (self.title_line(), *columns) if self.compact else columns

    def title_line(self) -> Line:
        mark = "▾" if self.has_class("-open") else "▸"  # open without the focus: a filter is typed
        name = (f"{mark}{self.NUMBER} {self.NAME} ", "strong" if self.has_focus else "head")
        return (name, *self._summary())

    def _summary(self) -> Line:
        if not self.held:
            return (*self.summary(), *self._stale_mark())
        word = "FROZEN" if FREEZE in self._holders else "AS OF" if self._drawn_anew else ""
        held = f"{word} {clock_time(self._held_at)} " if word else ""
        return ((held, "warn"), *self._held_summary)

    def _keep(self) -> None:
        super()._keep()
        self._held_at = self.clock()
        self._held_summary = (*self.summary(), *self._stale_mark())

    def hold(self, holder: str) -> None:
        super().hold(holder)
        if not self.compact:
            self._update_title()

    def renew(self) -> None:
        self._drawn_anew = self.held
        super().renew()

    def release(self, holder: str) -> None:
        self._drawn_anew = self._drawn_anew and len(self._holders) > 1
        super().release(holder)

    def _update_title(self) -> None:
        name, *said = self._full_title()
        parts: list[tuple[str, str | Style]] = [(name[0], "bold")]
        parts += [
            (clean(text), self.named_style(style) if style else "") for text, style in said if text
        ]
        title = Content.assemble(*parts)
        if self._border_title is None or not title.is_same(self._border_title):
            # Set as usual, it would have every line drawn anew. It is one clean line already.
            self._border_title = title
            left, top = self.content_offset  # the border is outside the content
            self.refresh(Region(-left, -top, self.outer_size.width, 1))

    def notify_style_update(self) -> None:
        super().notify_style_update()
        if self._border_title is not None:
            self._update_title()

    def _full_title(self) -> Line:
        name = (f"{self.NUMBER} {self.NAME} ", "strong")
        return (name, *self._summary())

    def _stale_mark(self) -> Line:
        link = self.store.link
        if link.live or link.quiet_since is None or not self.row_count():
            return ()
        return ((f" stale {age(self.clock() - link.quiet_since)}", "warn"),)

    def _nothing(self) -> list[str]:
        """Why the pane is empty, and what to do about it."""
        link = self.store.link
        if link.live:
            said = self.nothing()
        elif link.phase == "stopped":
            said = f"not connected: {link.reason}"
        elif link.phase == "waiting":
            when = f"; next try in {link.retry_in:.0f} s" if link.retry_in is not None else ""
            said = f"waiting: {link.reason}{when}"
        elif link.phase == "starting":
            said = "starting…"
        else:
            said = f"connecting to {link.url}…"
        lines = wrap(said, max(10, self.width_beside_scrollbar))
        if link.live and link.hint and self.NUMBER == 1:
            lines += ["", *wrap(link.hint, max(10, self.width_beside_scrollbar))]
        return lines

    def reveal(self, key: str) -> bool:
        """Put the cursor on the row of that key, whatever hides it; False where there is none."""
        found = self.find(key)
        if found is not None:
            self.cursor = found
        return found is not None

    def action_freeze(self) -> None:
        if FREEZE in self._holders:
            self.release(FREEZE)
        else:
            self.hold(FREEZE)
        self.redraw()

    def on_click(self, event: Click) -> None:
        """Beside what a click on a row does: one on a word of the title, two on it zoom."""
        if event.y != 0:
            return
        if event.chain == 2:
            self.post_message(self.ZoomWanted())
        elif word := self._title_word(event.x):
            self.title_clicked(word)

    def _title_word(self, x: int) -> str:
        """The span of the title that is drawn over that cell."""
        title = self.title_line() if self.compact else self._full_title()
        place = span_at(title, x - (0 if self.compact else BORDER_TITLE))
        return "" if place is None else title[place][0].strip()

    async def action_open(self) -> None:
        # No message: what is typed at the same time is meant for what this opens.
        await self.run_action("screen.details")

    def watch_compact(self) -> None:
        self.set_class(self.compact, "-compact")
        if self.compact:
            self.border_title = None
        elif self._shown:  # its room may be the same as before
            self._update_title()
        self.refresh(layout=True)
