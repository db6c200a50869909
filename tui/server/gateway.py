"""Where connections, their subscriptions and the broker meet."""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Collection, Sequence
from functools import partial
from math import ceil
from typing import Any

from tui.protocol.express import Draft
from tui.protocol.text import clean
from tui.server import layers
from tui.server.auth import Access, Authority
from tui.server.brokers import Broker, Outcome, Stored
from tui.server.connection import Connection
from tui.server.flush import Flush, Loop
from tui.server.layers import Layer
from tui.server.limits.rates import RateLimits
from tui.server.limits.sizes import DEFAULTS, Limits
from tui.server.metrics import Metrics
from tui.server.peer import Peer
from tui.server.session import Session
from tui.server.trace import Direction, Tracer
from tui.server.traced import TracedPeer

SHARES = 10
"""What many connections are divided into; of fewer, each is a share of its own."""
_log = logging.getLogger(__name__)


class Gateway:
    """publish -> broker -> each matching connection, once. `clock` gives Unix seconds."""

    def __init__(
        self,
        broker: Broker,
        authority: Authority,
        *,
        loop: Loop,
        rates: RateLimits | None = None,
        limits: Limits = DEFAULTS,
        tracer: Tracer | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.limits = limits
        self.metrics = Metrics()
        self.metrics.queue_bytes = lambda: sum(one.queue_bytes for one in self.connections)
        self.metrics.broker_lag = lambda: broker.lag
        self.connections: dict[Connection, None] = {}
        """In the order in which they came."""
        self._broker = broker
        self._authority = authority
        self._rates = rates
        self._tracer = tracer
        self._clock = clock
        self._flush = Flush(loop, self.metrics)
        self._plain = layers.plain(self.metrics)
        self._plain_gzip = layers.plain_gzip(self.metrics)
        self._v1 = layers.v1()
        self._layers: list[Layer] = []
        """Those that anybody ever read."""
        self._due: list[Connection] = []
        """Those that are still to be looked after in this round."""
        self._share = 0
        self.spacing = 1.0
        """Seconds until the next share is due."""
        broker.deliver = self._deliver

    def connect(
        self,
        access: Access | None,
        peer: Peer,
        *,
        v1: bool,
        gzip: bool = False,
        address: str = "",
        judged: Callable[[bool], None] | None = None,
    ) -> Connection:
        """A client whose handshake is done; `judged` hears whether a token in band was good."""
        session = Session(
            f"client-{secrets.token_hex(8)}",
            self._authority,
            access,
            self._clock,
            v1=v1,
            metrics=self.metrics,
            rates=self._rates,
            limits=self.limits,
            judged=judged,
        )
        layer = self._v1 if v1 else self._plain_gzip if gzip else self._plain
        if layer not in self._layers:
            self._layers.append(layer)
        if self._tracer:
            peer = TracedPeer(peer, partial(self._trace, session, "out"))
        connection = Connection(
            session,
            self._broker,
            layer,
            peer,
            self._flush,
            self.metrics,
            gzip=gzip,
            address=address,
            since=self._clock(),
        )
        if self._tracer:
            connection.on_frame = partial(self._trace, session, "in")
        self.connections[connection] = None
        self.metrics.connected()
        _log.info("a client has connected", extra=_who(connection))
        return connection

    def disconnect(
        self, connection: Connection, code: int | None = None, reason: str | None = None
    ) -> None:
        self.connections.pop(connection, None)
        self.metrics.disconnected()
        connection.forget()
        ending = {"code": code, "reason": clean(reason or "", 200)}
        _log.info("a client has gone", extra=_who(connection) | ending)

    def tick(self) -> None:
        """Look after the next share of the connections; to be called again after `spacing`.

        Each has its turn once a second.
        """
        if not self._due:
            self._due = list(self.connections)
            self._share = ceil(len(self._due) / SHARES)
            self.spacing = self._share / len(self._due) if self._due else 1.0
        for connection in self._due[-self._share :]:
            connection.tick()
        del self._due[-self._share :]

    async def publish(self, drafts: Sequence[Draft]) -> Sequence[Outcome]:
        """For publishers that are not connections."""
        answered: asyncio.Future[Sequence[Outcome]] = asyncio.get_running_loop().create_future()
        since = self._flush.time()
        self._broker.publish(drafts, partial(_answer, answered))
        outcomes = await answered
        self.metrics.published(self._flush.time() - since)
        return outcomes

    def _trace(self, session: Session, direction: Direction, frame: bytes) -> None:
        if self._tracer:
            name = session.access.name if session.access else ""
            self._tracer.frame(direction, session.client_id, name, frame)

    def _deliver(self, events: Sequence[Stored]) -> None:
        for layer in self._layers:
            match, encode, offered = layer.index.match, layer.encode, layer.offered
            waiting: Collection[Any] = ()
            size = 0
            for event in events:
                readers = match(event.topic)
                if not readers:
                    continue
                form = encode(event)
                for reader in readers:
                    reader.offer(form)
                if readers is not waiting:
                    self._flush.gather(waiting, size)
                    waiting, size = readers, 0
                size += len(event.plain)
                offered(event.type, len(event.plain), len(readers))
            self._flush.gather(waiting, size)


def _answer(waiting: "asyncio.Future[Sequence[Outcome]]", outcomes: Sequence[Outcome]) -> None:
    if not waiting.done():  # whoever waited may have gone
        waiting.set_result(outcomes)


def _who(connection: Connection) -> dict[str, object]:
    """What a log says of a client."""
    access = connection.access
    return {
        "client": connection.client_id,
        "key": access.name if access else None,
        "address": connection.address,
        "layer": "v1" if connection.v1 else "plain",
    }
