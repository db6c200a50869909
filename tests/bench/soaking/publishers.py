"""Who publishes: the SDK behind a proxy, and by hand, which sends what it has sent already."""

import asyncio
from contextlib import suppress
from random import Random
from typing import Any

from tests.bench.soaking.ledger import Ledger
from tests.bench.soaking.story import Made, Story
from tests.support.frames import TOKEN, messages
from tests.support.raw import RawSocket, open_raw
from tui.client import Client, ClientOptions, Reconnect

ANSWER_SECONDS = 20.0
"""How long a frame may go unanswered before a publisher tries another connection."""


class Pace:
    """How fast each publisher goes (events a second), until all are to finish."""

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self.finished = False


class SdkPublisher:
    """`tui.client`: publishes a handful, and waits until it is acknowledged."""

    def __init__(self, name: str, url: str, ledger: Ledger, randomness: Random, pace: Pace) -> None:
        self.name = name
        self.client = Client(
            url,
            TOKEN,
            source=name,
            options=ClientOptions(reconnect=Reconnect(max_delay=1.0)),
            randomness=randomness,
        )
        self._story = Story(name, randomness)
        self._ledger = ledger
        self._random = randomness
        self._pace = pace

    async def run(self) -> None:
        """Publish until all are to finish."""
        self.client.start()
        while not self._pace.finished:
            count = self._random.randrange(1, 40)
            await self.publish([self._story.next() for _ in range(count)])
            await asyncio.sleep(count / self._pace.rate)

    async def publish(self, events: list[Made]) -> None:
        for made in events:
            self._ledger.publish(made)
            await self.client.publish(made.type, made.data, event_id=made.id, source=made.topic.id)
        while not await self.client.flush(ANSWER_SECONDS):
            if self.client.status.phase == "stopped":
                self._ledger.wrong(f"{self.name}: stopped: {self.client.status.reason}")
                return
        if self.client.refused or self.client.dropped:
            lost = f"{self.client.refused} refused, {self.client.dropped} dropped"
            self._ledger.wrong(f"{self.name}: {lost}")
        else:
            self._ledger.acknowledge(made.id for made in events)

    async def mark(self, type_: str, who: str) -> Made:
        """An event by which a reader can tell that it has everything before it."""
        made = self._story.next(type_=type_, who=who)
        await self.publish([made])
        return made


class RawPublisher:
    """v1 by hand: each frame until it is acknowledged, some of them twice, some cut off."""

    def __init__(self, name: str, url: str, ledger: Ledger, randomness: Random, pace: Pace) -> None:
        self.name = name
        self._url = url
        self._ledger = ledger
        self._random = randomness
        self._pace = pace
        self._story = Story(name, randomness)
        self._raw: RawSocket | None = None
        self._turn = asyncio.Lock()

    async def run(self) -> None:
        """Publish until all are to finish."""
        while not self._pace.finished:
            count = self._random.randrange(1, 60)
            await self.publish([self._story.next() for _ in range(count)])
            await asyncio.sleep(count / self._pace.rate)

    async def burst(self, count: int, size: int | None, type_: str | None = None) -> None:
        """So many events, as fast as the server takes them."""
        batch = max(1, 180_000 // (size or 900))
        async with self._turn:
            for start in range(0, count, batch):
                most = min(batch, count - start)
                await self.publish([self._story.next(size=size, type_=type_) for _ in range(most)])

    def hang_up(self) -> None:
        if self._raw is not None:
            self._raw.reset()
            self._raw = None

    async def publish(self, events: list[Made]) -> None:
        for made in events:
            self._ledger.publish(made)
        waiting = {made.id: made.raw for made in events}
        habit = self._random.choice(["once", "once", "once", "twice", "again", "cut", "cut short"])
        while waiting:
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    await self._send(waiting, habit)
            except (OSError, TimeoutError):
                self.hang_up()
                self._ledger.counts["frames sent again on another connection"] += 1
                await asyncio.sleep(0.1)
            habit = "once"
        if habit == "again":  # long acknowledged, and sent once more
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(ANSWER_SECONDS):
                    await self._send({made.id: made.raw for made in events}, "once")

    async def _send(self, waiting: dict[str, bytes], habit: str) -> None:
        """Send what waits in one frame; take out of it what is acknowledged."""
        raw = self._raw
        if raw is None or raw.ending is not None:
            raw = self._raw = await open_raw(self._url, TOKEN, v1=True)
        payload = b"[" + b",".join(waiting.values()) + b"]"
        if habit == "cut short":
            raw.transport.write(b"\x81\xff" + len(payload).to_bytes(8, "big") + bytes(4))
            raw.transport.write(payload[: len(payload) // 2])
            await raw.drained()
            self.hang_up()
            raise ConnectionError("half a frame, by our own will")
        times = 2 if habit == "twice" else 1
        for _ in range(times):
            raw.send(payload)
        if habit == "cut":
            await raw.drained()
            await asyncio.sleep(self._random.uniform(0, 0.02))
            self.hang_up()
            raise ConnectionError("cut, by our own will")
        await asyncio.sleep(await self._answers(raw, waiting, times))

    async def _answers(self, raw: RawSocket, waiting: dict[str, bytes], times: int) -> float:
        """Until all is answered; seconds to wait before what was refused may be sent again."""
        unanswered = dict.fromkeys(waiting, times)
        pause = 0.0
        while any(unanswered.values()):
            payload = await raw.frame()
            if payload is None:
                raise ConnectionError("closed")
            for message in messages([payload]):
                pause = max(pause, self._answered(message, waiting, unanswered))
        return pause

    def _answered(
        self, message: dict[str, Any], waiting: dict[str, bytes], unanswered: dict[str, int]
    ) -> float:
        data = message["data"]
        if message["type"] == "publish_ack":
            self._ledger.acknowledge(data["ids"])
            for id_ in data["ids"]:
                waiting.pop(id_, None)
                unanswered[id_] -= 1
        elif message["type"] == "error":
            id_ = message["metadata"]["correlationId"]
            unanswered[id_] -= 1
            if data["code"] in ("rate_limited", "unavailable"):
                self._ledger.counts[f"publishes refused: {data['code']}"] += 1
                return float(data.get("retryAfterMs", 200)) / 1000
            self._ledger.wrong(f"{self.name}: {id_} is refused: {data}")
            waiting.pop(id_, None)
        return 0.0
