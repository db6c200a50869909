"""Pane 4: alerts, deployments, GitHub and notifications, what is open first."""

from typing import ClassVar

from tui.panes.pane import Pane
from tui.protocol.topics import Filter
from tui.store import Slice
from tui.store.delivery import Item
from tui.widgets.cells import Line, clock_time, meter

LEVELS = {
    "critical": "alarm",
    "high": "bad",
    "medium": "warn",
    "low": "info",
    "error": "bad",
    "warning": "warn",
    "success": "ok",
    "info": "info",
}
GLYPHS = {"notice": "◆", "deployment": "⇡", "issue": "◇", "pr": "⇒", "ci": "»"}


class AlertsPane(Pane):
    NUMBER = 4
    NAME = "ALERTS"
    FILTERS: ClassVar[tuple[Filter, ...]] = (
        Filter("system"),
        Filter("deployment"),
        Filter("github"),
    )
    SLICES = frozenset({Slice.DELIVERY})
    EMPTY = "nothing to report: alerts, deployments and GitHub show up here"

    _items: tuple[Item, ...] = ()

    def update_rows(self) -> None:
        self._items = tuple(self.store.delivery.newest_first())
        super().update_rows()

    def row_count(self) -> int:
        return len(self._items)

    def key(self, index: int) -> str | None:
        return self._items[index].key if index < len(self._items) else None

    def summary(self) -> Line:
        alerts = self.store.delivery.alerts()
        broken = sum(i.open and i.kind != "alert" for i in self._items)
        return (
            (f"▲{alerts} open " if alerts else "no open alerts ", "bad" if alerts else "dim"),
            (f"✗{broken} failed" if broken else "", "bad"),
        )

    def row(self, index: int, width: int) -> Line:
        del width
        item = self._items[index]
        at = clock_time(item.at, seconds=False) + " "
        resolved = item.kind == "alert" and not item.open
        style = "dim" if resolved else LEVELS.get(item.level, "text")
        glyph = "✓" if resolved else "▲" if item.kind == "alert" else GLYPHS.get(item.kind, "·")
        word = "resolved " if resolved else f"{item.level.upper()} " if item.kind == "alert" else ""
        progress = f" {meter(item.progress / 100, 8)}" if item.progress is not None else ""
        times = f" ×{item.count}" if item.count > 1 else ""
        return (
            (at, "dim"),
            (f"{glyph} {word}", style),
            (item.title, "dim" if resolved else "text"),
            (progress, "info"),
            (times, "warn"),
            (f"  {item.detail}", "dim"),
        )
