"""A screen with the inbox line: going from need to need, and putting them off."""

from typing import ClassVar

from textual.binding import BindingType

from tui.panes.pane import Clock, Pane
from tui.screens.need import NEED_BINDINGS, NeedScreen
from tui.store import Store
from tui.store.inbox import Need
from tui.widgets.inbox_line import InboxLine

NEEDS_AT = {"agent": "agents", "item": "alerts"}
"""In which pane a need is found, by what it is about."""
KEYS = {
    "inbox.next": "inbox_next",
    "inbox.ack": "inbox_ack",
    "inbox.snooze": "inbox_snooze",
    "inbox.restore": "inbox_restore",
    "row.open": "details",
}
"""The bindings whose keys the line names, and what a click on one does, wherever the focus is."""


class InboxScreen(NeedScreen[None]):
    BINDINGS: ClassVar[list[BindingType]] = [*NEED_BINDINGS]

    def __init__(self, store: Store, clock: Clock) -> None:
        super().__init__(store, clock)
        self.inbox = InboxLine(store, clock)
        self._gone_to = ""
        """The need that a person was led to last."""

    def idle_bindings(self) -> set[str]:
        idle, now = super().idle_bindings(), self._clock()
        if not (self.store.inbox.open(now) or self.store.elsewhere(now)):
            idle.add("inbox.next")
        return idle

    def start_inbox(self) -> None:
        """Once the panes are there."""
        self.inbox.keys = {id_: key for id_, key in self.keys().items() if id_ in KEYS}
        for name in NEEDS_AT.values():
            self.watch(self.query_one(f"#{name}"), "cursor", self.follow_cursor, init=False)

    def need(self) -> Need | None:
        return self.inbox.selected()

    def update_inbox(self) -> None:
        """Say who needs a person, and whether the cursor is there already."""
        need = self.inbox.selected()
        self.inbox.at_hand = need is not None and need == self._need_at_hand()
        self.inbox.update_rows()

    def _need_at_hand(self) -> Need | None:
        """The need that the cursor is on."""
        pane = self.focused
        if not isinstance(pane, Pane) or (subject := pane.subject(pane.cursor)) is None:
            return None
        return self.store.inbox.of(subject.kind, subject.key, self._clock())

    def follow_cursor(self) -> None:
        """Show the need that the cursor has come to, so that keys mean that one."""
        if need := self._need_at_hand():
            self.inbox.select(need)
        self.update_inbox()

    async def on_inbox_line_chosen(self, message: InboxLine.Chosen) -> None:
        if action := KEYS.get(message.binding):
            await self.run_action(action)
        elif need := self.inbox.selected():
            self.go_to(need)
        else:
            self.go_elsewhere()

    def action_inbox_next(self) -> None:
        need = self.inbox.selected()
        if need is None:
            if not self.go_elsewhere():
                self.notify("nobody needs you", timeout=1.5, markup=False)
            return
        if need == self._need_at_hand() or need.key == self._gone_to:
            need = self.inbox.select_next() or need
        self.go_to(need)

    def go_to(self, need: Need) -> None:
        """Put the cursor on what it is about."""
        pane = self.query_one(f"#{NEEDS_AT[need.about]}", Pane)
        self.set_focus(pane)
        pane.reveal(need.id)
        self._gone_to = need.key
        self.inbox.select(need)
        self.call_after_refresh(self.update_inbox)

    def restored(self) -> None:
        for need in self.store.inbox.open(self._clock())[:1]:
            self.inbox.select(need)
