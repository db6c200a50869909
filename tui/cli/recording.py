"""What goes on while `autosdlc-tui record` runs: events from a client into a file."""

import asyncio
import logging
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from tui.client import Client, ConnectionStatus, ConnectionStopped, Gap, Subscription
from tui.protocol.codec import encode
from tui.protocol.models.base import Control, Event, Metadata
from tui.protocol.text import clean
from tui.protocol.topics import Filter
from tui.recording import Recorder, RecordingError

FLUSH_EVERY = 1.0
"""Seconds of events that `kill -9` can cost."""
_LINE = "\r\x1b[K"
"""The terminal's line, empty, from its beginning."""


def stamped(event: Event | Control, now: float) -> bytes:
    """The event as a recording has it, received `now` (Unix ms)."""
    metadata = (event.metadata or Metadata()).model_copy(update={"recorded": now})
    return encode(event.model_copy(update={"metadata": metadata}))


class Narrator:
    """What is told on standard error: what goes wrong, and on a terminal how far it is."""

    def __init__(self, recorder: Recorder, path: Path, terminal: bool) -> None:  # noqa: FBT001
        self._recorder = recorder
        self._path = path
        self._terminal = terminal
        self._reason: str | None = None
        """Why there is no connection now, if that was said."""

    def begin(self, url: str) -> None:
        if self._terminal:
            self.say(f"recording {url} into {self._path}; Ctrl-C ends it")

    def progress(self) -> None:
        if self._terminal:
            click.echo(f"{_LINE}{clean(self._so_far())}", err=True, nl=False)

    def end(self) -> None:
        if self._terminal:
            self.say(self._so_far())

    def say(self, text: str) -> None:
        click.echo(f"{_LINE}{clean(text)}" if self._terminal else clean(text), err=True)

    def _so_far(self) -> str:
        size = self._recorder.size / 1000
        return f"{self._recorder.events:,} events; {self._path} has {size:,.0f} kB"

    def gap(self, gap: Gap) -> None:
        self.say(str(gap))

    def status(self, status: ConnectionStatus) -> None:
        if status.phase == "waiting" and status.reason != self._reason:
            self.say(f"{status.reason}; trying again")
            self._reason = status.reason
        elif status.phase == "live" and self._reason is not None:
            self.say("connected")
            self._reason = None


class Capture:
    """One client, one recorder."""

    def __init__(self, client: Client, recorder: Recorder, said: Narrator) -> None:
        self._client = client
        self._recorder = recorder
        self._said = said
        self._stop = asyncio.Event()
        self._failure: Exception | None = None
        self._subscriptions: list[Subscription] = []

    async def run(self, filters: Sequence[Filter], seconds: float | None) -> None:
        """Record until a signal, or for so many seconds.

        Raises RecordingError, and ConnectionStopped where the server wants nothing of it.
        """
        # What goes wrong is said in a line of our own, not by whoever noticed.
        logging.getLogger("tui").addHandler(logging.NullHandler())
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:  # as `nohup` has it
                loop.add_signal_handler(number, self._stop.set)
        if seconds is not None:
            loop.call_later(seconds, self._stop.set)
        try:
            await self._record(filters)
        finally:
            await self._client.close()
        if self._failure is not None:
            raise self._failure

    async def _record(self, filters: Sequence[Filter]) -> None:
        client = self._client
        client.on("*", self._keep)
        client.on("gap", self._said.gap)
        client.on_status(self._on_status)
        for one in filters:
            self._subscriptions.append(await client.subscribe(one.resource, one.id, one.events))
        client.start()
        while not self._stop.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), FLUSH_EVERY)
            if self._failure is None:
                self._recorder.flush()
                self._said.progress()
                self._look_for_denied()

    def _keep(self, event: Any) -> None:
        try:
            self._recorder.write(stamped(event, time.time() * 1000))
        except RecordingError as error:
            self._fail(error)

    def _on_status(self, status: ConnectionStatus) -> None:
        self._said.status(status)
        if status.phase == "stopped" and not self._stop.is_set():
            self._fail(ConnectionStopped(status.reason))

    def _look_for_denied(self) -> None:
        for subscription in tuple(self._subscriptions):
            if subscription.state == "denied":
                self._subscriptions.remove(subscription)
                self._said.say(f"the server denies {subscription.filter}: {subscription.reason}")
        if not self._subscriptions:
            self._fail(ConnectionStopped("it allows nothing of what was asked for"))

    def _fail(self, error: Exception) -> None:
        self._failure = self._failure or error
        self._stop.set()
