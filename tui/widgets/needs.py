"""What a need looks like: open, put off, and at servers that are not shown."""

from textual.message import Message

from tui.protocol.text import clean
from tui.store.agents import Agent
from tui.store.elsewhere import Elsewhere
from tui.store.inbox import Inbox
from tui.store.item import Item
from tui.widgets.cells import Span, age
from tui.widgets.statuses import STATUSES

SAID = {
    **{kind: STATUSES[kind] for kind in ("needs_input", "blocked", "error")},
    "alert": ("▲", "bad", ""),
}
"""What kind of need: glyph, style, word."""
MAX_SERVER = 32


class ServerWanted(Message):
    """A person wants to see who needs them at another server."""

    def __init__(self, server: str) -> None:
        super().__init__()
        self.server = server


def put_off_said(inbox: Inbox, thing: Agent | Item, now: float) -> str:
    """`acknowledged`, or `snoozed 14m03s`; nothing where it was not put off."""
    key = inbox.occurrence(thing)
    if not inbox.is_put_off(key, now):
        return ""
    until = inbox.snoozed_until(key)
    return f"snoozed {age(until - now)}" if until is not None else "acknowledged"


def elsewhere_said(one: Elsewhere) -> Span:
    """How many of each kind, and where: `‼1 ◼2 at staging`, in the style of the most urgent."""
    counted = " ".join(f"{SAID[kind][0]}{count}" for kind, count in one.counts)
    return f"{counted} at {clean(one.server, MAX_SERVER)}", SAID[one.counts[0][0]][1]
