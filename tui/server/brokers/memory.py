"""The broker that forgets when the process ends; a new process begins new epochs."""

import secrets
import time
from collections.abc import Callable, Sequence

from tui.protocol.catalog import RESOURCES
from tui.protocol.express import Draft
from tui.server.brokers import Answer, Deliver, Page, Position, Stored
from tui.server.brokers.recent import RecentIds
from tui.server.brokers.stream import RING_BYTES, Stream
from tui.server.limits.sizes import DEFAULTS, Limits

_new = tuple.__new__
"""A named tuple's own takes twice as long."""


class MemoryBroker:
    """`Broker` in memory; nothing here ever waits.

    `clock` gives Unix seconds, `steady` those of a clock that is never set.
    """

    healthy = True
    lag = 0.0

    def __init__(
        self,
        *,
        ring_bytes: int = RING_BYTES,
        limits: Limits = DEFAULTS,
        clock: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self.deliver: Deliver = nobody
        self._clock = clock
        self._steady = steady
        self._ids = RecentIds(limits.dedupe_age, limits.dedupe_ids)
        self._streams = {
            resource: Stream(secrets.token_hex(8), ring_bytes, limits) for resource in RESOURCES
        }

    def publish(self, drafts: Sequence[Draft], answer: Answer) -> None:
        now, steady = self._clock(), self._steady()
        stored = []
        for kept, id_, type_, topic, key in drafts:
            if self._ids.add(id_, steady):
                stream = self._streams[topic.resource]
                event = _new(Stored, (stream.ring.last + 1, type_, topic, key, now, kept))
                stream.add(event)
                stored.append(event)
        self._ids.forget(steady, len(drafts))
        if stored:
            self.deliver(stored)
        answer([None] * len(drafts))

    def position(self, resource: str) -> Position:
        return self._streams[resource].position

    def snapshot(self, resource: str) -> list[Stored]:
        return self._streams[resource].state.present(self._clock())

    async def read(self, resource: str, after: int, limit: int) -> Page:
        return self._streams[resource].ring.read(after, limit)

    async def since(self, resource: str, moment: float) -> int:
        ring = self._streams[resource].ring
        before = ring.since(moment)
        return ring.first - 1 if before is None else before


def nobody(_events: Sequence[Stored]) -> None:
    """Where stored events go until a gateway listens."""
