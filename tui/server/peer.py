"""The way to one client, as those who write to it know it; `wire.Socket` is one."""

from typing import Protocol


class Link(Protocol):
    """What an outbox writes to."""

    @property
    def writable(self) -> bool:
        """Whether it takes more now."""

    def write(self, data: bytes) -> None:
        """Send whole frames, while it is writable."""

    async def drained(self) -> None:
        """Wait until it is writable."""


class Peer(Link, Protocol):
    """A client's socket, as its connection knows it."""

    def stalled(self, now: float) -> bool:
        """Whether it has taken nothing for long, though something was waiting."""

    async def leave(self, code: int, reason: str) -> None:
        """The closing handshake."""

    async def hang_up(self, code: int, reason: str) -> None:
        """Say why, and end it without the peer's part, who may not read any more."""

    def abort(self) -> None:
        """End it now; what was not sent is lost."""
