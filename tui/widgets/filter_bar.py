"""A line to type a filter into; what is typed holds at once."""

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.events import Event, Key, Paste
from textual.message import Message
from textual.widgets import Input


class FilterBar(Input):
    """Says what is typed at each key; its screen knows what to do when that is all.

    In a message of its own, so that who hears it need not load this before it is used.
    """

    DEFAULT_CSS = """
    FilterBar { height: 1; border: none; padding: 0 1; dock: bottom; background: $panel; }
    FilterBar:focus { border: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "enter",
            "screen.close_filter(True)",
            "Keep",
            id="filter.keep",
            tooltip="The filter as it is typed",
        ),
        Binding(
            "escape",
            "screen.close_filter(False)",
            "Cancel",
            id="filter.cancel",
            tooltip="The filter as it was before",
        ),
    ]

    class Typed(Message):
        """Its `value` is another now."""

    def __init__(self, text: str) -> None:
        super().__init__(
            text,
            placeholder="text, /regular expression/, ! for all but these",
            compact=True,
            select_on_focus=False,
        )

    def on_input_changed(self, message: Input.Changed) -> None:
        message.stop()
        self.post_message(self.Typed())

    async def take(self, event: Event) -> bool:
        """Whether it was something to write, which is in `value` by now."""
        if isinstance(event, Key) and event.is_printable:
            await self._on_key(event)
            return True
        if isinstance(event, Paste):
            self._on_paste(event)
            return True
        return False
