"""A client's WebSocket, which tells when data comes in, and not only when a message is whole.

A large frame may take longer over a slow link than a link may be silent. What is as small as a ping
or a pong says nothing: a proxy on the way may send them, though nobody is behind it.
"""

from collections.abc import Callable

from websockets.asyncio.client import ClientConnection

CONTROL_FRAME = 2 + 125
"""Bytes of a control frame at most (RFC 6455, 5.5), not masked."""


class Socket(ClientConnection):
    on_data: Callable[[], None] | None = None

    def data_received(self, data: bytes) -> None:
        if self.on_data is not None and len(data) > CONTROL_FRAME:
            self.on_data()
        super().data_received(data)
