"""What a client keeps from one connection to the next."""

from dataclasses import dataclass, field

from tui.client.outbox import Outbox
from tui.client.streams import Streams
from tui.client.subscriptions import Subscriptions


@dataclass(slots=True)
class Memory:
    outbox: Outbox
    subscriptions: Subscriptions = field(default_factory=Subscriptions)
    streams: Streams = field(default_factory=Streams)
    received: int = 0
    """Events so far, duplicates not counted."""
    invalid: int = 0
    """Frames, and members of batches, that could not be read."""

    def connection_lost(self) -> None:
        self.outbox.connection_lost()
        self.streams.connection_lost()
