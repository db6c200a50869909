"""The forms in which an event leaves: made once each, and only where somebody reads it."""

from collections.abc import Callable
from typing import Any

from tui.server.backlog import Message
from tui.server.brokers import Stored
from tui.server.framing import gzip_frame, text_frame
from tui.server.metrics import Metrics
from tui.server.subscriptions import SubscriptionIndex

Offered = Callable[[str, int, int], None]


class Layer:
    """Those who read one form, by what they subscribed to: outboxes that `offer` takes it into.

    `offered` is told the type and the size of an event, and to how many it was offered.
    """

    def __init__(self, encode: Callable[[Stored], object], offered: Offered) -> None:
        self.index: SubscriptionIndex[Any] = SubscriptionIndex()
        self.encode = encode
        self.offered = offered


def plain(metrics: Metrics) -> Layer:
    return Layer(lambda event: text_frame(event.plain), metrics.sent)


def plain_gzip(metrics: Metrics) -> Layer:
    return Layer(lambda event: gzip_frame(event.plain), metrics.sent)


def v1() -> Layer:
    """Not all that these are offered goes out, so it is counted where it is written (`flush`)."""
    return Layer(lambda event: Message(event.v1, event), lambda *_: None)
