"""What the holder of a token may do: permissions as filters, and roles as shorthands for them.

A permission is written `subscribe:FILTER` or `publish:FILTER`, FILTER as PROTOCOL.md writes it
(`agent:coder-*:status,log`; what is left out at its end is `*`), or it is a role's name.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tui.protocol.errors import ProtocolError
from tui.protocol.topics import Filter, Topic

ROLES = ("viewer", "publisher", "admin")
"""Who may subscribe to everything; and publish everything; and see who is connected."""
_ALL = Filter()


@dataclass(frozen=True, slots=True)
class Access:
    """What its holder may do, as sets of filters, and for how long."""

    subscribe: tuple[Filter, ...] = ()
    publish: tuple[Filter, ...] = ()
    name: str = ""
    """Who it is: the name of a key, or a JWT's `sub`. Never the secret; it is shown and logged."""
    admin: bool = False
    """Whether it may see who is connected."""
    expires: float | None = None
    """Unix seconds; from then on the access is no longer good. None: never."""
    rates: Mapping[str, float] | None = None
    """The key's own limits: events a minute by type, `*` for every other event type."""
    key_id: str = ""
    """Which key of a key file it comes from; empty where it comes from none."""

    @classmethod
    def of(
        cls,
        permissions: Iterable[str],
        *,
        name: str = "",
        expires: float | None = None,
        rates: Mapping[str, float] | None = None,
        key_id: str = "",
    ) -> "Access":
        """The access that written permissions give; raises ValueError naming one that is wrong."""
        subscribe: list[Filter] = []
        publish: list[Filter] = []
        admin = False
        for permission in permissions:
            verb, _, written = permission.partition(":")
            if permission in ROLES:
                subscribe.append(_ALL)
                publish += [_ALL] * (permission != "viewer")
                admin |= permission == "admin"
            elif verb == "subscribe":
                subscribe.append(_filter(permission, written))
            elif verb == "publish":
                publish.append(_filter(permission, written))
            else:
                raise ValueError(
                    f"{permission!r} is no permission; say subscribe:FILTER, publish:FILTER, "
                    f"or a role ({', '.join(ROLES)})"
                )
        return cls(
            tuple(dict.fromkeys(subscribe)),
            tuple(dict.fromkeys(publish)),
            name,
            admin,
            expires,
            rates,
            key_id,
        )

    def may_subscribe(self, filter_: Filter) -> bool:
        """Whether one permission covers the filter whole: nothing is narrowed silently."""
        return any(permission.covers(filter_) for permission in self.subscribe)

    def may_publish(self, topic: Topic) -> bool:
        return any(permission.matches(topic) for permission in self.publish)

    @property
    def publishes_everything(self) -> bool:
        return _ALL in self.publish


EVERYTHING = Access(subscribe=(_ALL,), publish=(_ALL,), name="machine", admin=True)
"""The server's own key's."""


def _filter(permission: str, written: str) -> Filter:
    """A permission's filter. One that reaches no event there is, is a slip of the pen."""
    if not permission.isprintable():
        raise ValueError(f"{permission!r} has characters that nobody can see")
    if not written or written.startswith(":") or written.endswith((":", ",")):
        raise ValueError(f"{permission!r} has an empty part; say * for any")
    try:
        filter_ = Filter.parse(written)
    except ProtocolError as error:
        raise ValueError(f"{permission[:64]!r}…: {error.message}") from error
    for event in filter_.events or ("*",):
        if not Filter(filter_.resource, "*", (event,)).pairs:
            raise ValueError(
                f"{permission!r} reaches no event there is; check the resource and {event!r}"
            )
    return filter_
