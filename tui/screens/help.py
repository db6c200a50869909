"""All keys, generated from the bindings that are in force."""

from collections.abc import Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import ActiveBinding, Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

KEYS = {
    "question_mark": "?",
    "exclamation_mark": "!",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "escape": "Esc",
    "G": "G",
}


class HelpScreen(ModalScreen[None]):
    DEFAULT_CSS = """
    HelpScreen {
        align: center middle;
        #help {
            width: 64; max-width: 100%; height: auto; max-height: 90%;
            border: round $primary; border-title-color: $foreground;
            background: $background; padding: 0 1;
        }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "escape,q,question_mark", "dismiss", "Close", id="help.close", tooltip="Close help"
        ),
        Binding("down,j", "scroll(1)", "Down", show=False, tooltip="Down"),
        Binding("up,k", "scroll(-1)", "Up", show=False, tooltip="Up"),
    ]

    def __init__(self, bindings: Iterable[ActiveBinding]) -> None:
        super().__init__()
        self._bindings_shown = list(bindings)

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="help") as box:
            box.border_title = "Keys"
            box.border_subtitle = "esc closes"
            yield Static(help_text(binding.binding for binding in self._bindings_shown))

    def action_scroll(self, lines: int) -> None:
        self.query_one("#help").scroll_relative(y=lines, animate=False)


def help_text(bindings: Iterable[Binding]) -> Content:
    """A line for each action: its keys, and its tooltip."""
    keys: dict[str, list[str]] = {}
    said: dict[str, str] = {}
    for binding in bindings:
        if not binding.tooltip:
            continue
        name = binding.key_display or KEYS.get(binding.key, binding.key)
        names = keys.setdefault(binding.action, [])
        if name not in names:
            names.append(name)
        said[binding.action] = binding.tooltip
    parts: list[str | tuple[str, str]] = []
    for action, names in sorted(keys.items(), key=lambda item: _order(item[1][0])):
        parts += [(f"{' '.join(names):>16}", "bold $primary"), f"  {said[action]}\n"]
    return Content.assemble(*parts)


def _order(name: str) -> tuple[bool, str]:
    return (not name.isdigit(), name.lower())
