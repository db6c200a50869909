"""The broker that forgets when the process ends; a new process begins new epochs."""

import secrets
import time
from collections.abc import Callable, Sequence

from tui.protocol import codec
from tui.protocol.catalog import RESOURCES
from tui.protocol.errors import ProtocolError
from tui.server.brokers import Deliver, Draft, Outcome, Page, Position, Stored
from tui.server.brokers.newest import NewestState
from tui.server.brokers.recent import RecentIds
from tui.server.brokers.ring import Ring

RING_BYTES = 8 * 1024 * 1024
"""History kept for each resource."""
STATE_KEYS = 10_000
"""State keys kept for each resource."""
STATE_BYTES = 8 * 1024 * 1024
"""Newest state kept for each resource."""
STATE_SECONDS = 24 * 3600.0
DEDUPE_SECONDS = 300.0
DEDUPE_IDS = 1_000_000
"""Some 200 MB of ids at the very most, at more than 3,300 events a second for five minutes."""


class MemoryBroker:
    """`Broker` in memory; nothing here ever waits. `clock` gives Unix seconds."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.time,
        ring_bytes: int = RING_BYTES,
        state_keys: int = STATE_KEYS,
        state_bytes: int = STATE_BYTES,
        state_seconds: float = STATE_SECONDS,
        dedupe_seconds: float = DEDUPE_SECONDS,
        dedupe_ids: int = DEDUPE_IDS,
    ) -> None:
        self.deliver: Deliver = _nobody
        self._clock = clock
        self._ids = RecentIds(dedupe_seconds, dedupe_ids)
        self._streams = {
            resource: _Stream(Ring(ring_bytes), NewestState(state_keys, state_bytes, state_seconds))
            for resource in RESOURCES
        }

    async def publish(self, drafts: Sequence[Draft]) -> list[Outcome]:
        now = self._clock()
        outcomes: list[Outcome] = []
        stored = []
        for draft in drafts:
            try:
                if not self._ids.seen(draft.id, now):
                    stored.append(self._streams[draft.topic.resource].store(draft, now))
                    self._ids.add(draft.id, now)
                outcomes.append(None)
            except ProtocolError as refusal:
                refusal.message_id = draft.id
                outcomes.append(refusal)
        if stored:
            self.deliver(stored)
        return outcomes

    def position(self, resource: str) -> Position:
        stream = self._streams[resource]
        return Position(stream.epoch, stream.ring.last)

    def snapshot(self, resource: str) -> list[Stored]:
        return self._streams[resource].state.present(self._clock())

    async def read(self, resource: str, after: int, limit: int) -> Page:
        return self._streams[resource].ring.read(after, limit)

    async def since(self, resource: str, moment: float) -> int:
        return self._streams[resource].ring.since(moment)


class _Stream:
    def __init__(self, ring: Ring, state: NewestState) -> None:
        self.epoch = secrets.token_hex(8)
        self.ring = ring
        self.state = state

    def store(self, draft: Draft, now: float) -> Stored:
        offset = self.ring.last + 1
        plain, v1 = codec.encode_stored(draft.raw, offset)
        event = Stored(offset, draft.type, draft.topic, draft.key, now, plain, v1)
        self.ring.append(event)
        self.state.put(event)
        return event


def _nobody(_events: Sequence[Stored]) -> None:
    """Where stored events go until a gateway listens."""
