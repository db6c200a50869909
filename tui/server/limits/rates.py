"""How often a client may say what: the document's figures, and others from a file.

    # Messages a minute and client, by type; what is left out stays as it is. `off` is no limit.
    [clients]
    "*" = 100
    subscribe = 50
    agent_log = 1000
    ping = 60

    [publishers]          # whoever has publish permission; event types only
    "*" = 60000
    agent_log = "5000/s"

A key's own figures go before both, and their `*` is for events only.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from tui.protocol.catalog import EVENTS
from tui.server.auth.access import Access
from tui.server.config import ServerError
from tui.server.limits.figures import ANY, figures
from tui.server.limits.tables import read_table

CLIENTS = MappingProxyType({ANY: 100.0, "subscribe": 50.0, "agent_log": 1000.0, "ping": 60.0})
PUBLISHERS = MappingProxyType({ANY: 60_000.0})


@dataclass(frozen=True, slots=True)
class RateLimits:
    """Messages a minute, by type."""

    clients: Mapping[str, float] = field(default_factory=lambda: CLIENTS)
    publishers: Mapping[str, float] = field(default_factory=lambda: PUBLISHERS)
    """For events, in place of `clients`, from those with publish permission."""

    def a_minute(self, access: Access | None, type_: str) -> float:
        """How many messages of a type the holder of an access may send in a minute."""
        is_event = type_ in EVENTS
        if access and access.rates:
            own = access.rates.get(type_, access.rates.get(ANY) if is_event else None)
            if own is not None:
                return own
        table = self.publishers if is_event and access and access.publish else self.clients
        return table.get(type_, table[ANY])


def rate_limits(setting: str) -> RateLimits | None:
    """What `--rate-limits default|off|FILE` says; None for no limits at all. Raises ServerError."""
    if setting == "off":
        return None
    return RateLimits() if setting == "default" else _read(Path(setting))


def _read(path: Path) -> RateLimits:
    content = read_table(
        path, f"--rate-limits {path}: no such file; say default, off, or a TOML file's name"
    )
    tables: dict[str, dict[str, float]] = {"clients": {}, "publishers": {}}
    faults = []
    for name, table in content.items():
        if name not in tables:
            faults.append(f"{name}: unknown (known: the tables [clients] and [publishers])")
            continue
        try:
            tables[name] = figures(table)
        except ValueError as error:
            faults.append(f"[{name}] {error}")
    faults += [
        f"[publishers] {type_}: no event; it belongs into [clients]"
        for type_ in tables["publishers"]
        if type_ != ANY and type_ not in EVENTS
    ]
    if faults:
        raise ServerError(f"{path}: " + "; ".join(faults))
    return RateLimits(dict(CLIENTS) | tables["clients"], dict(PUBLISHERS) | tables["publishers"])
