"""Where connections, the subscription index and the broker meet."""

import secrets
import time
from collections.abc import Callable, Sequence

from tui.protocol.errors import CloseCode
from tui.server.auth import Access, Authority
from tui.server.brokers import Broker, Draft, Outcome, Stored
from tui.server.connection import Connection
from tui.server.session import Session
from tui.server.subscriptions import SubscriptionIndex


class Gateway:
    """publish -> broker -> each matching connection, once. `clock` gives Unix seconds."""

    def __init__(
        self, broker: Broker, authority: Authority, clock: Callable[[], float] = time.time
    ) -> None:
        self._broker = broker
        self._authority = authority
        self._clock = clock
        self._index: SubscriptionIndex[Connection] = SubscriptionIndex()
        self._connections: set[Connection] = set()
        broker.deliver = self._deliver

    def connect(self, access: Access | None, wake: Callable[[], None], *, v1: bool) -> Connection:
        """A client whose handshake is done; `wake` is called when there is something to write."""
        client_id = f"client-{secrets.token_hex(8)}"
        session = Session(client_id, self._authority, access, self._clock, v1=v1)
        connection = Connection(session, self._broker, self._index, wake)
        self._connections.add(connection)
        return connection

    def disconnect(self, connection: Connection) -> None:
        self._connections.discard(connection)
        connection.forget()

    def close(self, code: CloseCode, reason: str) -> None:
        """Tell every client that the server goes away."""
        for connection in self._connections:
            connection.outbox.close(code, reason)

    async def publish(self, drafts: Sequence[Draft]) -> list[Outcome]:
        """For publishers that are not connections."""
        return await self._broker.publish(drafts)

    def _deliver(self, events: Sequence[Stored]) -> None:
        for event in events:
            for connection in self._index.match(event.topic):
                connection.offer(event)
