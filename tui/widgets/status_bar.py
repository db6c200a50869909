"""The top line: is the link live, how fast, and how many things want a person."""

from collections.abc import Callable

from tui.protocol.text import clean
from tui.store import Store
from tui.widgets.cells import Line, age, clock_time, spread
from tui.widgets.rows import RowView

PHASES = {
    "starting": ("○", "dim", "starting"),
    "connecting": ("◌", "warn", "CONNECTING"),
    "live": ("●", "ok", "LIVE"),
    "waiting": ("◌", "warn", "WAITING"),
    "stopped": ("✗", "bad", "STOPPED"),
}


class StatusBar(RowView, can_focus=False):
    DEFAULT_CSS = """
    StatusBar { height: 1; background: $panel; overflow: hidden; }
    """

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        super().__init__(id="status")
        self.store = store
        self.clock = clock

    def count(self) -> int:
        return 1

    def line(self, index: int, width: int) -> Line:
        del index
        return spread(self._link(width), self._wanted(width), width)

    def _link(self, width: int) -> Line:
        link = self.store.link
        glyph, style, word = PHASES.get(link.phase, ("?", "text", link.phase))
        spans = [(" autosdlc ", "strong"), (f"{link.kind} " if link.kind else "", "accent")]
        spans.append((f"{glyph} {word} ", style))
        if link.live:
            if link.round_trip is not None:
                spans.append((f"{link.round_trip * 1000:.0f}ms ", "text"))
            spans.append((f"{link.rate:,.0f}ev/s ", "dim"))
        elif link.phase == "waiting":
            when = f"try {link.attempt + 1} in {link.retry_in or 0:.0f}s " if link.attempt else ""
            spans.append((when, "warn"))
        if not link.live and link.reason and width >= 100:
            spans.append((clean(link.reason, 60) + " ", "dim"))
        if link.quiet_since is not None and not link.live:
            spans.append((f"last word {age(self.clock() - link.quiet_since)} ago ", "warn"))
        return tuple(spans)

    def _wanted(self, width: int) -> Line:
        store = self.store
        needs = store.agents.count("needs_input")
        alerts = store.delivery.alerts()
        failing = store.tdd.failing()
        wide = width >= 90
        clock = clock_time(self.clock()) + " "
        return (
            (f" ‼{needs}{' needs you' if wide else ''} " if needs else "", "alarm"),
            (f" ▲{alerts}{_word(alerts, 'alert') if wide else ''} " if alerts else "", "bad"),
            (f" ✗{failing}{_word(failing, 'test') if wide else ''} " if failing else "", "bad"),
            (" nobody needs you " if not needs and wide and store.agents.by_id else "", "dim"),
            (f" {clock}", "text"),
        )


def _word(count: int, word: str) -> str:
    return f" {word}{'s' * (count != 1)}"
