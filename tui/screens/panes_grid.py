"""The panes beside and below one another: two columns, or three on wide terminals."""

from textual.containers import Container
from textual.layout import WidgetPlacement
from textual.layouts.grid import GridLayout

WIDE = 200
"""Columns of a terminal from which on the panes stand in three."""
Neighbours = dict[str, dict[str, str]]
TWO_COLUMNS: Neighbours = {
    "left": {"tdd": "agents", "alerts": "workflow"},
    "right": {"agents": "tdd", "workflow": "alerts"},
}
THREE_COLUMNS: Neighbours = {
    "left": {"tdd": "agents", "alerts": "tdd"},
    "right": {"agents": "tdd", "workflow": "tdd", "tdd": "alerts"},
}
"""Which pane is beside which, by the direction."""


class PanesGrid(Container):
    """In three columns agents are above the workflow; TDD and alerts are as high as both."""

    DEFAULT_CSS = """
    PanesGrid {
        height: 1fr; layout: grid; grid-size: 2 3;
        grid-rows: 2fr 2fr 1fr; grid-columns: 11fr 9fr;
        & > Pane { height: 1fr; width: 1fr; }
        & > #logs { column-span: 2; }
        &.-wide { grid-size: 3 3; grid-rows: 5fr 5fr 4fr; grid-columns: 16fr 13fr 11fr; }
        &.-wide > #tdd, &.-wide > #workflow { row-span: 2; }
        &.-wide > #logs { column-span: 3; }
    }
    """

    @property
    def neighbours(self) -> Neighbours:
        return THREE_COLUMNS if self._in_three else TWO_COLUMNS

    @property
    def _in_three(self) -> bool:
        return isinstance(self.layout, GridLayout) and self.styles.grid_size_columns == 3

    def process_layout(self, placements: list[WidgetPlacement]) -> list[WidgetPlacement]:
        """A grid is filled row by row in the panes' order, which is that of their numbers."""
        if not self._in_three:
            return placements
        by_id = {placement.widget.id: placement for placement in placements}
        workflow, alerts = by_id["workflow"], by_id["alerts"]
        by_id["workflow"] = workflow._replace(region=alerts.region)
        by_id["alerts"] = alerts._replace(region=workflow.region)
        return list(by_id.values())
