"""How rates are written: `5000`, `5000/min`, `100/s`, `20/h`; a plain number is a minute's."""

import re
from collections.abc import Mapping
from math import inf, isfinite

from tui.protocol.catalog import EVENTS, MessageType

_WRITTEN = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,6})?)\s*(?:/\s*(s|min|h))?")
_A_MINUTE = {"s": 60.0, "min": 1.0, "h": 1 / 60, None: 1.0}
ANY = "*"
"""In a table of figures: all types that it does not name."""
LIMITED: frozenset[str] = frozenset(EVENTS) | {
    MessageType.SUBSCRIBE,
    MessageType.UNSUBSCRIBE,
    MessageType.PING,
    MessageType.AUTH_REQUEST,
}
"""What clients say that costs something; all else is not answered, or refused at once."""


def figure(written: object) -> float:
    """A rate as messages a minute, `off` as infinity; raises ValueError."""
    if written == "off":
        return inf
    if isinstance(written, str) and (found := _WRITTEN.fullmatch(written.strip())):
        rate = float(found[1]) * _A_MINUTE[found[2]]
    elif isinstance(written, int | float) and not isinstance(written, bool):
        rate = float(written) if abs(written) < 10**15 else inf
    else:
        rate = 0.0
    if not (rate > 0 and isfinite(rate)):
        raise ValueError(f"{written!r} is no rate above zero; say 5000/min, 100/s or off")
    return rate


def figures(table: object) -> dict[str, float]:
    """A table of rates by message type; raises ValueError with all that is wrong in it."""
    if not isinstance(table, Mapping):
        raise ValueError('must be a table such as { agent_log = "5000/min" }')  # noqa: TRY004
    read: dict[str, float] = {}
    faults = []
    for type_, written in table.items():
        if type_ != ANY and type_ not in LIMITED:
            faults.append(f"{type_}: no message type that is limited; say * for all others")
            continue
        try:
            read[type_] = figure(written)
        except ValueError as error:
            faults.append(f"{type_}: {error}")
    if faults:
        raise ValueError("; ".join(faults))
    return read


def show(rate: float) -> str:
    """A rate as `figure` reads it."""
    return "off" if rate == inf else f"{rate:g}/min"
