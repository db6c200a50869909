"""Asks as what to export: a row of choices over the screen."""

from typing import ClassVar, Literal

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Click
from textual.screen import ModalScreen
from textual.widgets import Static

Format = Literal["json", "csv", "svg"]


class ExportScreen(ModalScreen[Format | None]):
    DEFAULT_CSS = """
    ExportScreen {
        align: center middle; background: transparent;
        #export {
            width: 48; max-width: 100%; height: auto; padding: 0 1;
            border: round $primary; border-title-color: $foreground; background: $background;
        }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "dismiss('json')", "JSON", id="export.json", tooltip="these rows as JSON"),
        Binding("c", "dismiss('csv')", "CSV", id="export.csv", tooltip="these rows as CSV"),
        Binding("s", "dismiss('svg')", "SVG", id="export.svg", tooltip="the screen as a picture"),
        Binding("escape,q,e", "dismiss(None)", "Close", id="export.close", tooltip="close"),
    ]

    def __init__(self, of: str) -> None:
        """`of` is what the view is called whose rows there are to export."""
        super().__init__()
        self._of = of

    def compose(self) -> ComposeResult:
        box = Static(self._choices(), id="export")
        box.border_title = Content(f"Export {self._of}")
        yield box

    def _choices(self) -> Content:
        parts: list[str | tuple[str, str]] = []
        for active in self.active_bindings.values():
            binding = active.binding
            if binding.id and binding.id.startswith("export.") and binding.tooltip not in parts:
                key = self.app.get_key_display(binding)
                parts += [(f"{key:>5}  ", "bold $primary"), binding.tooltip, "\n"]
        return Content.assemble(*parts[:-1])

    def on_click(self, event: Click) -> None:
        """A choice is a line; a click beside them all closes."""
        box = self.query_one("#export", Static)
        formats: tuple[Format | None, ...] = ("json", "csv", "svg", None)
        if box.content_region.contains_point(event.screen_offset):
            self.dismiss(formats[event.screen_y - box.content_region.y])
        elif not box.region.contains_point(event.screen_offset):
            self.dismiss(None)
