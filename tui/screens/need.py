"""A screen that is about one need or another: its keys put that off, and lead to the next."""

from textual.binding import Binding
from textual.screen import ScreenResultType

from tui.panes.pane import Clock
from tui.protocol.text import clean
from tui.screens.live import LiveScreen
from tui.store import Store
from tui.store.inbox import Need
from tui.widgets.needs import ServerWanted

NEED_BINDINGS = (
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
        tooltip="Acknowledge: show this need no more",
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
)


class NeedScreen(LiveScreen[ScreenResultType]):
    def __init__(self, store: Store, clock: Clock) -> None:
        super().__init__()
        self.store = store
        self._clock = clock

    def need(self) -> Need | None:
        """The one that the keys mean now."""
        raise NotImplementedError

    def idle_bindings(self) -> set[str]:
        idle = set() if self.store.inbox.put_off(self._clock()) else {"inbox.restore"}
        return idle if self.need() else idle | {"inbox.ack", "inbox.snooze"}

    def keys(self) -> dict[str, str]:
        """The keys by binding id, which a person may have set.

        Of `active_bindings` those are missing whose key the focused pane has for something else.
        """
        keys: dict[str, str] = {}
        for _, bindings in self._binding_chain:
            for _, binding in bindings:
                if binding.id:
                    key = self.app.get_key_display(binding)
                    keys[binding.id] = min(keys.get(binding.id, key), key, key=len)
        return keys

    def action_inbox_ack(self) -> None:
        if need := self.need():
            self.store.inbox.acknowledge(need.key, self._clock())
            self._said(f"acknowledged: {need.who}")

    def action_inbox_snooze(self) -> None:
        if need := self.need():
            self.store.inbox.snooze(need.key, self._clock())
            self._said(f"snoozed {self.store.inbox.snooze_minutes:g} min: {need.who}")

    def action_inbox_restore(self) -> None:
        if self.store.inbox.put_off(self._clock()):
            self.store.inbox.restore()
            self.restored()
            self._draw()
        else:
            self.notify("nothing was put off", timeout=1.5, markup=False)

    def restored(self) -> None:
        """What was put off is there again."""

    def go_elsewhere(self) -> bool:
        """Whether somebody needs a person at another server."""
        others = self.store.elsewhere(self._clock())
        if others:
            self.post_message(ServerWanted(others[0].server))
        return bool(others)

    def _said(self, what: str) -> None:
        back = self.keys().get("inbox.restore")
        said = f"{clean(what, 80)}; {back} shows it again" if back else clean(what, 80)
        self.notify(said, timeout=4, markup=False)
        self._draw()

    def _draw(self) -> None:
        dirty = self.store.drain()
        for screen in self.app.screen_stack:  # what is under a detail, too
            if isinstance(screen, LiveScreen):
                screen.show(dirty)
