"""The feed of a recording: what is in it goes into the store by the recorded clock.

It takes the place of `feed.Feed`, and needs no server, no socket and no client.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from tui.protocol.text import clean
from tui.recording import Playback, RecordingError
from tui.store import Store
from tui.store.link import Link
from tui.store.logs import LogLine


class Replay:
    """Plays into the store, and keeps the store's link true; `changed` is as in `Feed`."""

    def __init__(self, store: Store, playback: Playback, changed: Callable[[], None]) -> None:
        self.store = store
        self._playback = playback
        self._changed = changed
        self._playing: asyncio.Task[None] | None = None
        self._counted = 0
        """Events when the last second ended."""

    @property
    def name(self) -> str:
        """What is played."""
        return self._playback.path.name

    async def run(self) -> None:
        """Begin, as soon as events can be read."""
        from tui.protocol import codec

        await asyncio.to_thread(codec.warm_up)
        self._playing = asyncio.create_task(self._play(), name="replay")

    async def close(self) -> None:
        if self._playing is not None:
            self._playing.cancel()
            with suppress(asyncio.CancelledError):
                await self._playing
        self._playback.close()

    def tick(self) -> None:
        """Once a second: events a second."""
        if self.store.link.phase == "replay":
            self._show("replay", rate=self.store.events - self._counted)
            self._counted = self.store.events

    def retry_now(self) -> None:
        """There is nothing to connect to."""

    async def _play(self) -> None:
        from tui.protocol.codec import decode_message
        from tui.protocol.errors import ProtocolError
        from tui.protocol.models import UnknownMessage
        from tui.protocol.models.base import Event

        self._show("replay")
        damage = self._playback.damage
        try:
            async for raw in self._playback:
                try:
                    message = decode_message(raw)
                except ProtocolError:
                    damage.skip()
                    continue
                # Whatever else the wire carries is no part of the story.
                if isinstance(message, Event | UnknownMessage):
                    self.store.apply(message)
                    self._changed()
        except RecordingError as error:
            self._say("error", str(error))
        if damage:
            self._say("warn", f"{self._playback.path.name}: {damage}")
        self._show("ended")

    def _say(self, level: str, text: str) -> None:
        """A log line of the dashboard's own."""
        self.store.note(LogLine(self._playback.clock(), "autosdlc", level, clean(text)))

    def _show(self, phase: str, rate: float = 0.0) -> None:
        speed = self._playback.speed
        self.store.set_link(Link(phase, str(self._playback.path), rate=rate, speed=speed))
        self._changed()
