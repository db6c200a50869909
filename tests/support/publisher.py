"""A v1 publisher by hand: as fast as it goes, and it knows what was acknowledged."""

import asyncio
from contextlib import suppress

from tests.support.frames import TOKEN, log, messages
from tests.support.raw import RawSocket, open_raw

RETRY_SECONDS = 0.02
"""How long it waits for a server that is not there."""


class Publisher:
    """One frame unanswered at a time. Ids are `name-00000` and so on."""

    def __init__(self, url: str, name: str, *, batch: int = 500, size: int = 100) -> None:
        self.acknowledged: list[str] = []
        """In the order of the server's word."""
        self.raw: RawSocket | None = None
        self._url = url
        self.name = name
        self._batch = batch
        self._text = "x" * size
        self._published = 0
        self._wanted = 0
        self._reached = asyncio.Event()

    async def publish(self, count: int) -> None:
        """So many events: on one connection after another, until all are acknowledged."""
        for _ in range(0, count, self._batch):
            frame = self._next_frame()
            is_done = False
            while not is_done:
                is_done = await self._try(frame)

    async def publish_until_closed(self) -> None:
        """Until the server ends the connection."""
        self.raw = await open_raw(self._url, TOKEN, v1=True)
        while await self._is_acknowledged(self.raw, self._next_frame()):
            pass

    async def reaches(self, count: int) -> None:
        """Wait until so many events are acknowledged."""
        self._wanted = count
        self._reached.clear()
        if len(self.acknowledged) < count:
            await self._reached.wait()

    def close(self) -> None:
        if self.raw is not None:
            self.raw.reset()

    def _next_frame(self) -> list[str]:
        first = self._published
        self._published += self._batch
        return [f"{self.name}-{n:05d}" for n in range(first, self._published)]

    async def _try(self, ids: list[str]) -> bool:
        with suppress(OSError):
            if self.raw is None or self.raw.ending is not None:
                self.raw = await open_raw(self._url, TOKEN, v1=True)
            return await self._is_acknowledged(self.raw, ids)
        await asyncio.sleep(RETRY_SECONDS)
        return False

    async def _is_acknowledged(self, raw: RawSocket, ids: list[str]) -> bool:
        """Send a frame and wait for its answer; False where the connection ends before."""
        members = [log(id_, agent=self.name, message=self._text) for id_ in ids]
        raw.send(b"[" + b",".join(members) + b"]")
        unanswered = set(ids)
        while unanswered:
            payload = await raw.frame()
            if payload is None:
                return False
            for message in messages([payload]):
                assert message["type"] != "error", message
                if message["type"] == "publish_ack":
                    done = message["data"]["ids"]
                    self.acknowledged += [id_ for id_ in done if id_ in unanswered]
                    unanswered.difference_update(done)
            if len(self.acknowledged) >= self._wanted:
                self._reached.set()
        return True
