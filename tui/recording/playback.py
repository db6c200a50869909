"""When what is in a recording happens again."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from tui.recording.fault import Damage, RecordingError
from tui.recording.reading import envelopes

IDLE = 5.0
"""Seconds of the recording that a stretch without events lasts at most, when it is replayed."""
_FURTHEST = 8.64e15
"""Milliseconds: where the protocol's time ends."""
_SLICE = 0.005
"""Seconds of events at once, between two turns of the loop."""


def moment(envelope: Mapping[str, Any]) -> float | None:
    """When it was recorded, or else what its own timestamp says (Unix ms)."""
    metadata = envelope.get("metadata")
    recorded = metadata.get("recorded") if isinstance(metadata, dict) else None
    for value in (recorded, envelope.get("timestamp")):
        if isinstance(value, bool) or not isinstance(value, int | float):
            continue
        if abs(value) <= _FURTHEST:
            return float(value)
    return None


class Schedule:
    """The recorded clock against the seconds since a replay began; pure.

    Between two events it runs steadily: at the replay's speed, or, where nothing happens for
    longer than `IDLE`, so much faster that this stretch lasts `IDLE`. It stands still for an event
    that is a little older than the one before, and follows a clock that was set back.
    """

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._last: tuple[float, float] | None = None
        self._next: tuple[float, float] | None = None
        """Seconds since the beginning, and what the recorded clock says then (Unix ms)."""

    def due(self, when: float | None) -> float:
        """When the next event is due, in seconds since the beginning; ask in the file's order."""
        self._last = self._next
        if self._last is None:
            self._next = None if when is None else (0.0, when)
            return 0.0
        due, clock = self._last
        if when is None or clock - IDLE * 1000 <= when <= clock:
            return due
        ahead = max(0.0, when - clock) / 1000
        due += min(ahead, IDLE) / self._speed
        self._next = due, when
        return due

    def clock(self, elapsed: float) -> float:
        """What the recorded clock says so many seconds after the beginning (Unix ms)."""
        if self._next is None:
            return 0.0
        due, clock = self._next
        if elapsed >= due or self._last is None:
            return clock
        last_due, last_clock = self._last
        return last_clock + (clock - last_clock) * max(0.0, elapsed - last_due) / (due - last_due)


class Playback:
    """A recording's envelopes, each when it is due; iterate once, and `close`.

    What happens faster than it can be taken is not waited for, so delays never add up. Raises
    RecordingError where the file is none, or empty; `damage` tells what was wrong with the rest.
    """

    def __init__(
        self,
        path: Path,
        speed: float = 1.0,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`speed` above zero: 2 is twice as fast."""
        self.path = path
        self.speed = speed
        self.damage = Damage()
        self._monotonic = monotonic
        self._sleep = sleep
        self._schedule = Schedule(speed)
        self._begun: float | None = None
        self._read = envelopes(path, self.damage)
        first = next(self._read, None)
        if first is None:
            raise RecordingError(f"{path}: there is no event in it")
        self._envelopes = chain([first], self._read)
        self._schedule.due(moment(first[1]))

    def clock(self) -> float:
        """What the recorded clock says now (Unix ms): from the first event on, up to the last."""
        elapsed = 0.0 if self._begun is None else self._monotonic() - self._begun
        return self._schedule.clock(elapsed)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        begun = turn = self._begun = self._monotonic()
        for raw, envelope in self._envelopes:
            now = self._monotonic()
            wait = begun + self._schedule.due(moment(envelope)) - now
            if wait > 0 or now - turn > _SLICE:
                await self._sleep(max(0.0, wait))
                turn = self._monotonic()
            yield raw

    def close(self) -> None:
        self._read.close()
