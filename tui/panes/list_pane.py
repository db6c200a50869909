"""What panes that list things share: filter, order, and going from match to match."""

from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from typing import Any, ClassVar, Generic, TypeVar

from textual.binding import Binding, BindingType
from textual.reactive import reactive

from tui.panes.pane import Clock, Pane
from tui.panes.patience import TooSlowError, patience
from tui.store import Store
from tui.store.query import Query
from tui.widgets.cells import Line, wrap

T = TypeVar("T")
_MATCHES = Binding.Group("match")
AT_ONCE = 10_000
"""Rows that a regular expression has one limit of time for."""


class ListPane(Pane, Generic[T]):
    """A pane of items that a person may filter and put in another order.

    Both are kept in `kept`, the pane's part of what is remembered between starts.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "slash,ctrl+f",
            "screen.filter",
            "Filter",
            id="list.filter",
            tooltip="Show only what matches",
        ),
        Binding("s", "sort", "Sort", id="list.sort", tooltip="The next order"),
        Binding(
            "n",
            "match(1)",
            "Next match",
            id="list.next",
            tooltip="The next match",
            group=_MATCHES,
        ),
        Binding(
            "N",
            "match(-1)",
            "Previous match",
            id="list.previous",
            tooltip="The match before",
            group=_MATCHES,
        ),
    ]
    SORTS: ClassVar[tuple[str, ...]] = ()
    """The names of its orders, the usual one first; fewer than two: there is no choice."""

    search: reactive[Query] = reactive(Query(), init=False, bindings=True)
    order: reactive[str] = reactive("", init=False)

    def __init__(self, store: Store, clock: Clock, kept: dict[str, Any] | None = None) -> None:
        super().__init__(store, clock, kept)
        self.rows: Sequence[T] = ()
        """Those that are shown, in their order."""
        self.total = 0
        """How many items there are, shown or not."""
        self.matching = 0
        """How many of them match the filter."""
        order, query = self.kept.get("order"), self.kept.get("filter")
        usual = self.SORTS[0] if self.SORTS else ""
        self.set_reactive(ListPane.order, order if order in self.SORTS else usual)
        self._last = Query.parse(query) if isinstance(query, str) else Query()
        self.set_reactive(ListPane.search, self._last)

    # What a subclass says.

    def items(self) -> Iterable[T]:
        """All there are."""
        raise NotImplementedError

    def ordered(self, items: Iterable[T], order: str) -> Sequence[T]:
        """The same in the order of that name."""
        raise NotImplementedError

    def text(self, item: T) -> str:
        """What a filter looks for its text in."""
        raise NotImplementedError

    # What follows.

    def idle_bindings(self) -> set[str]:
        idle = super().idle_bindings()
        idle |= set() if len(self.SORTS) > 1 else {"list.sort"}
        return idle if self._last and self.rows else idle | {"list.next"}

    def changes_with_time(self) -> bool:
        return bool(self.total)  # with it, what a filter finds

    def update_rows(self) -> None:
        try:
            with patience() if self.search.is_expression else nullcontext():
                self.select()
        except TooSlowError:
            self._last = self.search.given_up()
            self.set_reactive(ListPane.search, self._last)
            self.select()
        super().update_rows()

    def select(self) -> None:
        """Say in `rows`, `total` and `matching` what there is to show now."""
        items = list(self.items())
        self.total = len(items)
        if self.search:
            matches, text = self.search.matches, self.text
            items = [item for item in items if matches(text(item))]
        self.matching = len(items)
        self.rows = self.ordered(items, self.order)

    def nothing(self) -> str:
        if self.search.fault:
            return f"{self.search.text}: {self.search.fault}"
        if self.total:
            return f"nothing of {self.total:,} matches {self.search.text}; esc shows all"
        return super().nothing()

    def _nothing(self) -> list[str]:
        if self.total or self.search.fault:  # said though the link is down: there is something
            return wrap(self.nothing(), max(10, self.width_beside_scrollbar))
        return super()._nothing()

    def list_summary(self) -> Line:
        """The filter with its count, and an order that is not the usual one."""
        filtered = f"{self.search.text} {self.matching:,} of {self.total:,} "
        unusual = self.order and self.order != self.SORTS[0]
        return (
            (f"│ ▽{filtered}" if self.search else "", "warn"),
            (f"│ by {self.order} " if unusual else "", "dim"),
        )

    def title_clicked(self, word: str) -> None:
        if word.startswith("│ ▽"):
            self.call_next(self.run_action, "screen.filter")
        elif word.startswith("│ by "):
            self.action_sort()

    def watch_search(self, query: Query) -> None:
        self.kept["filter"] = query.text
        if query:
            self._last = query
        self.renew()

    def watch_order(self, order: str) -> None:
        self.kept["order"] = order
        self.renew()

    def reveal(self, key: str) -> bool:
        if not super().reveal(key) and self.search:
            self.search = Query()
            return super().reveal(key)
        return self.key_at(self.cursor) == key

    def action_sort(self) -> None:
        if len(self.SORTS) > 1:
            self.order = self.SORTS[(self.SORTS.index(self.order) + 1) % len(self.SORTS)]

    def action_match(self, step: int) -> None:
        """Go to the next row that the last filter matches, round the end."""
        if self._last and self.rows:
            try:
                found = self._match(step)
            except TooSlowError:
                self._last = self._last.given_up()
                said = f"{self._last.text}: {self._last.fault}"
                self.notify(said, severity="warning", markup=False)
            else:
                self.cursor = self.cursor if found is None else found

    def _match(self, step: int) -> int | None:
        count, query = len(self.rows), self._last
        for begin in range(1, count + 1, AT_ONCE):
            with patience() if query.is_expression else nullcontext():
                for far in range(begin, min(begin + AT_ONCE, count + 1)):
                    index = (self.cursor + step * far) % count
                    item = self.item(index)
                    if item is not None and query.matches(self.text(item)):
                        return index
        return None
