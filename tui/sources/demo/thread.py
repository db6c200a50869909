"""The demo's publishers: a client of their own, in a thread of its own.

A terminal that stalls the screen's event loop must not stall who publishes.
"""

import asyncio
import threading

from tui.client import Client
from tui.sources.demo.player import play


class DemoThread:
    """Plays the story to the server at `url` until it is stopped."""

    def __init__(self, url: str, token: str | None, seed: int, speed: float) -> None:
        self._url = url
        self._token = token
        self._seed = seed
        self._speed = speed
        self._loop: asyncio.AbstractEventLoop | None = None
        self._playing: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._run, name="demo", daemon=True)
        self._ready = threading.Event()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the story; returns once the thread has ended."""
        self._ready.wait()
        if self._loop is not None and self._playing is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._playing.cancel)
        self._thread.join()

    def _run(self) -> None:
        with asyncio.Runner() as runner:
            runner.run(self._play())

    async def _play(self) -> None:
        client = Client(self._url, self._token, source="demo")
        self._loop = asyncio.get_running_loop()
        self._playing = self._loop.create_task(play(client, seed=self._seed, speed=self._speed))
        self._ready.set()
        client.start()
        try:
            await asyncio.wait([self._playing])
        finally:
            await client.close()
