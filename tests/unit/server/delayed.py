"""A broker that answers later, as one does that has a disk or a network behind it."""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any

from tui.protocol.errors import ErrorCode, ProtocolError
from tui.protocol.express import Draft
from tui.server.brokers import Answer, Page
from tui.server.brokers.memory import MemoryBroker


class DelayedBroker(MemoryBroker):
    """`delay` seconds pass before anything is stored or read; `unavailable` refuses both then."""

    def __init__(self, delay: float = 0.0, **options: Any) -> None:
        super().__init__(**options)
        self.delay = delay
        self.unavailable = False
        self._last = 0.0
        self._waiting: deque[tuple[Sequence[Draft], Answer]] = deque()

    def publish(self, drafts: Sequence[Draft], answer: Answer) -> None:
        loop = asyncio.get_running_loop()
        # What was published later is never stored before.
        self._waiting.append((drafts, answer))
        self._last = max(self._last, loop.time() + self.delay)
        loop.call_at(self._last, self._publish_next)

    def _publish_next(self) -> None:
        drafts, answer = self._waiting.popleft()
        if self.unavailable:
            answer([_unavailable(one.id) for one in drafts])
        else:
            super().publish(drafts, answer)

    async def read(self, resource: str, after: int, limit: int) -> Page:
        await asyncio.sleep(self.delay)
        if self.unavailable:
            raise _unavailable()
        return await super().read(resource, after, limit)

    async def since(self, resource: str, moment: float) -> int:
        await asyncio.sleep(self.delay)
        if self.unavailable:
            raise _unavailable()
        return await super().since(resource, moment)


def _unavailable(id_: str | None = None) -> ProtocolError:
    return ProtocolError(ErrorCode.UNAVAILABLE, "not now", message_id=id_, retry_after_ms=100)
