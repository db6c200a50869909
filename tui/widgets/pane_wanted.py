"""What a click on something small asks for."""

from textual.message import Message


class PaneWanted(Message):
    """A person wants to see the pane that says more of what they clicked on."""

    def __init__(self, pane: str) -> None:
        super().__init__()
        self.pane = pane
