"""The top line: is the link live, how fast, and how many things want a person."""

from collections.abc import Callable
from typing import NamedTuple

from rich.cells import cell_len
from textual.events import Click

from tui.protocol.text import clean
from tui.store import Store
from tui.store.elsewhere import Elsewhere
from tui.widgets.cells import (
    Line,
    Span,
    age,
    clock_day,
    clock_time,
    fit,
    line_width,
    span_at,
    spread,
)
from tui.widgets.needs import ServerWanted, elsewhere_said
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
LEAST_REASON = 12
"""Cells below which a part of the reason why the link is down says nothing."""
PAUSE = "pause"
"""What a click on PAUSED asks for, in place of a pane."""


class Sign(NamedTuple):
    """One of the things at the right end."""

    text: str
    style: str
    wanted: str = ""
    """The pane that a click on it leads to."""
    server: str = ""
    """The server that a click on it leads to."""


class StatusBar(RowView, can_focus=False):
    DEFAULT_CSS = """
    StatusBar { height: 1; background: $panel; overflow: hidden; }
    """

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        super().__init__(id="status")
        self.store = store
        self.clock = clock
        self._link: Line = ()
        """What is drawn at the left end."""
        self._signs: tuple[Sign, ...] = ()
        """What is drawn at the right end, where there is room."""
        self.paused_at: int | None = None
        """How many events there were when the view was paused; None while it is not."""

    def count(self) -> int:
        return 1

    def line(self, index: int, width: int) -> Line:
        del index
        self._link, self._signs = self._parts(width)
        return spread(self._link, _drawn(self._signs), width)

    def _parts(self, width: int) -> tuple[Line, tuple[Sign, ...]]:
        """What wants a person goes before what else there is to say, and that before the clock."""
        links = self._links()
        signs = self._signs_said(in_words=True)
        if line_width(links[0]) + line_width(_drawn(signs)) >= width:
            signs = self._signs_said(in_words=False)
        room = width - 1 - line_width(_drawn(signs))
        link = next((link for link in links if line_width(link) <= room), links[-1])
        while signs and line_width(link) + line_width(_drawn(signs)) >= width:
            signs = signs[:-1]  # the clock, which every other thing has; then what is elsewhere
        room -= line_width(link)
        for text, style in self._more_said():
            if cell_len(text) > room:
                return link, signs
            link, room = (*link, (text, style)), room - cell_len(text)
        reason = "" if self.store.link.live else clean(self.store.link.reason)
        if reason and room > min(cell_len(reason), LEAST_REASON):
            link = (*link, (fit(reason, min(cell_len(reason), room - 1)) + " ", "dim"))
        return link, signs

    def _phase(self) -> tuple[str, str, str]:
        """The state of the link: glyph, style, word."""
        phase = self.store.link.phase
        return PHASES.get(phase, ("?", "text", phase))

    def on_click(self, event: Click) -> None:
        """One on a count goes to the pane that it counts, one on PAUSED goes on.

        One on a link that waits tries again at once.
        """
        signs = _drawn(self._signs)
        if span_at(self._link, event.x) is not None:
            if self.store.link.may_be_retried:
                self.call_next(self.run_action, "app.retry")
        elif (place := span_at(signs, event.x - self.room.width + line_width(signs))) is not None:
            sign = self._signs[place]
            if sign.wanted == PAUSE:
                self.call_next(self.run_action, "screen.pause")
            elif sign.wanted:
                self.post_message(PaneWanted(sign.wanted))
            elif sign.server:
                self.post_message(ServerWanted(sign.server))

    def _links(self) -> tuple[Line, ...]:
        """The link, from the most that is said of it to the least."""
        link = self.store.link
        glyph, style, word = self._phase()
        speed = f"{link.speed:g}x " if link.phase == "replay" else ""
        server: Line = ((f"{clean(link.server, 32)} ", "accent"),) if link.server else ()
        state: Line = (*server, (f"{glyph} {word} {speed}", style))
        kind: Line = ((f"{link.kind} ", "accent"),) if link.kind else ()
        blank: Line = ((" ", ""),)
        return (
            ((" autosdlc ", "strong"), *kind, *state),
            (*blank, *state),
            (*blank, (f"{glyph} ", style)),
        )

    def _more_said(self) -> Line:
        """What is said beside that, the most important first."""
        link = self.store.link
        spans: list[Span] = []
        if link.phase in ("replay", "ended"):
            spans.append((f"{clock_day(self.clock())} ", "text"))
        if link.live and link.phase != "ended":
            if link.round_trip is not None:
                spans.append((f"{link.round_trip * 1000:.0f}ms ", "text"))
            spans.append((f"{link.rate:,.0f}ev/s ", "dim"))
            if link.lag:
                spans.append((f"lag {link.lag:,} ", "warn"))
        elif link.phase == "waiting" and link.attempt:
            spans.append((f"try {link.attempt + 1} in {link.retry_in or 0:.0f}s ", "warn"))
        if link.quiet_since is not None and not link.live:
            spans.append((f"last word {age(self.clock() - link.quiet_since)} ago ", "warn"))
        return tuple(spans)

    def _signs_said(self, *, in_words: bool) -> tuple[Sign, ...]:
        store = self.store
        inbox, now = store.inbox, self.clock()
        needs, blocked, failed, alerts = (
            inbox.count(now, kind) for kind in ("needs_input", "blocked", "error", "alert")
        )
        failing = store.tdd.failing()
        clock = clock_time(now) + " "
        missed = f"{store.events - self.paused_at:,}" if self.paused_at is not None else ""
        paused = f" PAUSED +{missed} held " if in_words else f" PAUSED +{missed} "
        need = f" need{'s' * (needs == 1)} you" if in_words else ""
        asking = f" ‼{needs}{need} "
        stuck = f" ◼{blocked}{' blocked' if in_words else ''} "
        lost = f" ✗{failed}{_word(failed, 'agent')} "  # a bare one counts tests
        alerting = f" ▲{alerts}{_word(alerts, 'alert') if in_words else ''} "
        red = f" ✗{failing}{_word(failing, 'test') if in_words else ''} "
        return (
            Sign(paused if missed else "", "alarm", PAUSE),
            Sign(asking if needs else "", "alarm", "agents"),
            Sign(stuck if blocked else "", "bad", "agents"),
            Sign(lost if failed else "", "bad", "agents"),
            Sign(alerting if alerts else "", "bad", "alerts"),
            Sign(red if failing else "", "bad", "tdd"),
            *(_elsewhere(one) for one in store.elsewhere(now)),
            Sign(f" {clock}", "text"),
        )


def _elsewhere(one: Elsewhere) -> Sign:
    text, style = elsewhere_said(one)
    return Sign(f" {text} ", style, server=one.server)


def _drawn(signs: tuple[Sign, ...]) -> Line:
    return tuple((sign.text, sign.style) for sign in signs)


def _word(count: int, word: str) -> str:
    return f" {word}{'s' * (count != 1)}"
