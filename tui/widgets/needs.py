"""What a need looks like, here and at servers that are not shown."""

from textual.message import Message

from tui.protocol.text import clean
from tui.store.elsewhere import Elsewhere
from tui.widgets.cells import Span

SAID = {
    "needs_input": ("‼", "alarm", "needs you"),
    "blocked": ("◼", "bad", "blocked"),
    "error": ("✗", "bad", "failed"),
    "alert": ("▲", "bad", ""),
}
"""What kind of need: glyph, style, word."""
MAX_SERVER = 32


class ServerWanted(Message):
    """A person wants to see who needs them at another server."""

    def __init__(self, server: str) -> None:
        super().__init__()
        self.server = server


def elsewhere_said(one: Elsewhere) -> Span:
    """How many of each kind, and where: `‼1 ◼2 at staging`, in the style of the most urgent."""
    counted = " ".join(f"{SAID[kind][0]}{count}" for kind, count in one.counts)
    return f"{counted} at {clean(one.server, MAX_SERVER)}", SAID[one.counts[0][0]][1]
