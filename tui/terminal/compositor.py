"""Textual's compositor, made to draw only what has changed."""

from collections.abc import Iterable

from textual._compositor import ChopsUpdate, Compositor
from textual.geometry import Region
from textual.strip import Strip


class PartialCompositor(Compositor):
    """Asks a widget for those of its lines that are to be drawn anew.

    Textual's own asks every widget that may draw on the rows between the first and the last change,
    wherever it is, and for all of its lines. That they are mostly kept makes them cheap, not free:
    of a large screen on which a clock ticks, it was half of what is drawn.
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
        if not self._changed:
            yield from super()._get_renders(crop)
            return
        for widget, (region, clip) in self.visible_widgets.items():
            place = region.intersection(clip)
            parts = [part for one in self._changed if (part := place.intersection(one))]
            if parts:
                rows = Region.from_union(parts)
                # All columns: where widgets meet, lines are cut at places that are known already.
                part = Region(place.x, rows.y, place.width, rows.height)
                yield region, part, widget.render_lines(part.translate(-region.offset))
