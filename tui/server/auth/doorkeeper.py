"""Judges requests before anything is read from them: where they come from, then their token.

A token comes as `Authorization: Bearer`, as the cookie `auth-token`, or, only where that is
allowed, as the query parameter `token`: addresses end up in other people's logs. The first of
these that is there decides; a wrong one is not made good by another.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

from tui.server.auth.access import Access
from tui.server.auth.authority import Authority

COOKIE = "auth-token"
PARAMETER = "token"
Header = Callable[[str], Sequence[str]]
"""All values of a request's header, by its name; none where it has no such header."""


class Refusal(NamedTuple):
    """The HTTP answer to a request that is turned away."""

    status: int
    text: str
    retry_after: int | None = None
    """Seconds, for the header of that name."""


class Doorkeeper:
    def __init__(
        self,
        authority: Authority,
        origins: Iterable[str] = (),
        *,
        allow_query_token: bool = False,
    ) -> None:
        self._authority = authority
        self._origins = {_origin(origin) for origin in origins}
        self._allow_query_token = allow_query_token

    def admit(self, header: Header, path: str = "") -> Access | Refusal | None:
        """What the client may do; None where it has yet to say who it is, in band.

        `path` is the request's target with its query, as it came.
        """
        for origin in header("Origin"):
            if _origin(origin) not in self._origins:
                return Refusal(403, f"Origin {origin} is not among those allowed here.\n")
        token = _token(header)
        if token is None and self._allow_query_token:
            token = _query_token(path)
        if token is None:
            return None
        return self._authority.check(token) or Refusal(401, "The token is not valid here.\n")


def _token(header: Header) -> str | None:
    """The token in a request's headers; None where there is none."""
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


def _query_token(path: str) -> str | None:
    try:
        query = urlsplit(path).query
        parameters = parse_qsl(query, keep_blank_values=True, max_num_fields=64)
    except ValueError:
        return None
    return next((value for name, value in parameters if name == PARAMETER), None)


def _origin(text: str) -> str:
    return text.strip().rstrip("/").casefold()
