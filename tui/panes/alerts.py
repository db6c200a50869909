"""Pane 4: alerts, deployments, GitHub and notifications, what is open first."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar

from textual.binding import Binding, BindingType
from textual.reactive import reactive

from tui.details.subject import Subject
from tui.panes.delivery_rows import item_line
from tui.panes.deployment_rows import MATRIX_FROM, component_columns, head_line
from tui.panes.list_pane import ListPane
from tui.panes.pane import Clock
from tui.protocol.topics import Filter
from tui.store import Slice, Store
from tui.store.deployments import Deployment
from tui.store.item import Item
from tui.widgets.cells import Line, line_width

TABS: dict[str, tuple[frozenset[str] | None, str]] = {
    "all": (None, "nothing to report: alerts, deployments and GitHub show up here"),
    "alerts": (frozenset(("alert", "notice")), "no alerts, and no notifications"),
    "deploys": (frozenset(("deployment",)), "no deployments yet: deployment_status shows up here"),
    "github": (frozenset(("issue", "pr", "ci")), "no issues, pull requests or CI runs yet"),
}
"""The kinds that each tab shows, and what it says where there are none."""
_TABS = Binding.Group("tab")
URGENCY = {"critical": 0, "high": 1, "error": 1, "medium": 2, "warning": 2, "low": 3}
KINDS = ("alert", "deployment", "pr", "ci", "issue", "notice")
RESOLVED_SHOWN = 60_000.0
"""A resolved alert leaves the list after this (ms): long enough to be seen to be resolved."""
TITLE_EDGE = 1
"""Cells of a border's title that stay free."""


class AlertsPane(ListPane[Item]):
    NUMBER = 4
    NAME = "ALERTS"
    SPOKEN = "alerts"
    FILTERS: ClassVar[tuple[Filter, ...]] = (
        Filter("system"),
        Filter("deployment"),
        Filter("github"),
    )
    SLICES = frozenset({Slice.DELIVERY, Slice.INBOX})
    SORTS = ("urgency", "time", "kind")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "o,ctrl+right",
            "tab(1)",
            "Next tab",
            id="alerts.next_tab",
            tooltip="The next of all, alerts, deployments and GitHub",
            group=_TABS,
        ),
        Binding(
            "O,ctrl+left",
            "tab(-1)",
            "Previous tab",
            id="alerts.previous_tab",
            tooltip="The tab before",
            group=_TABS,
        ),
        Binding(
            "a",
            "acknowledge",
            "Acknowledge",
            id="alerts.acknowledge",
            tooltip="Acknowledge what is open; again takes it back",
        ),
        Binding(
            "S",
            "snooze",
            "Snooze",
            id="alerts.snooze",
            tooltip="Put off what is open for a while",
        ),
    ]

    tab: reactive[str] = reactive("all", init=False, bindings=True)

    def __init__(self, store: Store, clock: Clock, kept: dict[str, Any] | None = None) -> None:
        super().__init__(store, clock, kept)
        tab = self.kept.get("tab")
        self.set_reactive(AlertsPane.tab, tab if tab in TABS else "all")
        self._snoozed = 0
        self._columns: tuple[str, ...] = ()

    def idle_bindings(self) -> set[str]:
        idle = super().idle_bindings()
        return idle if self._open_item() else idle | {"alerts.acknowledge", "alerts.snooze"}

    # What there is.

    def items(self) -> Iterable[Item]:
        now = self.clock()
        kinds = TABS[self.tab][0]
        inbox = self.store.inbox
        self._snoozed = 0
        for item in self.store.delivery.items.values():
            if kinds is not None and item.kind not in kinds:
                continue
            if item.kind == "alert" and not item.open and now - item.since > RESOLVED_SHOWN:
                continue
            if item.open and (inbox.snoozed_until(inbox.occurrence(item)) or 0.0) > now:
                self._snoozed += 1
                continue
            yield item

    def changes_with_time(self) -> bool:
        return bool(self.store.delivery.items)  # snoozed ones come back, resolved ones leave

    def ordered(self, items: Iterable[Item], order: str) -> Sequence[Item]:
        keys: dict[str, Callable[[Item], Any]] = {
            "urgency": lambda i: (self._urgency(i), -i.at),
            "time": lambda i: -i.at,
            "kind": lambda i: (KINDS.index(i.kind), self._urgency(i), -i.at),
        }
        rows = sorted(items, key=keys[order])
        self._columns = component_columns(i for i in rows if isinstance(i, Deployment))
        return rows

    def _urgency(self, item: Item) -> int:
        if not item.open:
            return 10
        return 9 if self._is_acknowledged(item) else URGENCY.get(item.level, 4)

    def _is_acknowledged(self, item: Item) -> bool:
        inbox = self.store.inbox
        return item.open and inbox.is_acknowledged(inbox.occurrence(item))

    def text(self, item: Item) -> str:
        return f"{item.kind} {item.level} {item.title} {item.detail}"

    def key(self, index: int) -> str | None:
        item = self.item(index)
        return item.key if item else None

    def subject(self, index: int) -> Subject | None:
        item = self.item(index)
        return Subject("item", item.key) if item else None

    def record(self, item: Item) -> dict[str, Any]:
        from tui.panes.delivery_words import item_record

        return item_record(item, acknowledged=self._is_acknowledged(item))

    def words(self, item: Item) -> str:
        from tui.panes.delivery_words import item_words

        acknowledged = self._is_acknowledged(item)
        return item_words(item, self.store.delivery, acknowledged=acknowledged)

    def nothing(self) -> str:
        if self.search.fault or self.total:
            return super().nothing()
        if self._snoozed:
            return f"{self._snoozed} snoozed; a command (ctrl+p) shows again what was put off"
        return TABS[self.tab][1]

    # How it looks.

    def summary(self) -> Line:
        alerts = self.store.delivery.alerts()
        broken = sum(i.open and i.kind != "alert" for i in self.store.delivery.items.values())
        counts = (
            (f"▲{alerts}", "bad", " open ") if alerts else ("", "", ""),
            (f"✗{broken}", "bad", " failed ") if broken else ("", "", ""),
            (f"{self._snoozed} snoozed", "warn", " ") if self._snoozed else ("", "", ""),
        )
        in_words = tuple((text + word, style) for text, style, word in counts)
        in_short = tuple((f"{text} " if text else "", style) for text, style, _ in counts)
        if not alerts and not broken:
            in_words = (("none open ", "dim"), *in_words)
        others = self.list_summary()
        room = self.size.width - len(f" {self.NUMBER} {self.NAME} ") - TITLE_EDGE
        every, active = self._tabs(), ((f"{self.tab} ", "strong"),)
        if self.compact and not self.has_focus:
            every = active if self.tab != "all" else ()
        for said in ((*every, *in_words), (*every, *in_short), (*active, *in_short)):
            if line_width((*said, *others)) <= room:
                break
        return (*said, *others)

    def _tabs(self) -> Line:
        spans: list[tuple[str, str]] = []
        for name in TABS:
            spans += [
                ("│" if spans else "", "dim"),
                (name, "strong" if name == self.tab else "dim"),
            ]
        return (*spans, (" ", ""))

    def columns_line(self, width: int) -> Line | None:
        return head_line(self._columns, width) if self._is_matrix(width) else None

    def row(self, index: int, width: int) -> Line:
        item = self.rows[index]
        return item_line(
            item,
            self.store.delivery,
            now=self.clock(),
            width=width,
            acknowledged=self._is_acknowledged(item),
            columns=self._columns if self._is_matrix(width) else (),
        )

    def _is_matrix(self, width: int) -> bool:
        return self.tab == "deploys" and width >= MATRIX_FROM and bool(self._columns)

    # What a person does.

    def reveal(self, key: str) -> bool:
        if not super().reveal(key) and self.tab != "all":
            self.tab = "all"
            return super().reveal(key)
        return self.key_at(self.cursor) == key

    def watch_tab(self, tab: str) -> None:
        self.kept["tab"] = tab
        self.renew()

    def title_clicked(self, word: str) -> None:
        if word in TABS:
            others = any(text in TABS and text != word for text, _ in self.summary())
            if others:
                self.tab = word
            else:  # there is no room for another
                self.action_tab(1)
        elif word.endswith("snoozed"):
            self.store.inbox.restore()
            self.renew()
        else:
            super().title_clicked(word)

    def action_tab(self, step: int) -> None:
        names = list(TABS)
        self.tab = names[(names.index(self.tab) + step) % len(names)]

    async def action_acknowledge(self) -> None:
        if item := self._open_item():
            inbox = self.store.inbox
            key = inbox.occurrence(item)
            if inbox.is_acknowledged(key):
                inbox.take_back(key)
            elif inbox.of("item", item.key, self.clock()):
                await self.run_action("screen.inbox_ack")
            else:
                inbox.acknowledge(key, self.clock())
            self.renew()

    async def action_snooze(self) -> None:
        if item := self._open_item():
            inbox = self.store.inbox
            if inbox.of("item", item.key, self.clock()):
                await self.run_action("screen.inbox_snooze")
            else:
                inbox.snooze(inbox.occurrence(item), self.clock())
                minutes = inbox.snooze_minutes
                self.notify(f"snoozed {minutes:g} min: {item.title}", timeout=3, markup=False)
            self.renew()

    def _open_item(self) -> Item | None:
        item = self.item(self.cursor)
        return item if item is not None and item.open else None
