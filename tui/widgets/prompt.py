"""What takes the keys for itself that are something to write."""

from typing import Protocol, runtime_checkable

from textual.events import Event


@runtime_checkable
class Prompt(Protocol):
    """A line to write into, one key after the other; known without loading what it is."""

    async def take(self, event: Event) -> bool:
        """Whether it was something to write, which is done."""
