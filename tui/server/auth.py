"""Who may come in, and what they may read and publish there.

A token comes in the handshake (`Authorization: Bearer`, or the cookie `auth-token`) or in band
(`auth_request`). The query parameter `token` is not read: addresses end up in logs. What kind of
token an `auth_request` says it has makes no difference: a right one is right.
"""

import hmac
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from tui.protocol.topics import Filter, Topic

COOKIE = "auth-token"
Header = Callable[[str], Sequence[str]]
"""All values of a request's header, by its name."""


@dataclass(frozen=True, slots=True)
class Access:
    """What its holder may do, as sets of filters."""

    subscribe: tuple[Filter, ...] = ()
    publish: tuple[Filter, ...] = ()

    def may_subscribe(self, filter_: Filter) -> bool:
        """Whether one permission covers the filter whole: nothing is narrowed silently."""
        return any(permission.covers(filter_) for permission in self.subscribe)

    def may_publish(self, topic: Topic) -> bool:
        return any(permission.matches(topic) for permission in self.publish)


EVERYTHING = Access(subscribe=(Filter(),), publish=(Filter(),))


class Authority(Protocol):
    """Turns tokens into access."""

    def check(self, token: str) -> Access | None:
        """What the token allows; None where it is not a good one."""


class ApiKey:
    """One key with all permissions."""

    def __init__(self, key: str) -> None:
        if not key:
            raise ValueError("an empty key would let everyone in")
        self._key = _comparable(key)

    def check(self, token: str) -> Access | None:
        # In constant time: how long a comparison takes must not tell how much of it was right.
        return EVERYTHING if hmac.compare_digest(_comparable(token), self._key) else None


class Refusal(NamedTuple):
    """The HTTP answer to a handshake that is turned away."""

    status: int
    text: str


class Doorkeeper:
    """Judges handshakes: first where they come from, then their token, if they bring one."""

    def __init__(self, authority: Authority, origins: Iterable[str] = ()) -> None:
        self._authority = authority
        self._origins = {_origin(origin) for origin in origins}

    def admit(self, header: Header) -> Access | Refusal | None:
        """What the client may do; None where it has yet to say who it is, in band."""
        for origin in header("Origin"):
            if _origin(origin) not in self._origins:
                return Refusal(403, f"Origin {origin} is not among those allowed here.\n")
        token = _token(header)
        if token is None:
            return None
        return self._authority.check(token) or Refusal(401, "The token is not valid here.\n")


def _token(header: Header) -> str | None:
    """The token of a handshake, the header before the cookie; None where there is none."""
    for value in header("Authorization"):
        scheme, _, token = value.strip().partition(" ")
        if scheme.casefold() == "bearer":
            return token.strip()
    for value in header("Cookie"):
        for pair in value.split(";"):
            name, _, token = pair.strip().partition("=")
            if name == COOKIE:
                return token.strip().strip('"')
    return None


def _origin(text: str) -> str:
    return text.strip().rstrip("/").casefold()


def _comparable(token: str) -> bytes:
    return token.encode("utf-8", "backslashreplace")
