"""A wake-up call for all who wait at this moment, each of whom then looks again for itself."""

import asyncio


class Pulse:
    def __init__(self) -> None:
        self._waiters: dict[asyncio.Future[None], None] = {}

    def beat(self) -> None:
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def wait(self) -> None:
        waiter = asyncio.get_running_loop().create_future()
        self._waiters[waiter] = None
        try:
            await waiter
        finally:
            del self._waiters[waiter]
