"""Lines drawn in the theme's styles."""

from rich.segment import Segment
from rich.style import Style
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.style import Style as VisualStyle

from tui.protocol.text import clean
from tui.widgets.cells import Line
from tui.widgets.styles import COLOURLESS, PLAIN, STYLES

_MAX_STRIPS = 300


class LineView(ScrollView, inherit_bindings=False):
    """Keeps the strips that it has made, and the styles, until the theme changes."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._styles: dict[str, Style] = {}
        self._strips: dict[tuple[Line, int, bool, bool], Strip] = {}

    def strip_of(self, line: Line, width: int, *, under_cursor: bool, stale: bool) -> Strip:
        key = (line, width, under_cursor, stale)
        strip = self._strips.get(key)
        if strip is None:
            if len(self._strips) >= _MAX_STRIPS:
                self._strips.clear()
            strip = self._strips[key] = self._make_strip(*key)
        return strip

    def _make_strip(self, line: Line, width: int, under_cursor: bool, stale: bool) -> Strip:  # noqa: FBT001 - one call
        base = self.visual_style.rich_style
        cursor = self._style("cursor") if under_cursor else Style.null()
        base += cursor
        segments = [
            Segment(clean(text), base + self._style("dim" if stale and name else name))
            for text, name in line
            if text
        ]
        strip = Strip(segments)
        if strip.cell_length > width > 0:
            # Say that there is more, rather than break off in the middle of a word.
            strip = Strip([*strip.crop(0, width - 1), Segment("…", base + self._style("dim"))])
        strip = strip.adjust_cell_length(width, base)
        if cursor.reverse:
            # One bar from end to end: reversed, each colour would be a background of its own.
            strip = Strip(
                [
                    Segment(text, style.without_color + cursor if style else cursor)
                    for text, style, _ in strip
                ],
                strip.cell_length,
            )
        return strip

    def _style(self, name: str) -> Style:
        """The style of that name as segments carry it, kept until the theme changes."""
        if not name:
            return Style.null()
        style = self._styles.get(name)
        if style is None:
            style = self._styles[name] = self.named_style(name).rich_style
        return style

    def named_style(self, name: str) -> VisualStyle:
        app = self.app
        instead = COLOURLESS if app.no_color else PLAIN if app.native_ansi_color else STYLES
        return app.stylesheet.parse_style(instead.get(name) or STYLES[name])

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles.clear()
        self._strips.clear()
