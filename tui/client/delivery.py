"""What comes out of a session, on its way to the handlers."""

from typing import NamedTuple

from tui.client.status import Denied, Gap
from tui.client.streams import Marks
from tui.protocol import models as m
from tui.protocol.models.base import Event

Item = Event | m.UnknownMessage | m.ErrorMessage | Gap | Denied


class Delivery(NamedTuple):
    """What one frame brought."""

    items: list[Item]
    size: int
    """Bytes of the frame, inflated."""
    marks: Marks | None
    """v1: where the cursor stands once the items are handled."""
