"""A screen that shows the store for as long as it is open."""

from textual.screen import Screen, ScreenResultType

from tui.store import Slice
from tui.terminal.compositor import PartialCompositor


class LiveScreen(Screen[ScreenResultType]):
    """Draws often, and little at a time."""

    def __init__(self) -> None:
        super().__init__()
        self._compositor = PartialCompositor()  # in place of Textual's: nothing public sets it

    def show(self, dirty: set[Slice], *, tick: bool = False) -> None:
        """Draw what changed in the store, or on a `tick` also what only time changes."""
        raise NotImplementedError
