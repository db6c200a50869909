"""The demo's publishers: a client of their own, in a thread of its own.

A terminal that stalls the screen's event loop must not stall who publishes.
"""

import asyncio
import threading
from contextlib import suppress

from tui.client import Client


class DemoThread:
    """Plays the story to the server at `url` until it is stopped."""

    def __init__(self, url: str, token: str | None, seed: int, speed: float) -> None:
        """Raises ValueError where no HTTP header can carry `token`."""
        self._client = Client(url, token, source="demo")
        self._seed = seed
        self._speed = speed
        self._loop: asyncio.AbstractEventLoop | None = None
        self._playing: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._run, name="demo", daemon=True)
        self._ready = threading.Event()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the story; returns once the thread has ended, at once where it never began."""
        if not self._thread.is_alive():
            return
        self._ready.wait()
        if self._loop is not None and self._playing is not None:
            with suppress(RuntimeError):  # the loop has ended by itself
                self._loop.call_soon_threadsafe(self._playing.cancel)
        self._thread.join()

    def _run(self) -> None:
        try:
            with asyncio.Runner() as runner:
                runner.run(self._play())
        finally:
            self._ready.set()  # where it failed before: `stop` must not wait for ever

    async def _play(self) -> None:
        from tui.sources.demo.player import play  # in this thread, while others get on

        self._loop = asyncio.get_running_loop()
        playing = play(self._client, seed=self._seed, speed=self._speed)
        self._playing = self._loop.create_task(playing)
        self._ready.set()
        self._client.start()
        try:
            await asyncio.wait([self._playing])
        finally:
            await self._client.close()
