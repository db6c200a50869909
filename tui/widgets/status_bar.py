"""The top line: is the link live, how fast, and how many things want a person."""

from collections.abc import Callable

from textual.events import Click

from tui.protocol.text import clean
from tui.store import Store
from tui.widgets.cells import Line, age, clock_day, clock_time, line_width, span_at, spread
from tui.widgets.pane_wanted import PaneWanted
from tui.widgets.rows import RowView

PHASES = {
    "starting": ("○", "dim", "starting"),
    "connecting": ("◌", "warn", "CONNECTING"),
    "live": ("●", "ok", "LIVE"),
    "waiting": ("◌", "warn", "WAITING"),
    "stopped": ("✗", "bad", "STOPPED"),
    "replay": ("▶", "accent", "REPLAY"),
    "ended": ("■", "accent", "REPLAY ended"),
}


PAUSED = 0
PANES = ("", "agents", "agents", "alerts", "tdd", "")
"""Of what is at the right end: the pane to go to; first there is whether the view is paused."""


class StatusBar(RowView, can_focus=False):
    DEFAULT_CSS = """
    StatusBar { height: 1; background: $panel; overflow: hidden; }
    """

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        super().__init__(id="status")
        self.store = store
        self.clock = clock
        self._counts: Line = ()
        """What is drawn at the right end."""
        self.paused_at: int | None = None
        """How many events there were when the view was paused; None while it is not."""

    def count(self) -> int:
        return 1

    def line(self, index: int, width: int) -> Line:
        del index
        link, self._counts = self._parts(width)
        return spread(link, self._counts, width)

    def _parts(self, width: int) -> tuple[Line, Line]:
        link = self._link()
        wanted = self._wanted(in_words=True)
        if line_width(link[:4]) + line_width(wanted) >= width:
            wanted = self._wanted(in_words=False)
        while len(link) > 4 and line_width(link) + line_width(wanted) >= width:
            link = link[:-1]  # what wants a person goes before what else there is to say
        if line_width(link) + line_width(wanted) >= width:
            glyph, style, _ = self._phase()
            link = ((f" {glyph} ", style),)
        if line_width(link) + line_width(wanted) >= width:
            wanted = wanted[:-1]  # the clock, which every other thing has
        return link, wanted

    def _phase(self) -> tuple[str, str, str]:
        """The state of the link: glyph, style, word."""
        phase = self.store.link.phase
        return PHASES.get(phase, ("?", "text", phase))

    def on_click(self, event: Click) -> None:
        """A click on a count goes to the pane that it counts; one on what can end, ends it."""
        place = span_at(self._counts, event.x - self.room.width + line_width(self._counts))
        if place is None:
            if self.store.link.phase == "waiting":
                self.call_next(self.run_action, "app.retry")
        elif place == PAUSED:
            self.call_next(self.run_action, "screen.pause")
        elif pane := PANES[place]:
            self.post_message(PaneWanted(pane))

    def _link(self) -> Line:
        link = self.store.link
        glyph, style, word = self._phase()
        spans = [(" autosdlc ", "strong"), (f"{link.kind} " if link.kind else "", "accent")]
        if link.server:
            spans.append((f"{clean(link.server, 32)} ", "accent"))
        speed = f"{link.speed:g}x " if link.phase == "replay" else ""
        spans.append((f"{glyph} {word} {speed}", style))
        if link.phase in ("replay", "ended"):
            spans.append((f"{clock_day(self.clock())} ", "text"))
        if link.live and link.phase != "ended":
            if link.round_trip is not None:
                spans.append((f"{link.round_trip * 1000:.0f}ms ", "text"))
            spans.append((f"{link.rate:,.0f}ev/s ", "dim"))
            if link.lag:
                spans.append((f"lag {link.lag:,} ", "warn"))
        elif link.phase == "waiting":
            when = f"try {link.attempt + 1} in {link.retry_in or 0:.0f}s " if link.attempt else ""
            spans.append((when, "warn"))
        if link.quiet_since is not None and not link.live:
            spans.append((f"last word {age(self.clock() - link.quiet_since)} ago ", "warn"))
        if not link.live and link.reason:
            spans.append((clean(link.reason, 60) + " ", "dim"))
        return tuple(spans)

    def _wanted(self, *, in_words: bool) -> Line:
        store = self.store
        needs = store.inbox.count(self.clock(), "needs_input")
        alerts = store.delivery.alerts()
        failing = store.tdd.failing()
        broken = store.agents.count("error", "blocked")
        clock = clock_time(self.clock()) + " "
        missed = f"{store.events - self.paused_at:,}" if self.paused_at is not None else ""
        paused = f" PAUSED +{missed} held " if in_words else f" PAUSED +{missed} "
        return (
            (paused if missed else "", "alarm"),
            (f" ‼{needs}{' needs you' if in_words else ''} " if needs else "", "alarm"),
            (f" ◼{broken}{_word(broken, 'agent') if in_words else ''} " if broken else "", "bad"),
            (f" ▲{alerts}{_word(alerts, 'alert') if in_words else ''} " if alerts else "", "bad"),
            (f" ✗{failing}{_word(failing, 'test') if in_words else ''} " if failing else "", "bad"),
            (f" {clock}", "text"),
        )


def _word(count: int, word: str) -> str:
    return f" {word}{'s' * (count != 1)}"
