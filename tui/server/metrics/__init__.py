"""What the server counts: plain integers, since every message of every client comes by here.

`exposition` reads them when somebody asks. Label values are bounded: the resources of the protocol,
and its types, with `other` for all that clients make up.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence

from tui.protocol.catalog import RESOURCES, MessageType

OTHER = "other"
SIZE_BUCKETS = (100, 500, 1000, 5000, 10_000, 50_000)
"""Bytes; the document's."""
SECONDS_BUCKETS = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)


class Histogram:
    """How many values fell below each bound, the last of `counts` being those above all."""

    __slots__ = ("bounds", "counts", "sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def observe(self, value: float, times: int = 1) -> None:
        self.counts[bisect_left(self.bounds, value)] += times
        self.sum += value * times

    @property
    def count(self) -> int:
        return sum(self.counts)


class Metrics:
    """One server's counters. To be used in the server's event loop only."""

    def __init__(self) -> None:
        self.connections = 0
        """All that ever were."""
        self.active = 0
        self.received_sizes = _ByType()
        """Of messages that came in, by type; their number is the number of messages."""
        self.sent_sizes = _ByType()
        self.subscriptions = dict.fromkeys(RESOURCES, 0)
        """Those in force, by resource."""
        self.publishing = Histogram(SECONDS_BUCKETS)
        """From a publish to the broker's answer."""
        self.conflated = 0
        self.gaps = 0
        self.resumes = 0
        """Those in which nothing was lost."""
        self.rate_limited = 0
        self.slow_closed = 0
        self.queue_bytes: Callable[[], int] = lambda: 0
        """What all clients together have yet to be sent; asked when somebody scrapes."""
        self.broker_lag: Callable[[], float] = lambda: 0.0
        """Seconds that the oldest unanswered publish has waited; asked when somebody scrapes."""

    def connected(self) -> None:
        self.connections += 1
        self.active += 1

    def disconnected(self) -> None:
        self.active -= 1

    def received(self, type_: str, size: int) -> None:
        """A message of so many bytes came in."""
        self.received_sizes[type_].observe(size)

    def sent(self, type_: str, size: int, count: int = 1) -> None:
        """A message of so many bytes, before compression, went out to `count` clients.

        What plain clients are sent counts as soon as it waits for them: nothing of it is ever left
        out, unless their connection ends.
        """
        self.sent_sizes[type_].observe(size, count)

    def subscribed(self, resource: str) -> None:
        self.subscriptions[resource] += 1

    def unsubscribed(self, resource: str) -> None:
        self.subscriptions[resource] -= 1

    def published(self, seconds: float) -> None:
        """The broker has answered a publish after so long."""
        self.publishing.observe(seconds)


class _ByType(dict[str, Histogram]):
    def __init__(self) -> None:
        super().__init__({str(name): Histogram(SIZE_BUCKETS) for name in (*MessageType, OTHER)})

    def __missing__(self, type_: str) -> Histogram:
        return self[OTHER]
