"""Handlers run here, in a task of their own, never where the socket is read.

Between the two stands a queue bounded in bytes: where handlers are slow, nothing more is read, and
the server sees a slow reader. A handler that raises is logged and stops nothing. However much
there is to do, the loop gets its turn every `SLICE` seconds, so that a screen on it stays alive.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterator
from inspect import isawaitable
from itertools import chain
from time import perf_counter

from tui.client.cancelled import is_ours
from tui.client.delivery import Delivery, Item
from tui.client.handlers import Handler, Handlers
from tui.client.pulse import Pulse
from tui.client.streams import Marks
from tui.protocol.text import clean

log = logging.getLogger(__name__)

SLICE = 0.005
"""Seconds of work between two turns of the loop."""


class Dispatcher:
    def __init__(self, handlers: Handlers, limit: int, handled: Callable[[Marks], None]) -> None:
        self._handlers = handlers
        self._limit = limit
        self._handled = handled
        self._queue: deque[Delivery] = deque()
        self._size = 0
        self._items: Iterator[Item] | None = None
        self._left: tuple[Handler, ...] = ()
        """The handlers that the first of these is still for, where not for all."""
        self._turn = perf_counter()
        self.event_size = 0
        """Bytes of what is handed out now: the mean of all that came with it."""
        self._filled = Pulse()
        self.on_room: Callable[[], None] | None = None
        """Is called once when the queue is not `full`, and forgotten."""
        self._stopping = False

    def put(self, delivery: Delivery) -> None:
        """Queue what a frame brought; ask `full` before reading the next."""
        self._queue.append(delivery)
        self._size += delivery.size
        self._filled.beat()

    @property
    def full(self) -> bool:
        return self._size > self._limit

    def stop(self) -> None:
        """End `run` once the handlers of the present event have returned.

        One of them may ask for it. Whoever is not to be waited for is cancelled with the task.
        """
        self._stopping = True
        self._filled.beat()

    def resume(self) -> None:
        """Take a `stop` back; where `run` has not ended yet, it goes on."""
        self._stopping = False

    async def run(self) -> None:
        """Deliver until `stop`; run again, it goes on where it ended.

        A handler that was cancelled is given its event again then, and so are those behind it.
        """
        while not self._stopping:
            if not self._queue:
                await self._filled.wait()
                self._turn = perf_counter()
                continue
            delivery = self._queue[0]
            if self._items is None:
                self._items = iter(delivery.items)
                self.event_size = delivery.size // (len(delivery.items) or 1)
            if not await self._deliver(self._items):
                return
            if delivery.marks:
                self._handled(delivery.marks)
            self._items = None
            self._queue.popleft()
            self._size -= delivery.size
            if self.on_room and not self.full:
                on_room, self.on_room = self.on_room, None
                on_room()

    async def _deliver(self, items: Iterator[Item]) -> bool:
        """Hand out `items`; False where `stop` came before the last."""
        table, left, self._left = self._handlers, self._left, ()
        for item in items:
            handlers = left or table.by_type.get(item.type, table.others)
            left = ()
            for handler in handlers:
                try:
                    result = handler(item)
                    if result is not None and isawaitable(result):
                        await result
                        self._turn = perf_counter()
                except (Exception, asyncio.CancelledError) as error:
                    if is_ours(error):
                        self._items = chain((item,), items)
                        self._left = handlers[handlers.index(handler) :]
                        raise
                    log.exception("handler %s failed on %s", _name(handler), _name_item(item))
            if self._stopping:
                return False
            if perf_counter() - self._turn > SLICE:
                await asyncio.sleep(0)
                self._turn = perf_counter()
        return True


def _name(handler: Handler) -> str:
    return getattr(handler, "__qualname__", None) or repr(handler)


def _name_item(item: Item) -> str:
    return f"{clean(item.type, 64)} {clean(getattr(item, 'id', None) or '', 128)}"
