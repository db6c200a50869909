"""All keys, generated from the bindings: those in force first, then those of other places."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.dom import DOMNode
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.widget import Widget

from tui.keys import bindings_of
from tui.screens.browser import AddressScreen
from tui.screens.dashboard import PANES
from tui.screens.detail import DetailScreen, DetailView
from tui.screens.export import ExportScreen
from tui.widgets.cells import wrap
from tui.widgets.filter_bar import FilterBar

PLACES = {
    "row": "rows",
    "list": "lists",
    "pane": "panes",
    "view": "the view",
    "app": "everywhere",
}
"""What the first part of a binding's id is called; any other is called as it is."""


KEYS_WIDTH = 16
"""Cells for the keys of an action; what it does is beside them."""


class KeyList(Widget):
    """A text that is another for another width."""

    DEFAULT_CSS = "KeyList { height: auto; }"

    def __init__(self, text: Callable[[int], Content]) -> None:
        super().__init__()
        self._text = text

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        del container, viewport
        return len(self._text(width).plain.splitlines())

    def render(self) -> Content:
        return self._text(self.content_size.width)


class HelpScreen(ModalScreen[None]):
    DEFAULT_CSS = """
    HelpScreen {
        align: center middle;
        #help {
            width: 72; max-width: 100%; height: auto; max-height: 90%;
            border: round $primary; border-title-color: $foreground;
            background: $background; padding: 0 1;
        }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "escape,q,question_mark,f1",
            "dismiss",
            "Close",
            id="help.close",
            tooltip="Close help",
        ),
        Binding("down,j", "scroll(1)", "Down", id="help.down", show=False, tooltip="Down"),
        Binding("up,k", "scroll(-1)", "Up", id="help.up", show=False, tooltip="Up"),
        Binding(
            "pagedown,space",
            "scroll(10)",
            "Page down",
            id="help.page_down",
            show=False,
            tooltip="A page down",
        ),
        Binding(
            "pageup", "scroll(-10)", "Page up", id="help.page_up", show=False, tooltip="A page up"
        ),
    ]

    def __init__(self, text: Callable[[int], Content]) -> None:
        """`text` is made for a width."""
        super().__init__()
        self._text = text

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="help") as box:
            box.border_title = "Keys"
            box.border_subtitle = "esc closes"
            yield KeyList(self._text)

    def action_scroll(self, lines: int) -> None:
        self.query_one("#help").scroll_relative(y=lines, animate=False)


def elsewhere(active: Iterable[Binding], keys: Mapping[str, str]) -> dict[str, list[Binding]]:
    """All bindings that are not among the active ones, by where they hold.

    `keys` are a person's own, by binding id.
    """
    places: dict[str, tuple[type[DOMNode], ...]] = {
        **{pane.NAME: (pane,) for pane in PANES},
        "details": (DetailScreen, DetailView),
        "addresses": (AddressScreen,),
        "exports": (ExportScreen,),
        "filters": (FilterBar,),
        "this help": (HelpScreen,),
    }
    known = {binding.id for binding in active}
    return {
        f"only in {place}": [
            each
            for binding in bindings_of(*classes)
            if binding.id and binding.id not in known
            for each in Binding.make_bindings(
                [replace(binding, key=keys.get(binding.id, binding.key))]
            )
        ]
        for place, classes in places.items()
    }


def help_text(
    bindings: Iterable[Binding],
    elsewhere: Mapping[str, Iterable[Binding]],
    name: Callable[[Binding], str],
    width: int,
) -> Content:
    """Each action in lines of `width`: its keys, by their `name`, and its tooltip beside them.

    Headed by where it holds; `elsewhere` are bindings that are not in force now, by their place.
    """
    places: dict[str, dict[str, list[Binding]]] = {}
    for binding in bindings:
        if binding.tooltip and binding.id:
            place = binding.id.partition(".")[0]
            actions = places.setdefault(PLACES.get(place, place), {})
            actions.setdefault(binding.id, []).append(binding)
    for place, others in elsewhere.items():
        for binding in others:
            places.setdefault(place, {}).setdefault(binding.id or "", []).append(binding)
    parts: list[str | tuple[str, str]] = []
    below = "\n" + " " * (KEYS_WIDTH + 2)
    for place, actions in places.items():
        parts += [("\n" if parts else ""), (f"{place.upper()}\n", "bold $muted")]
        for same in actions.values():
            keys = " ".join(dict.fromkeys(map(name, same)))
            said = wrap(same[0].tooltip, max(10, width - KEYS_WIDTH - 2))
            parts.append((f"{keys:>{KEYS_WIDTH}}", "bold $primary"))
            parts.append(f"  {below.join(said)}\n")
    return Content.assemble(*parts)
