"""A screen with the inbox line: going from need to need, and putting them off."""

from typing import ClassVar

from textual.binding import Binding, BindingType

from tui.panes.pane import Clock, Pane
from tui.protocol.text import clean
from tui.screens.live import LiveScreen
from tui.store import Slice, Store
from tui.store.inbox import Need
from tui.widgets.inbox_line import InboxLine
from tui.widgets.needs import ServerWanted

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


class InboxScreen(LiveScreen[None]):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "exclamation_mark",
            "inbox_next",
            "Next need",
            id="inbox.next",
            tooltip="Go to who needs you; again for the next",
        ),
        Binding(
            "a",
            "inbox_ack",
            "Acknowledge",
            id="inbox.ack",
            tooltip="Seen: show this need no more",
            show=False,
        ),
        Binding(
            "S",
            "inbox_snooze",
            "Snooze",
            id="inbox.snooze",
            tooltip="Not now: show this need again later",
            show=False,
        ),
        Binding(
            "A",
            "inbox_restore",
            "Show what was put off",
            id="inbox.restore",
            tooltip="Show again what was acknowledged or snoozed",
            show=False,
        ),
    ]

    def __init__(self, store: Store, clock: Clock) -> None:
        super().__init__()
        self.store = store
        self._clock = clock
        self.inbox = InboxLine(store, clock)
        self._gone_to = ""
        """The need that a person was led to last."""

    def idle_bindings(self) -> set[str]:
        inbox, now = self.store.inbox, self._clock()
        idle = set() if inbox.put_off(now) else {"inbox.restore"}
        return idle if inbox.open(now) else idle | {"inbox.next", "inbox.ack", "inbox.snooze"}

    def start_inbox(self) -> None:
        """Once the panes are there."""
        self.inbox.keys = self._keys()
        for name in NEEDS_AT.values():
            self.watch(self.query_one(f"#{name}"), "cursor", self.follow_cursor, init=False)

    def _keys(self) -> dict[str, str]:
        """The keys by binding id, which a person may have set.

        Of `active_bindings` those are missing whose key the focused pane has for something else.
        """
        keys: dict[str, str] = {}
        for _, bindings in self._binding_chain:
            for _, binding in bindings:
                if (id_ := binding.id) in KEYS:
                    key = self.app.get_key_display(binding)
                    keys[id_] = min(keys.get(id_, key), key, key=len)
        return keys

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
            self._go_to(need)
        else:
            self._go_elsewhere()

    def action_inbox_next(self) -> None:
        need = self.inbox.selected()
        if need is None:
            if not self._go_elsewhere():
                self.notify("nobody needs you", timeout=1.5, markup=False)
            return
        if need == self._need_at_hand() or need.key == self._gone_to:
            need = self.inbox.select_next() or need
        self._go_to(need)

    def _go_elsewhere(self) -> bool:
        """Whether somebody needs a person at another server."""
        others = self.inbox.elsewhere()
        if others:
            self.post_message(ServerWanted(others[0].server))
        return bool(others)

    def _go_to(self, need: Need) -> None:
        pane = self.query_one(f"#{NEEDS_AT[need.about]}", Pane)
        self.set_focus(pane)
        pane.reveal(need.id)
        self._gone_to = need.key
        self.inbox.select(need)
        self.call_after_refresh(self.update_inbox)

    def action_inbox_ack(self) -> None:
        if need := self.inbox.selected():
            self.store.inbox.acknowledge(need.key, self._clock())
            self._said(f"acknowledged: {need.who}")

    def action_inbox_snooze(self) -> None:
        if need := self.inbox.selected():
            self.store.inbox.snooze(need.key, self._clock())
            self._said(f"snoozed {self.store.inbox.snooze_minutes:g} min: {need.who}")

    def action_inbox_restore(self) -> None:
        if not self.store.inbox.restore():
            self.notify("nothing was put off", timeout=1.5, markup=False)
            return
        for need in self.store.inbox.open(self._clock())[:1]:
            self.inbox.select(need)
        self.show(self.store.drain() or {Slice.INBOX})

    def _said(self, what: str) -> None:
        back = self.inbox.keys.get("inbox.restore")
        said = f"{clean(what, 80)}; {back} shows it again" if back else clean(what, 80)
        self.notify(said, timeout=4, markup=False)
        self.show(self.store.drain())
