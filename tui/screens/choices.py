"""What may be answered to a question, as its screen's bindings say: to be read, and clicked."""

from typing import Any

from textual.content import Content
from textual.screen import Screen
from textual.style import Style
from textual.widgets import Static


class Choices(Static):
    """The bindings of a place, the first part of their ids: their keys and what they do."""

    auto_links = False  # keys are in their own colour

    def __init__(self, screen: Screen[Any], place: str, between: str, key_width: int = 0) -> None:
        found: dict[str, Content] = {}
        for active in screen.active_bindings.values():
            binding = active.binding
            if binding.id and binding.id.startswith(f"{place}."):
                key = f"{screen.app.get_key_display(binding):>{key_width}}  "
                said = Content.assemble((key, "bold $primary"), binding.tooltip)
                clicked = Style.from_meta({"@click": f"screen.{binding.action}"})
                found.setdefault(binding.id, said.stylize(clicked))
        super().__init__(Content(between).join(found.values()), id=place)
