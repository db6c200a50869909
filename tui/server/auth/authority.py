"""Who turns tokens into access: one key with all permissions, and several authorities as one."""

import hmac
from typing import Protocol

from tui.server.auth.access import EVERYTHING, Access


class Authority(Protocol):
    """Turns tokens into access."""

    def check(self, token: str) -> Access | None:
        """What the token allows; None where it is not a good one, or no longer."""

    def current(self, access: Access) -> Access | None:
        """What the holder of an access that was given may do now; None where it was taken back.

        The same object where nothing has changed, and where it is another authority's.
        """


class ApiKey:
    """One key with all permissions."""

    def __init__(self, key: str) -> None:
        if not key:
            raise ValueError("an empty key would let everyone in")
        self._key = _comparable(key)

    def check(self, token: str) -> Access | None:
        # In constant time: how long a comparison takes must not tell how much of it was right.
        return EVERYTHING if hmac.compare_digest(_comparable(token), self._key) else None

    def current(self, access: Access) -> Access | None:
        return access


class Authorities:
    """Several as one: the first that knows a token says what it allows."""

    def __init__(self, *authorities: Authority) -> None:
        self._authorities = authorities

    def check(self, token: str) -> Access | None:
        for authority in self._authorities:
            if access := authority.check(token):
                return access
        return None

    def current(self, access: Access) -> Access | None:
        for authority in self._authorities:
            present = authority.current(access)
            if present is not access:
                return present
        return access


def _comparable(token: str) -> bytes:
    return token.encode("utf-8", "backslashreplace")
