"""Tokens without a file."""

from tui.server.auth import Access


class Tokens:
    """An authority whose tokens come and go as a test says."""

    def __init__(self, **known: Access) -> None:
        self.known: dict[str, Access] = dict(known)

    def check(self, token: str) -> Access | None:
        return self.known.get(token)

    def current(self, access: Access) -> Access | None:
        return next((one for one in self.known.values() if one.name == access.name), None)
