"""The line under the status bar: who needs you, since when, and the exact question.

Where nobody does, it says at which other servers somebody does.
"""

from collections.abc import Callable, Sequence
from itertools import chain

from rich.cells import cell_len
from textual.events import Click
from textual.message import Message

from tui.protocol.text import clean
from tui.store import Store
from tui.store.elsewhere import Elsewhere
from tui.store.inbox import Need
from tui.widgets.cells import Line, age, fit, line_width, span_at
from tui.widgets.needs import SAID, ServerWanted, elsewhere_said
from tui.widgets.rows import RowView

ENOUGH, LEAST = 24, 10
"""Cells of a question that go before the names of keys and the word for its kind, and before the
keys themselves."""
MAX_WHO = 40


class InboxLine(RowView, can_focus=False):
    """Shows one need of the open ones; which, a person chooses.

    `keys` are the keys by binding id, as they are now.
    """

    DEFAULT_CSS = """
    InboxLine { height: 1; background: $surface; overflow: hidden; }
    """

    class Chosen(Message):
        """A person clicked on it: on the key of a binding, or (empty) on the need."""

        def __init__(self, binding: str) -> None:
            super().__init__()
            self.binding = binding

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        super().__init__(id="inbox")
        self.store = store
        self.clock = clock
        self.keys: dict[str, str] = {}
        self.at_hand = False
        """Whether the cursor is on what the need is about, so that Enter opens it."""
        self._key = ""
        self._index = 0

    def selected(self) -> Need | None:
        """The need that is shown: the one that was chosen, or whichever has its place now."""
        needs = self.store.inbox.open(self.clock())
        if not needs:
            return None
        if not (self._index < len(needs) and needs[self._index].key == self._key):
            keys = [need.key for need in needs]
            # Where the chosen one is no more, the next has moved up into its place.
            found = keys.index(self._key) if self._key in keys else self._index % len(needs)
            self._index, self._key = found, keys[found]
        return needs[self._index]

    def elsewhere(self) -> Sequence[Elsewhere]:
        """The other servers where somebody needs a person."""
        return self.store.elsewhere(self.clock())

    def select(self, need: Need) -> None:
        self._key = need.key
        self.update_rows()

    def select_next(self) -> Need | None:
        """Show the one that has waited next longest, round the end."""
        if self.selected() is None:
            return None
        needs = self.store.inbox.open(self.clock())
        self.select(need := needs[(self._index + 1) % len(needs)])
        return need

    def on_click(self, event: Click) -> None:
        event.stop()
        line = self._shown.get(0)  # by what a person saw, though it be no longer so
        if not line:
            return
        place = span_at(line, event.x) or 0
        text, style = line[place]
        if style == "dim" and place:  # what the key before it does
            text, style = line[place - 1]
        named = {key: binding for binding, key in self.keys.items()}
        servers = {elsewhere_said(one)[0]: one.server for one in self.elsewhere()}
        if text in servers:
            self.post_message(ServerWanted(servers[text]))
        else:
            self.post_message(self.Chosen(named.get(text, "") if style == "info" else ""))

    # Drawing.

    def update_rows(self) -> None:
        self.stale = not self.store.link.live and bool(self.store.agents.by_id)
        super().update_rows()

    def count(self) -> int:
        return 1

    def line(self, index: int, width: int) -> Line:
        del index
        need = self.selected()
        return self._asks(need, width) if need else (*self._elsewhere(), *self._calm())

    def _elsewhere(self) -> Line:
        if not (others := self.elsewhere()):
            return ()
        key = self.keys.get("inbox.next", "")
        said = (((" ", ""), elsewhere_said(one), (" ", "")) for one in others)
        return (*chain(*said), (" ", ""), (key, "info"), (" go  " if key else "", "dim"))

    def _calm(self) -> Line:
        store = self.store
        where = " here" if self.elsewhere() else ""
        put_off = store.inbox.put_off(self.clock())
        if put_off:
            key = self.keys.get("inbox.restore", "")
            back: Line = ((", ", "dim"), (key, "info"), (" shows", "dim")) if key else ()
            said = f" ○ nobody else needs you{where} ({put_off} put off"
            return ((said, "dim"), *back, (")", "dim"))
        if not store.agents.by_id and not store.delivery.items:
            return ((" ○ nobody yet", "dim"),)
        if not store.link.live:
            return ((" ○ nobody needed you when last heard", "dim"),)
        return ((" ✓ ", "ok"), (f"nobody needs you{where}", "dim"))

    def _asks(self, need: Need, width: int) -> Line:
        glyph, style, word = SAID[need.kind]
        if need.level == "critical":
            style = "alarm"
        who = fit(need.who, min(cell_len(clean(need.who)), MAX_WHO, max(8, width // 3)))
        waited = (f" {age(self.clock() - need.since)}  ", "text")
        text = clean(need.text) or "gives no reason"
        named = f"{who} {word}" if word else f"{clean(need.level, 16).upper()} {who}"
        full: Line = ((f" {glyph} {named} ", style), waited)
        short: Line = ((f" {glyph} {who} ", style), waited)
        whole = cell_len(text)
        enough = min(ENOUGH, whole)
        for said, keys, wanted in (
            (full, self._keys(named=True), whole),  # all of the question, before the keys' names
            (full, self._keys(named=False), enough),
            (short, self._keys(named=False), min(LEAST, whole)),
            (short, (), 1),
        ):
            room = width - line_width(said) - line_width(keys)
            if room >= wanted:
                break
        return (*said, (fit(text, max(1, room)), "strong"), *keys)

    def _keys(self, *, named: bool) -> Line:
        """The keys and the place among all that wait, with what the keys do or without."""
        total = len(self.store.inbox.open(self.clock()))
        hints = [
            *([("row.open", "open")] if self.at_hand else []),
            ("inbox.ack", "ack"),
            ("inbox.snooze", "snooze"),
            *(
                [("inbox.next", "next" if self.at_hand else "go")]
                if total > 1 or not self.at_hand
                else []
            ),
        ]
        spans: list[tuple[str, str]] = [("  ", "")]
        for id_, does in hints:
            if key := self.keys.get(id_):
                spans += [(key, "info"), (f" {does}  " if named else " ", "dim")]
        place = f"({self._index + 1}/{total}) " if total > 1 else ""
        return (*spans, (place, "dim"))
