"""One client's buckets, and those of publishers that come and go without a connection."""

from collections import OrderedDict
from collections.abc import Callable
from math import ceil

from tui.protocol.errors import ErrorCode, ProtocolError
from tui.server.auth.access import Access
from tui.server.limits.buckets import MINUTE, Bucket
from tui.server.limits.figures import ANY, LIMITED, show
from tui.server.limits.rates import RateLimits

NAMES = 10_000
"""Publishers without a connection that are remembered, some 5 MB; the longest idle go first."""


class Limiter:
    """A bucket for each message type. `clock` gives seconds, and may be set back."""

    def __init__(
        self, rates: RateLimits, access: Access | None, clock: Callable[[], float]
    ) -> None:
        self._rates = rates
        self._access = access
        self._clock = clock
        self._buckets: dict[str, Bucket] = {}

    def grant(self, access: Access) -> None:
        """Go on with another access's figures, and with what is left in the buckets."""
        if access == self._access:
            return
        self._access = access
        now = self._clock()
        for type_, bucket in self._buckets.items():
            bucket.change(self._rates.a_minute(access, type_), now)

    def take(self, type_: str) -> float:
        """Count a message. 0.0: it may go on; otherwise the seconds until one of its type may."""
        bucket = self._buckets.get(type_)
        if bucket is None:
            bucket = self._open(type_)
        return bucket.take(self._clock())

    def take_event(self, type_: str, held: float) -> float:
        """Count the next event of a frame, of which an earlier one is `held` (0.0: none is).

        So that order holds, all that follow a refused one are refused likewise, and are to wait
        until there is room for all of them, one after another.
        """
        if not held:
            return self.take(type_)
        bucket = self._buckets.get(type_) or self._open(type_)
        return max(held, min(held + bucket.pace, MINUTE))

    def refusal(self, type_: str, wait: float) -> ProtocolError:
        """How it is said that a message has to wait so many seconds."""
        limit = show(self._rates.a_minute(self._access, type_))
        return ProtocolError(
            ErrorCode.RATE_LIMITED,
            f"{type_}: over the limit of {limit}, or behind one of its frame that is",
            retry_after_ms=ceil(wait * 1000),
        )

    def _open(self, type_: str) -> Bucket:
        name = type_ if type_ in LIMITED else ANY  # a client could think of ever new ones
        if name not in self._buckets:
            rate = self._rates.a_minute(self._access, name)
            self._buckets[name] = Bucket(rate, self._clock())
        return self._buckets[name]


class Limiters:
    """For publishers without a connection: a limiter for each key, kept from request to request."""

    def __init__(
        self, rates: RateLimits, clock: Callable[[], float], capacity: int = NAMES
    ) -> None:
        self._rates = rates
        self._clock = clock
        self._capacity = capacity
        self._limiters: OrderedDict[tuple[str, str], Limiter] = OrderedDict()

    def of(self, access: Access) -> Limiter:
        """The limiter of whoever holds the access."""
        who = (access.key_id, access.name)
        limiter = self._limiters.get(who)
        if limiter is None:
            limiter = self._limiters[who] = Limiter(self._rates, access, self._clock)
            if len(self._limiters) > self._capacity:
                self._limiters.popitem(last=False)
        else:
            limiter.grant(access)
            self._limiters.move_to_end(who)
        return limiter
