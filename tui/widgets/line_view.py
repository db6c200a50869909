"""What lines are drawn on and with: the room there is, and the theme's styles."""

from rich.segment import Segment
from rich.style import Style
from textual.events import Resize
from textual.geometry import Region, Size
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
        self._laid_out = Size()
        """The room for which lines were laid out last."""
        self._styles: dict[str, Style] = {}
        self._strips: dict[tuple[Line, int, bool, bool], Strip] = {}

    def redraw(self) -> None:
        """Lay out all lines for the room that there is now."""
        raise NotImplementedError

    def fit(self, before: Size) -> None:
        """There is other room than `before`."""
        del before
        self.redraw()

    # The room.

    @property
    def room(self) -> Size:
        """What there is to draw on: the content without the scrollbar."""
        return self.scrollable_content_region.size

    @property
    def known_room(self) -> Size:
        """The room that lines were laid out for last; to find out `room` takes as long as a line.

        Where that is another by now, all is laid out anew with the next frame.
        """
        if not self._laid_out:
            self._laid_out = self.room
        return self._laid_out

    @property
    def width_beside_scrollbar(self) -> int:
        """Cells that a row has, whether there is a scrollbar or not.

        Rows whose number depends on the width are laid out for this one: by the room, a scrollbar
        could make them so few that it is not needed, and without it they would be too many again.
        """
        beside = self.styles.gutter.width + self.styles.scrollbar_size_vertical
        return max(0, self.outer_size.width - beside)

    def set_length(self, lines: int) -> None:
        """Say how many lines there are, seen or not."""
        # No width, for nothing scrolls sideways: Textual judges anew whether there is a scrollbar
        # only where this size is not that of the room.
        virtual = Size(0, lines)
        if virtual == self.virtual_size:
            return
        has_scrollbar = lines > self.known_room.height
        if has_scrollbar != self.show_vertical_scrollbar:
            self.virtual_size = virtual
            return
        # Set as usual, this would have the whole screen laid out and this view drawn anew; so
        # whoever calls it draws what has changed.
        self.set_reactive(LineView.virtual_size, virtual)
        if has_scrollbar:
            self.vertical_scrollbar.window_virtual_size = lines
        self.scroll_y = self.validate_scroll_y(self.scroll_y)

    def render_lines(self, crop: Region) -> list[Strip]:
        """A frame is drawn before widgets hear of their new size; it is whole all the same."""
        self._fit()
        return super().render_lines(crop)

    def on_resize(self, event: Resize) -> None:
        del event
        self._fit()  # unless it has been drawn since

    def on_hide(self) -> None:
        self._laid_out = Size()  # so that all is laid out where it shows again

    def _fit(self) -> None:
        room = self.room
        if self._laid_out != room:
            before, self._laid_out = self._laid_out, room
            self.fit(before)

    # The styles.

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
