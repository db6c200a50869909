"""Asks as what to export: a row of choices over the screen."""

from typing import ClassVar, Literal

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Click
from textual.screen import ModalScreen
from textual.style import Style
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
        box.auto_links = False  # keys are in their own colour
        box.border_title = Content(f"Export {self._of}")
        yield box

    def _choices(self) -> Content:
        choices: dict[str, Content] = {}
        for active in self.active_bindings.values():
            binding = active.binding
            if binding.id and binding.id.startswith("export."):
                key = f"{self.app.get_key_display(binding):>5}  "
                said = Content.assemble((key, "bold $primary"), binding.tooltip)
                clicked = Style.from_meta({"@click": f"screen.{binding.action}"})
                choices.setdefault(binding.id, said.stylize(clicked))
        return Content("\n").join(choices.values())

    def on_click(self, event: Click) -> None:
        """One beside all choices closes."""
        if not self.query_one("#export").region.contains_point(event.screen_offset):
            self.dismiss(None)
