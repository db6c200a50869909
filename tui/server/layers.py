"""The forms in which an event leaves: made once each, and only where somebody reads it."""

from collections.abc import Callable
from typing import Any

from tui.server.backlog import Message
from tui.server.brokers import Stored
from tui.server.framing import gzip_frame, text_frame
from tui.server.subscriptions import SubscriptionIndex


class Layer:
    """Those who read one form, by what they subscribed to: outboxes that `offer` takes it into."""

    def __init__(self, encode: Callable[[Stored], object]) -> None:
        self.index: SubscriptionIndex[Any] = SubscriptionIndex()
        self.encode = encode


def plain() -> Layer:
    return Layer(lambda event: text_frame(event.plain))


def plain_gzip() -> Layer:
    return Layer(lambda event: gzip_frame(event.plain))


def v1() -> Layer:
    return Layer(lambda event: Message(event.v1, event))
