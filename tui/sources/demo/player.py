"""Plays the demo's story through a client, on time."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from tui.sources.demo.mapping import dated, event_id, scenario


class Publisher(Protocol):
    """What the player needs of `tui.client.Client`."""

    async def publish(
        self,
        type_: str,
        data: Mapping[str, Any],
        *,
        source: str | None = None,
        event_id: str | None = None,
    ) -> str: ...


async def play(
    client: Publisher,
    *,
    seed: int = 0,
    speed: float = 1.0,
    clock: Callable[[], float] = time.monotonic,
    now: Callable[[], float] = time.time,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Publish the story's beats `speed` times as fast as it tells them, until cancelled.

    Each beat is due by the start, not by the beat before: a late one is sent at once, and delays
    never add up. `clock` in seconds from anywhere, `now` in Unix seconds; `speed` above zero.
    """
    start, start_ms = clock(), now() * 1000
    for index, beat in enumerate(scenario(seed)):
        # Zero only yields: whoever catches up must still let the client send.
        await sleep(max(0.0, start + beat.at / speed - clock()))
        await client.publish(
            beat.type,
            dated(beat.data, start_ms, speed),
            source=beat.source,
            event_id=event_id(seed, index),
        )
