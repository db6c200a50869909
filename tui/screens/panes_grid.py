"""The panes beside and below one another: two columns, or three on wide terminals."""

from textual.containers import Container
from textual.layout import WidgetPlacement
from textual.layouts.grid import GridLayout

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
    """In three columns agents are above the workflow; TDD and alerts are as high as both.

    How many there are, and how wide, is said by the screen.
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
