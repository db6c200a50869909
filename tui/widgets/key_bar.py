"""The bottom line: the keys that do something now, as far as they fit."""

from textual.app import RenderResult
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget


class KeyBar(Widget):
    DEFAULT_CSS = """
    KeyBar { height: 1; background: $panel; color: $muted; padding: 0 1; }
    """

    keys: reactive[tuple[tuple[str, str], ...]] = reactive(())
    """(key, what it does), the most useful first."""

    def render(self) -> RenderResult:
        parts: list[str | tuple[str, str] | Content] = []
        left = self.size.width
        for key, does in self.keys:
            left -= len(key) + len(does) + 3
            if left < 0:
                break
            parts += [(key, "bold $primary"), f" {does}  "]
        return Content.assemble(*parts)
