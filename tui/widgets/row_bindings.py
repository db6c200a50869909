"""The keys that hold wherever there are rows."""

from textual.binding import Binding, BindingType

_ROWS, _PAGES = Binding.Group("row"), Binding.Group("page")
_ENDS = Binding.Group("first, last")

ROW_BINDINGS: list[BindingType] = [
    Binding("up,k", "move(-1)", "Up", id="row.up", tooltip="One row up", group=_ROWS),
    Binding("down,j", "move(1)", "Down", id="row.down", tooltip="One row down", group=_ROWS),
    Binding(
        "pageup",
        "move_page(-1)",
        "Page up",
        id="row.page_up",
        tooltip="A page up",
        group=_PAGES,
    ),
    Binding(
        "pagedown",
        "move_page(1)",
        "Page down",
        id="row.page_down",
        tooltip="A page down",
        group=_PAGES,
    ),
    Binding("home,g", "move_to(0)", "First", id="row.first", tooltip="The first row", group=_ENDS),
    Binding("y", "copy", "Copy", id="row.copy", tooltip="Copy this row", show=False),
    Binding("end,G", "move_to(-1)", "Last", id="row.last", tooltip="The last row", group=_ENDS),
]
