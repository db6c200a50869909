"""How many may be here from one address, and how many that nobody knows yet. Pure: no sockets.

A client's own limits begin once it is known; these come before. The figures are those of a team
behind one address (a hundred connections are some twenty people with a dashboard, a few agents and
a test run each), and at the same time what one address may cost at most: 1 MiB of queue for each
connection. Loopback is exempt: whoever is on this machine can do worse. So behind a proxy on this
machine nothing is limited, unless the proxy is named as a trusted one.
"""

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import ceil

from tui.server.auth.doorkeeper import Refusal
from tui.server.limits.addresses import (
    is_loopback,
    is_trusted,
    networks,
    one_household,
    real_address,
)
from tui.server.limits.buckets import Bucket

CONNECTIONS_PER_ADDRESS = 100
UNKNOWN = 1000
"""Connections not yet authenticated, from all addresses."""
UNKNOWN_PER_ADDRESS = 50
FAILURES_A_MINUTE = 30
"""Wrong tokens from one address, before none of its tokens is looked at for a while."""
ADDRESSES = 10_000
"""Addresses whose wrong tokens are remembered; the longest untouched go first."""
RETRY_UNKNOWN = 2
RETRY_CONNECTIONS = 10
"""When to try again, where it was too many connections (seconds)."""


@dataclass(slots=True)
class Visit:
    """One connection from its first byte to its last, or one HTTP request."""

    address: str
    """The client's; until `Admission.admit` the proxy's, where there is one."""
    is_exempt: bool
    place: str | None = None
    """Where it is counted, if it is."""
    is_known: bool = False


class Admission:
    """What is known of the addresses that clients come from. `clock` gives seconds.

    Behind a proxy that is not trusted, everyone is the proxy.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        connections_per_address: int = CONNECTIONS_PER_ADDRESS,
        trusted_proxies: Iterable[str] = (),
        unknown: int = UNKNOWN,
        unknown_per_address: int = UNKNOWN_PER_ADDRESS,
        failures_a_minute: int = FAILURES_A_MINUTE,
    ) -> None:
        self._clock = clock
        self._trusted = networks(trusted_proxies)
        self._most = connections_per_address
        self._most_unknown = unknown
        self._most_unknown_here = unknown_per_address
        self._failures_a_minute = failures_a_minute
        self._failures: OrderedDict[str, Bucket] = OrderedDict()
        self._here: Counter[str] = Counter()
        self._unknown_here: Counter[str] = Counter()
        self._unknown = 0

    def arrive(self, peer: str) -> Visit | None:
        """Somebody has connected. None: end it at once, since even an answer would cost too much.

        That is where all places for the unknown are taken, or one address has twice its own.
        """
        visit = Visit(peer, is_loopback(peer))
        if not (visit.is_exempt or is_trusted(peer, self._trusted)):
            place = one_household(peer)
            if self._is_full or self._unknown_here[place] >= 2 * self._most_unknown_here:
                return None
            self._count(visit, place)
        return visit

    def admit(self, visit: Visit, forwarded: Iterable[str] = ()) -> Refusal | None:
        """Its request is here, and no token was looked at yet. `forwarded`: `X-Forwarded-For`."""
        self._locate(visit, forwarded)
        if visit.is_exempt:
            return None
        if visit.place is None:  # it came through a proxy
            if self._is_full:
                return Refusal(429, "Too many have yet to say who they are.\n", RETRY_UNKNOWN)
            self._count(visit, one_household(visit.address))
        place = visit.place or ""
        if self._here[place] > self._most:
            text = f"There are {self._most} connections from this address already.\n"
            return Refusal(429, text, RETRY_CONNECTIONS)
        if self._unknown_here[place] > self._most_unknown_here:
            text = "Too many from this address have yet to say who they are.\n"
            return Refusal(429, text, RETRY_UNKNOWN)
        return self._blocked(visit)

    def request(self, peer: str, forwarded: Iterable[str] = ()) -> Visit | Refusal:
        """The same for an HTTP request, which is gone too soon to be counted."""
        visit = Visit(peer, is_loopback(peer))
        self._locate(visit, forwarded)
        return self._blocked(visit) or visit

    def judged(self, visit: Visit, ok: bool) -> None:  # noqa: FBT001 - the verdict itself
        """Note whether its token, in the handshake or in band, was a good one."""
        if not ok:
            self._failed(visit)
        elif not visit.is_known:
            visit.is_known = True
            self._no_longer_unknown(visit)

    def leave(self, visit: Visit) -> None:
        """The connection is gone. To be called once, whatever became of it."""
        if not visit.is_known:
            self._no_longer_unknown(visit)
        if visit.place is not None:
            _decrease(self._here, visit.place)

    def _locate(self, visit: Visit, forwarded: Iterable[str]) -> None:
        hops = list(forwarded)
        if hops and is_trusted(visit.address, self._trusted):
            # Who came through a proxy is no local, whatever the header says.
            visit.is_exempt = False
            visit.address = real_address(visit.address, hops, self._trusted)

    @property
    def _is_full(self) -> bool:
        return self._unknown >= self._most_unknown

    def _count(self, visit: Visit, place: str) -> None:
        visit.place = place
        self._here[place] += 1
        self._unknown_here[place] += 1
        self._unknown += 1

    def _no_longer_unknown(self, visit: Visit) -> None:
        if visit.place is not None:
            _decrease(self._unknown_here, visit.place)
            self._unknown -= 1

    def _blocked(self, visit: Visit) -> Refusal | None:
        bucket = None if visit.is_exempt else self._failures.get(one_household(visit.address))
        wait = bucket.wait(self._clock()) if bucket else 0.0
        if wait == 0.0:
            return None
        return Refusal(429, "Too many wrong tokens came from this address.\n", ceil(wait))

    def _failed(self, visit: Visit) -> None:
        if visit.is_exempt:
            return
        place = one_household(visit.address)
        now = self._clock()
        bucket = self._failures.pop(place, None) or Bucket(self._failures_a_minute, now)
        bucket.take(now)
        self._failures[place] = bucket
        if len(self._failures) > ADDRESSES:
            self._failures.popitem(last=False)


def _decrease(counter: Counter[str], place: str) -> None:
    counter[place] -= 1
    if not counter[place]:
        del counter[place]
