"""The one row view that every live pane is built on: lines drawn by the Line API.

A subclass says how many lines there are and what each one is; this widget draws the visible ones,
keeps a cursor on its row while rows move, follows the end where asked, and repaints only the lines
that changed.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, ClassVar, NamedTuple

from textual.binding import BindingType
from textual.events import Click
from textual.geometry import Region, Size
from textual.reactive import reactive
from textual.strip import Strip

from tui.widgets.cells import Line, line_words
from tui.widgets.line_view import LineView
from tui.widgets.row_bindings import ROW_BINDINGS

MAX_HELD = 600
"""Rows around the visible ones that are kept as they are, while a view is held."""
EXPORT = "export"
"""Who holds a view whose rows are being exported."""
NOT_HELD: Line = (("… too far from what was shown to be kept", "dim"),)


class HeldRow(NamedTuple):
    """A row as it was when the view was held: drawn, copied and exported."""

    line: Line
    key: str | None
    copied: str
    record: dict[str, Any]
    """Empty where there is nothing to export."""


class RowView(LineView, can_focus=True, inherit_bindings=False):
    DEFAULT_CSS = """
    RowView { overflow-x: hidden; scrollbar-size-vertical: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = ROW_BINDINGS

    cursor: reactive[int] = reactive(0, repaint=False)
    stale: reactive[bool] = reactive(False, repaint=False)
    """Whether what is shown may no longer be so: drawn dimmed."""

    FOLLOWS: ClassVar[bool] = False
    """Whether the view stays at the end while its cursor is on the last row."""
    ROWS_STAY: ClassVar[bool] = False
    """Whether a row is always the same: then any can be shown of a view that is held."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._count = 0
        self._head_height = 0
        self._key: str | None = None
        """Of the row that a person put the cursor on, though it be hidden meanwhile."""
        self._above = 0
        """How many rows were visible above it."""
        self._at_end = True
        self._scrolled_by_hand = False
        self._shown: dict[int, Line] = {}
        self._held: dict[int, HeldRow] = {}
        self._holders: set[str] = set()

    # What a subclass says.

    def count(self) -> int:
        """How many lines there are."""
        raise NotImplementedError

    def line(self, index: int, width: int) -> Line:
        """The line at `index`, laid out for `width` cells.

        Raises LookupError where that has gone since the rows were laid down.
        """
        raise NotImplementedError

    def key(self, index: int) -> str | None:
        """What tells the row at `index` from others, so that the cursor can stay on it."""
        del index
        return None

    def copied(self, index: int) -> str:
        """What copying the row at `index` copies."""
        return line_words(self.line(index, self.room.width))

    def snapshot(self) -> Sequence[Any]:
        """What all rows are of, in their order; it stays as it is, whatever comes."""
        return ()

    def item(self, index: int) -> Any:
        """What the row at `index` is of; None where that has gone since the rows were laid down."""
        del index

    def record(self, item: Any) -> dict[str, Any]:
        """An item as it is exported, plain values by name; none where it is no thing of its own.

        A thing on several rows is exported with the first of them.
        """
        del item
        return {}

    def records(self) -> Iterator[dict[str, Any]]:
        """What there is to export: each thing once; of a view that is held, as it was.

        Whatever is drawn or released between two of them, they are of one moment's rows.
        """
        if not self.held:
            yield from filter(None, map(self.record, self.snapshot()))
            return
        self.hold(EXPORT)
        try:
            for index in range(self._count):
                if (row := self.seen(index)) and row.record:
                    yield row.record
        finally:
            self.release(EXPORT)

    @property
    def not_kept(self) -> int:
        """How many rows of a view that is held are too far from what was shown."""
        return self._count - len(self._held) if self.held and not self.ROWS_STAY else 0

    def head(self, width: int) -> tuple[Line, ...]:
        """Lines on top that do not scroll."""
        del width
        return ()

    # Drawing.

    def update_rows(self) -> None:
        """Draw what has changed since the last call; cheap where nothing has."""
        width, height = self.known_room
        if not width or not height:
            return
        head, self._head_height = self._head_height, len(self.head(width))
        if not self.held:
            self._count = self.count()
        self.set_length(self._count + self._head_height)
        before = self.cursor
        if not self.held:
            self._hold_cursor()
        if head != self._head_height:
            self.refresh()  # the cursor is on another line now, whatever that says
        elif self.cursor != before:
            self._refresh_row(before)
            self._refresh_row(self.cursor)
        for y, line in self._shown.items():
            if y < height and line != self._line_at(y, width):
                self.refresh(Region(0, y, width, 1))

    def redraw(self) -> None:
        """As `update_rows`, but what is held stays as it is."""
        if self.held:
            RowView.update_rows(self)
        else:
            self.update_rows()

    def fit(self, before: Size) -> None:
        height = before.height - self._head_height
        in_sight = self.cursor in range(top := self.scroll_offset.y, top + height)
        super().fit(before)
        if in_sight:
            self.scroll_to_row(self.cursor)

    # Holding: what is shown stays, whatever comes. A cursor goes on over what was there.

    @property
    def held(self) -> bool:
        return bool(self._holders)

    def hold(self, holder: str) -> None:
        """Keep all as it is now, until each who holds it has released it."""
        if not self.held:
            self.update_rows()  # what has gone since then could not be kept
            self._keep()
        self._holders.add(holder)

    def _keep(self) -> None:
        """Take down what is shown now."""
        self._count = self.count()
        width = self.room.width or self.app.size.width
        first = max(0, self.scroll_offset.y - MAX_HELD // 2)
        taken = ((row, self._take(row, width)) for row in range(first, first + MAX_HELD))
        self._held = {index: row for index, row in taken if row is not None}

    def release(self, holder: str) -> None:
        """Catch up, if nobody else holds it."""
        if holder in self._holders:
            self._holders.remove(holder)
            if not self.held:
                self._held = {}
                self.update_rows()

    def renew(self) -> None:
        """Draw all anew because a person asked for it; what is held is held as it is now."""
        holders, self._holders, self._held = self._holders, set(), {}
        for holder in holders:
            self.hold(holder)
        self.redraw()
        self.scroll_to_row(self.cursor)

    def seen(self, index: int) -> HeldRow | None:
        """The row at `index`; of a view that is held, as it was.

        None where it is gone, or was too far from what was shown to be kept.
        """
        kept = self._held.get(index) if self.held else None
        if kept is None and (self.ROWS_STAY or not self.held):
            return self._take(index, self.room.width)
        return kept

    def _take(self, index: int, width: int) -> HeldRow | None:
        """The row at `index` as it is now; None where there is none, or none any more."""
        if not 0 <= index < self._count:
            return None
        with suppress(LookupError):
            line, item = self.line(index, width), self.item(index)
            record = {} if item is None else self.record(item)
            return HeldRow(line, self.key(index), self.copied(index), record)
        return None

    def _line_at(self, y: int, width: int) -> Line:
        index = self.scroll_offset.y + y - self._head_height
        try:
            if y < self._head_height:
                return self.head(width)[y]
            if index >= self._count:
                return ()
            if self.held:
                kept = self.seen(index)
                return kept.line if kept else NOT_HELD
            return self.line(index, width)
        except (ArithmeticError, AttributeError, LookupError, ValueError):
            # Rows may leave between two updates; and no event, however odd, may end the program.
            return (("?", "dim"),)

    def render_line(self, y: int) -> Strip:
        width, _ = self.known_room
        line = self._shown[y] = self._line_at(y, width)
        index = self.scroll_offset.y + y - self._head_height
        under_cursor = self.has_focus and y >= self._head_height and index == self.cursor
        return self.strip_of(line, width, under_cursor=under_cursor, stale=self.stale)

    # The cursor.

    @property
    def page(self) -> int:
        """How many rows are visible at once."""
        return max(1, self.size.height - self._head_height)

    def _hold_cursor(self) -> None:
        """Keep the cursor on its row, or at the end where the view follows it."""
        last = max(0, self._count - 1)
        if self.FOLLOWS and self._at_end:
            self.set_reactive(RowView.cursor, last)
            self._scroll(self.max_scroll_y)
            self._mark()
            return
        if self._key is not None and self.key_at(self.cursor) != self._key:
            found = self.find(self._key)
            if found is not None:
                self.set_reactive(RowView.cursor, found)
        if self.cursor > last:
            self.set_reactive(RowView.cursor, last)
        if self.FOLLOWS:  # rows came and went above: what is being read must not move
            top = self.cursor - min(self._above, self.page - 1)
            top = max(0, min(top, self.max_scroll_y))
            if top != self.scroll_offset.y:
                self._scroll(top)

    def _mark(self) -> None:
        """Take down where the cursor is, to keep it there."""
        self._key = self.key_at(self.cursor)
        self._above = max(0, self.cursor - self.scroll_offset.y)

    def key_at(self, index: int) -> str | None:
        if self.held:
            kept = self.seen(index)
            return kept.key if kept else None
        return self.key(index) if 0 <= index < self._count else None

    def find(self, key: str) -> int | None:
        """Where the row of that key is now."""
        return next((i for i in range(self._count) if self.key(i) == key), None)

    def validate_cursor(self, cursor: int) -> int:
        return max(0, min(cursor, self._count - 1))

    def watch_cursor(self, old: int, new: int) -> None:
        self._at_end = new >= self._count - 1
        self.scroll_to_row(new)
        self._mark()
        self._refresh_row(old)
        self._refresh_row(new)

    def follow(self) -> None:
        """Stay at the end from now on, though the cursor be there already."""
        self._at_end = True
        self.redraw()

    def stay(self) -> None:
        """Stay on this row from now on, though it be the last."""
        self._at_end = False
        self.redraw()

    def scroll_to_row(self, index: int) -> None:
        top = self.scroll_offset.y
        if index < top:
            self._scroll(index)
        elif index >= top + self.page:
            self._scroll(index - self.page + 1)

    def _scroll(self, top: float) -> None:
        self._scrolled_by_hand = False
        # Forced: the scrollbar, by which Textual judges, appears with the next layout only.
        self.scroll_to(y=top, animate=False, immediate=True, force=True)

    # A view that follows its end stops where somebody scrolls away from it, and goes on where they
    # scroll back; its cursor comes along.

    def on_mouse_scroll_up(self) -> None:
        self._scrolled_by_hand = True

    on_mouse_scroll_down = on_scroll_to = on_scroll_up = on_scroll_down = on_mouse_scroll_up

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if self.FOLLOWS and self._scrolled_by_hand and self._count:
            top = round(new_value)
            at_end = new_value >= self.max_scroll_y
            last = self._count - 1 if at_end else min(self._count - 1, top + self.page - 1)
            self.cursor = last if at_end else max(top, min(self.cursor, last))
            self._mark()

    def _refresh_row(self, index: int) -> None:
        y = index - self.scroll_offset.y + self._head_height
        if 0 <= y < self.size.height:
            self.refresh(Region(0, y, self.size.width, 1))

    def watch_has_focus(self, value: bool) -> None:  # noqa: FBT001 - Textual's signature
        super().watch_has_focus(value)
        self._refresh_row(self.cursor)

    def watch_stale(self) -> None:
        self.refresh()

    def action_move(self, rows: int) -> None:
        self.cursor += rows

    def action_move_page(self, pages: int) -> None:
        self.cursor += pages * self.page

    def action_move_to(self, index: int) -> None:
        self.cursor = index if index >= 0 else self._count - 1
        if self.FOLLOWS and index < 0:
            self.follow()

    def action_copy(self) -> None:
        """To the clipboard, through the terminal (OSC 52): over SSH, too."""
        if row := self.seen(self.cursor):
            self.app.copy_to_clipboard(row.copied)
            self.notify("copied", timeout=1.5, markup=False)
        elif self._count:
            self.notify("not copied: this row was not kept", timeout=3, markup=False)

    def on_click(self, event: Click) -> None:
        offset = event.get_content_offset(self)
        if offset is not None and offset.y >= self._head_height:
            self.cursor = self.scroll_offset.y + offset.y - self._head_height
            if event.chain == 2:
                self.call_next(self.run_action, "open")
