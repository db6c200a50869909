"""Textual's compositor, made to draw only what has changed."""

from collections.abc import Iterable

from textual._compositor import ChopsUpdate, Compositor
from textual.geometry import Region
from textual.strip import Strip


class PartialCompositor(Compositor):
    """Asks a widget for those of its lines that are to be drawn, and that nothing in front hides.

    Textual's own asks every widget that may draw on the rows between the first and the last change,
    wherever it is, and for all of its lines; so it does with what is behind others. That they are
    mostly kept makes them cheap, not free: of a large screen on which a clock ticks, it was half of
    what is drawn.
    """

    def __init__(self) -> None:
        super().__init__()
        self._changed: frozenset[Region] = frozenset()
        """What is being drawn; empty while that is the whole screen."""

    def render_partial_update(self) -> ChopsUpdate | None:
        self._changed = frozenset(self._dirty_regions)
        try:
            return super().render_partial_update()
        finally:
            self._changed = frozenset()

    def _get_renders(
        self, crop: Region | None = None
    ) -> Iterable[tuple[Region, Region, list[Strip]]]:
        """Of each widget where it is, the part of it that is drawn, and the lines of that part."""
        wanted = self._changed or (crop or self.size.region,)
        taken: dict[int, int] = {}
        """By row, the columns on which something is drawn already, a bit each."""
        for widget, (region, clip) in self.visible_widgets.items():  # from the front
            place = region.intersection(clip)
            parts = [part for one in wanted if (part := place.intersection(one))]
            if not parts:
                continue
            rows = Region.from_union(parts)
            # All columns: where widgets meet, lines are cut at places that are known already.
            part = Region(place.x, rows.y, place.width, rows.height)
            columns = ((1 << part.width) - 1) << part.x
            before = [taken.get(row, 0) for row in part.line_range]
            if all(mask & columns == columns for mask in before):
                continue
            taken.update(zip(part.line_range, (mask | columns for mask in before), strict=True))
            yield region, part, widget.render_lines(part.translate(-region.offset))
