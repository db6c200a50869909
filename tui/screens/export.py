"""Asks as what to export: a row of choices over the screen."""

from typing import ClassVar, Literal

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Click
from textual.screen import ModalScreen

from tui.screens.choices import Choices

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
        box = Choices(self, "export", between="\n", key_width=5)
        box.border_title = Content(f"Export {self._of}")
        yield box

    def on_click(self, event: Click) -> None:
        """One beside all choices closes."""
        if not self.query_one("#export").region.contains_point(event.screen_offset):
            self.dismiss(None)
