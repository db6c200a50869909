"""The bottom line: the keys that do something now, as far as they fit.

Made from the bindings in force: those of the focused widget first, and the app's own at the end.
"""

from collections.abc import Iterable
from typing import NamedTuple

from textual.app import RenderResult
from textual.binding import ActiveBinding, Binding
from textual.content import Content
from textual.events import Click
from textual.reactive import reactive
from textual.screen import Screen
from textual.widget import Widget

GAP = 2
"""Cells between two entries."""


class Entry(NamedTuple):
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
    last: reactive[tuple[Entry, ...]] = reactive(())
    """Those at the right end, which are the last to give way."""

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._bindings_changed)
        self._bindings_changed(self.screen)

    def _bindings_changed(self, screen: Screen[object]) -> None:
        if not self.is_attached or screen is not self.screen:
            return
        active = screen.active_bindings.values()
        app = self.app
        self.entries = self._entries(one for one in active if one.node is not app)
        declared = [binding.id for binding in app.BINDINGS if isinstance(binding, Binding)]
        own = [one for one in active if one.node is app and one.binding.id in declared]
        self.last = self._entries(sorted(own, key=lambda one: declared.index(one.binding.id)))

    def _entries(self, active: Iterable[ActiveBinding]) -> tuple[Entry, ...]:
        entries: dict[object, Entry] = {}
        for _, binding, enabled, _ in active:
            if not (binding.show and enabled and binding.description):
                continue
            key = self.app.get_key_display(binding)
            group = binding.group
            one = entries.get(group or binding.action)
            if one is None:
                does = group.description if group else binding.description
                entries[group or binding.action] = Entry(key, does.lower(), binding.key)
            elif group:
                entries[group] = one._replace(keys=f"{one.keys[0]}-{key}")
            elif len(key) < len(one.keys):
                entries[binding.action] = one._replace(keys=key, press=binding.key)
        return tuple(entries.values())

    def placed(self) -> list[tuple[int, Entry]]:
        """The entries that fit, with the cell where each begins."""
        width = self.size.width
        room = width - sum(entry.width + GAP for entry in self.last) + GAP
        shown: list[tuple[int, Entry]] = []
        x = 0
        for entry in self.entries:
            if x + entry.width + GAP > room:
                break
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
