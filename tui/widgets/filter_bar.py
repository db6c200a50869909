"""A line to type a filter into; what is typed holds at once."""

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input


class FilterBar(Input):
    """Says what is typed at each key, and when that is all.

    In messages of its own, so that who hears them need not load this before it is used.
    """

    DEFAULT_CSS = """
    FilterBar { height: 1; border: none; padding: 0 1; dock: bottom; background: $panel; }
    FilterBar:focus { border: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "escape",
            "cancel",
            "Cancel",
            id="filter.cancel",
            show=False,
            tooltip="The filter as it was before",
        ),
    ]

    class Typed(Message):
        """This is the filter now."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Closed(Message):
        """That is all; `kept` is False where the filter is to be as it was before."""

        def __init__(self, *, kept: bool) -> None:
            super().__init__()
            self.kept = kept

    def __init__(self, text: str) -> None:
        super().__init__(
            text,
            placeholder="text, /regular expression/, ! for all but these",
            compact=True,
            select_on_focus=False,
            id="filter",
        )

    def on_input_changed(self, message: Input.Changed) -> None:
        message.stop()
        self.post_message(self.Typed(message.value))

    def on_input_submitted(self, message: Input.Submitted) -> None:
        message.stop()
        self.post_message(self.Closed(kept=True))

    def action_cancel(self) -> None:
        self.post_message(self.Closed(kept=False))
