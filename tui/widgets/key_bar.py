"""The bottom line: the keys that do something now, as far as they fit.

Made from the bindings in force: those of the focused widget first, and the app's own at the end.
Who has bindings may say which of them would do nothing.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol, runtime_checkable

from textual.app import RenderResult
from textual.binding import ActiveBinding, Binding
from textual.content import Content
from textual.events import Click
from textual.reactive import reactive
from textual.screen import Screen
from textual.widget import Widget

GAP = 2
"""Cells between two entries."""
_MOVES = ("move", "go", "app.focus")
"""What actions begin with that everybody finds: named where there is room for all else."""


@runtime_checkable
class Sparing(Protocol):
    def idle_bindings(self) -> set[str]:
        """The ids of its bindings that would do nothing now."""


class Entry(NamedTuple):
    id: str
    """Of its binding, or of the first of several."""
    keys: str
    """As they are shown."""
    does: str
    press: str
    """The key that a click presses."""

    @property
    def width(self) -> int:
        return len(self.keys) + 1 + len(self.does)


class KeyBar(Widget):
    DEFAULT_CSS = """
    KeyBar { height: 1; background: $panel; color: $muted; padding: 0 1; }
    """

    entries: reactive[tuple[Entry, ...]] = reactive(())
    """What there is to name, the most important first."""
    last: reactive[tuple[Entry, ...]] = reactive(())
    """Those at the right end, which are the last to give way."""

    def __init__(self) -> None:
        super().__init__()
        self._bound: tuple[Entry, ...] = ()
        """What can be named, whether it would do something or not."""
        self._sparing: list[Callable[[], set[str]]] = []

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._bindings_changed)
        self._bindings_changed(self.screen)

    def _bindings_changed(self, screen: Screen[object]) -> None:
        if not self.is_attached or screen is not self.screen:
            return
        app = self.app
        active = [one for one in screen.active_bindings.values() if one.binding.id and one.enabled]
        ends = [one.id for one in app.BINDINGS if isinstance(one, Binding) and one.show]
        last = [one for one in active if one.node is app and one.binding.id in ends]
        self.last = self._entries(sorted(last, key=lambda one: ends.index(one.binding.id)))
        self._bound = self._entries(
            sorted((one for one in active if one not in last), key=self._priority)
        )
        nodes = {one.node: None for one in active}
        self._sparing = [node.idle_bindings for node in nodes if isinstance(node, Sparing)]
        self.look()

    def look(self) -> None:
        """Name what would do something now; cheap where that is as before."""
        idle = {id_ for idle_bindings in self._sparing for id_ in idle_bindings()}
        self.entries = tuple(entry for entry in self._bound if entry.id not in idle)

    def _priority(self, one: ActiveBinding) -> tuple[bool, bool, int]:
        """What is always worth naming (`show`) first, and of both what the focused rows have."""
        place = 2 if one.node is self.screen else 1 if one.node is self.app else 0
        return one.binding.action.startswith(_MOVES), not one.binding.show, place

    def _entries(self, active: Iterable[ActiveBinding]) -> tuple[Entry, ...]:
        """One for each action, with its shortest key, and one for each group of them."""
        actions: dict[str, tuple[Binding, str]] = {}
        for _, binding, _, _ in active:
            key = self.app.get_key_display(binding)
            known = actions.get(binding.action)
            if known is None or len(key) < len(known[1]):
                actions[binding.action] = binding, key
        entries: dict[object, Entry] = {}
        for action, (binding, key) in actions.items():
            group = binding.group
            one = entries.get(group or action)
            if one is None:
                does = (group or binding).description.lower()
                entries[group or action] = Entry(binding.id or "", key, does, binding.key)
            elif group:
                keys = f"{one.keys[0]}-{key}" if group.compact else f"{one.keys} {key}"
                entries[group] = one._replace(keys=keys)
        return tuple(entries.values())

    def placed(self) -> list[tuple[int, Entry]]:
        """The entries that fit, with the cell where each begins."""
        width = self.size.width
        room = width - sum(entry.width + GAP for entry in self.last) + GAP
        shown: list[tuple[int, Entry]] = []
        x = 0
        for entry in self.entries:
            if x + entry.width + GAP <= room:
                shown.append((x, entry))
                x += entry.width + GAP
        x = max(0, room) if room > 0 else 0
        for entry in self.last:
            if x + entry.width > width:
                break
            shown.append((x, entry))
            x += entry.width + GAP
        return shown

    def render(self) -> RenderResult:
        parts: list[str | tuple[str, str]] = []
        at = 0
        for x, entry in self.placed():
            parts += [" " * (x - at), (entry.keys, "bold $primary"), f" {entry.does}"]
            at = x + entry.width
        return Content.assemble(*parts)

    def on_click(self, event: Click) -> None:
        offset = event.get_content_offset(self)
        for x, entry in self.placed():
            if offset is not None and x <= offset.x < x + entry.width:
                self.app.simulate_key(entry.press)
