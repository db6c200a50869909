"""What panes share that show one thing of many: going through them, and seeing them all."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, NamedTuple

from textual.binding import Binding, BindingType
from textual.reactive import reactive

from tui.details.subject import Subject
from tui.panes.pane import Clock, Pane
from tui.store import Store
from tui.widgets.cells import Line, in_words

WIDE = 400
"""Cells for which a row is laid out to be copied, so that nothing is cut."""

_OTHERS = Binding.Group("others")


class Row(NamedTuple):
    line: Callable[[int], Line]
    """What is drawn in a width."""
    key: str
    subject: Subject | None = None
    thing: Any = None
    """What is exported with this row; None for nothing, or what another row has already."""
    words: Callable[[], str] | None = None
    """What is copied with it, where that is not what is drawn."""


class OneOfPane(Pane):
    """Shows what is most worth seeing, unless a person has chosen something else, or all.

    Whether all are shown is kept in `kept`, between starts.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "full_stop,ctrl+right",
            "through(1)",
            "Next one",
            id="one.next",
            tooltip="The next agent or workflow in this pane",
            group=_OTHERS,
        ),
        Binding(
            "comma,ctrl+left",
            "through(-1)",
            "One before",
            id="one.previous",
            tooltip="The agent or workflow before in this pane",
            group=_OTHERS,
        ),
        Binding(
            "o,ctrl+up",
            "overview",
            "All",
            id="one.all",
            tooltip="All of them, or the one that matters",
        ),
    ]

    overview: reactive[bool] = reactive(False, init=False)

    rows: Sequence[Row] = ()
    """Each may be made when it is seen."""

    def __init__(self, store: Store, clock: Clock, kept: dict[str, Any] | None = None) -> None:
        super().__init__(store, clock, kept)
        self.chosen: str | None = None
        """The id of what a person chose; None: what matters most, whatever that is by then."""
        self._place = 0
        """Of what was chosen among all, from 1 on."""
        self._said_of_others = ""
        """What the title says of the others; of a pane that is held, as it was."""
        self.set_reactive(OneOfPane.overview, self.kept.get("all") is True)

    # What a subclass says.

    def ids(self) -> Sequence[str]:
        """All that can be chosen, in the order in which they are gone through."""
        raise NotImplementedError

    def usual(self) -> str | None:
        """The id of what matters most now."""
        raise NotImplementedError

    def known(self, id_: str) -> bool:
        raise NotImplementedError

    # What follows.

    def update_rows(self) -> None:
        self._place = 0 if self.chosen is None else self.ids().index(self.chosen) + 1
        super().update_rows()

    def idle_bindings(self) -> set[str]:
        idle = super().idle_bindings()
        if not self.rows:
            return idle | {"one.next", "one.all"}
        return idle if self.overview or self._said_of_others else idle | {"one.next"}

    def row(self, index: int, width: int) -> Line:
        return self.rows[index].line(width)

    def key(self, index: int) -> str | None:
        return self.rows[index].key if index < len(self.rows) else None

    def words(self, item: Row) -> str:
        return item.words() if item.words else in_words(item.line(WIDE))

    def subject(self, index: int) -> Subject | None:
        return self.rows[index].subject if index < len(self.rows) else None

    @property
    def shown(self) -> str | None:
        """The id of what is shown, where that is one thing."""
        if self.chosen is not None and not self.known(self.chosen):
            self.chosen = None
        return self.chosen if self.chosen is not None else self.usual()

    def others(self, total: int) -> Line:
        """`+4` where there are more, or which of them a person has chosen."""
        if total < 2:
            self._said_of_others = ""
            return ()
        self._said_of_others = f"{self._place}/{total}" if self._place else f"+{total - 1}"
        return ((f" {self._said_of_others}", "accent" if self._place else "dim"),)

    def title_clicked(self, word: str) -> None:
        if word and word == self._said_of_others:
            self.action_through(1)

    def action_through(self, step: int) -> None:
        ids = self.ids()
        if not ids:
            return
        now = self.shown
        at = ids.index(now) if now in ids else 0
        self.chosen = ids[(at + step) % len(ids)]
        if self.overview:
            self.overview = False
        else:
            self._anew()

    def action_overview(self) -> None:
        self.chosen = None
        self.overview = not self.overview

    def watch_overview(self, overview: bool) -> None:  # noqa: FBT001 - Textual's signature
        self.kept["all"] = overview
        self._anew()

    def _anew(self) -> None:
        self.renew()
        self.cursor = 0
        self.scroll_to_row(0)
