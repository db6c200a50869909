"""How large, how deep, how many and how long; PROTOCOL.md's figures, and others from a file.

message = "64KiB"                # what a client may send as one message, inflated or not;
publisher_message = "256KiB"     # whoever has publish permission;
unauthenticated_message = "4KiB" # whoever has yet to say who it is,
unauthenticated_time = "5s"      # and how long it has for that
frame = "512KiB"                 # the largest frame that is sent
depth = 32                       # how deep JSON may nest
subscriptions = 128              # of one connection
filter = 256                     # characters of a filter's segment
state_keys = 10000               # of each type of event, of which the newest is kept,
state_size = "8MiB"              # and how much of each type
state_age = "24h"                # and for how long
dedupe_age = "5m"                # how long an event that comes again is known by its id
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from tui import amounts
from tui.protocol import limits as defaults

KIB, MIB = 1024, 1024**2
ROOM = KIB
"""What a frame has beside one event: what is added to it, and what is around it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """One server's; bytes and seconds. All but the last are what a file may say, too."""

    message: int = defaults.MAX_RECEIVE
    publisher_message: int = defaults.MAX_RECEIVE_PUBLISHER
    unauthenticated_message: int = defaults.MAX_RECEIVE_UNAUTHENTICATED
    unauthenticated_time: float = defaults.AUTH_SECONDS
    frame: int = defaults.MAX_SEND
    depth: int = defaults.MAX_DEPTH
    subscriptions: int = defaults.MAX_SUBSCRIPTIONS
    filter: int = defaults.MAX_FILTER
    state_keys: int = 10_000
    """State keys kept of each type of event."""
    state_size: int = 8 * MIB
    """Newest state kept of each type of event."""
    state_age: float = 24 * 3600.0
    """Seconds after which a key that was not heard of leaves."""
    dedupe_age: float = 300.0
    """Seconds for which an id is remembered, so that an event sent twice is stored once."""
    dedupe_ids: int = 1_000_000
    """Some 200 MB of ids at the very most, at more than 3,300 events a second for five minutes."""


DEFAULTS = Limits()


class _Figure(NamedTuple):
    """How one is written, and between what it must lie."""

    read: Callable[[object], float | None]
    least: float
    most: float
    said: str


def _size(written: object) -> int | None:
    return amounts.size(written) if isinstance(written, str) else _count(written)


def _count(written: object) -> int | None:
    return written if isinstance(written, int) and not isinstance(written, bool) else None


def _time(written: object) -> float | None:
    return amounts.seconds(written) if isinstance(written, str) else None


# A client takes no larger frame, no topic has a longer id, and nothing nested deeper is read.
_FIGURES: Mapping[str, _Figure] = {
    **dict.fromkeys(
        ("message", "publisher_message", "unauthenticated_message", "frame"),
        _Figure(_size, KIB, defaults.MAX_CLIENT_RECEIVE, "a size from 1KiB to 1MiB"),
    ),
    "depth": _Figure(_count, 8, 128, "a number from 8 to 128"),
    "subscriptions": _Figure(_count, 1, 10_000, "a number from 1 to 10000"),
    "filter": _Figure(_count, 1, defaults.MAX_FILTER, f"a number from 1 to {defaults.MAX_FILTER}"),
    "state_keys": _Figure(_count, 1, 1_000_000, "a number from 1 to 1000000"),
    "state_size": _Figure(_size, MIB, 1024 * MIB, "a size from 1MiB to 1GiB"),
    "state_age": _Figure(_time, 1, 3650 * 86_400, "a time such as 12h or 7d, up to 3650d"),
    "unauthenticated_time": _Figure(_time, 1, 60, "a time such as 10s, from 1s to 1m"),
    "dedupe_age": _Figure(_time, 1, 3600, "a time such as 10m, from 1s to 1h"),
}


def limits_of(table: Mapping[str, object]) -> Limits:
    """What a file says, and the defaults for all else; raises ValueError with all that is wrong."""
    read: dict[str, float] = {}
    faults = []
    for name, written in table.items():
        figure = _FIGURES.get(name)
        if figure is None:
            faults.append(f"{name}: unknown (known: {', '.join(_FIGURES)})")
            continue
        value = figure.read(written)
        if value is None or not figure.least <= value <= figure.most:
            faults.append(f"{name}: {written!r} must be {figure.said}")
        else:
            read[name] = value
    if not faults:
        limits = Limits(**read)  # type: ignore[arg-type] # each is read as what it is
        faults = _disorder(limits)
    if faults:
        raise ValueError("; ".join(faults))
    return limits


def _disorder(limits: Limits) -> list[str]:
    """Each has to fit into the next: so nobody has less for being known, and all can be sent on."""
    sizes = {
        "unauthenticated_message": limits.unauthenticated_message,
        "message": limits.message,
        "publisher_message": limits.publisher_message,
        "frame, less 1KiB": limits.frame - ROOM,
    }
    return [
        f"{small} is {sizes[small]} bytes, and {large} {sizes[large]}, which must be no less"
        for small, large in pairwise(sizes)
        if sizes[small] > sizes[large]
    ]
