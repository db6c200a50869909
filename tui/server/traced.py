"""A client's socket, with somebody who looks on at what is sent."""

from collections.abc import Callable

from tui.protocol.frames import Splitter
from tui.server.peer import Peer


class TracedPeer:
    """`tell` is given each frame's payload, as it goes out."""

    def __init__(self, peer: Peer, tell: Callable[[bytes], None]) -> None:
        self._peer = peer
        self._tell = tell

    @property
    def writable(self) -> bool:
        return self._peer.writable

    def write(self, data: bytes) -> None:
        frames = Splitter(masked=False, handshake=False)
        for _, _, payload, end in frames.split(data, None):
            self._tell(data[payload:end])
        self._peer.write(data)

    async def drained(self) -> None:
        await self._peer.drained()

    def stalled(self, now: float) -> bool:
        return self._peer.stalled(now)

    async def leave(self, code: int, reason: str) -> None:
        await self._peer.leave(code, reason)

    async def hang_up(self, code: int, reason: str) -> None:
        await self._peer.hang_up(code, reason)

    def abort(self) -> None:
        self._peer.abort()
