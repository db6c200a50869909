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
        """What is being drawn anew; empty where that is all."""

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
            rows = [row for one in self._changed for row in _rows(place.intersection(one))]
            if rows:
                # All columns: where widgets meet, lines are cut at places that are known already.
                first, last = min(rows), max(rows)
                part = Region(place.x, first, place.width, last - first + 1)
                yield region, part, widget.render_lines(part.translate(-region.offset))


def _rows(region: Region) -> tuple[int, ...]:
    """The first and the last of them; none where nothing is left of it."""
    return (region.y, region.bottom - 1) if region else ()
