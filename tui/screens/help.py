"""All keys, generated from the bindings: those in force first, then those of other places."""

from collections.abc import Callable, Iterable, Mapping
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

PLACES = {
    "row": "rows",
    "list": "lists",
    "pane": "panes",
    "view": "the view",
    "app": "everywhere",
}
"""What the first part of a binding's id is called; any other is called as it is."""


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

    def __init__(self, text: Content) -> None:
        super().__init__()
        self._text = text

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="help") as box:
            box.border_title = "Keys"
            box.border_subtitle = "esc closes"
            yield Static(self._text)

    def action_scroll(self, lines: int) -> None:
        self.query_one("#help").scroll_relative(y=lines, animate=False)


def help_text(
    bindings: Iterable[Binding],
    elsewhere: Mapping[str, Iterable[Binding]],
    name: Callable[[Binding], str],
) -> Content:
    """A line for each action: its keys, by their `name`, and its tooltip; headed by where it holds.

    `elsewhere` are bindings that are not in force now, by the place where they are.
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
    for place, actions in places.items():
        parts += [("\n" if parts else ""), (f"{place.upper()}\n", "bold $muted")]
        for same in actions.values():
            keys = " ".join(dict.fromkeys(map(name, same)))
            parts += [(f"{keys:>16}", "bold $primary"), f"  {same[0].tooltip}\n"]
    return Content.assemble(*parts)
