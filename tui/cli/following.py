"""Events from servers to standard output, and what is to be said of their connections meanwhile."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from tui.cli.failure import warn
from tui.cli.lines import Lines
from tui.cli.pipes import Output
from tui.cli.place import Place
from tui.client import ConnectionStatus, ConnectionStopped, Denied, Gap
from tui.protocol.models import ErrorMessage
from tui.protocol.models.base import Control, Event
from tui.protocol.text import clean
from tui.protocol.topics import Filter

MISSED = 3
"""The exit code where something was missed."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be printed, and until when."""

    filters: Sequence[Filter]
    since: float | None
    """Seconds that it begins ago; None: it begins now."""
    count: int | None
    until_gap: bool
    wait: float
    """Seconds that a server may take at the start."""


async def follow(places: Sequence[Place], wish: Wish, lines: Lines, output: Output) -> int:
    """Print events until the end; the exit code.

    Raises OSError where standard output cannot be written.
    """
    return await _Tail(wish, lines, output).run(places)


class _Tail:
    """Prints what all servers say, as fast as it is read, and knows when to end."""

    def __init__(self, wish: Wish, lines: Lines, output: Output) -> None:
        self.wish = wish
        self._lines = lines
        self._output = output
        self._printed = 0
        self._code: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def run(self, places: Sequence[Place]) -> int:
        since = None if self.wish.since is None else (time.time() - self.wish.since) * 1000
        followers = [_Follower(self, place, named=len(places) > 1) for place in places]
        running = [asyncio.create_task(one.start(since)) for one in followers]
        running.append(asyncio.create_task(self._until_closed()))
        for task in running:
            task.add_done_callback(self._look_at)
        try:
            return await self._code
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
            await asyncio.gather(*(one.client.close() for one in followers))

    @property
    def has_ended(self) -> bool:
        return self._code.done()

    def end(self, code: int) -> None:
        """End with this exit code, unless it has ended already."""
        if not self.has_ended:
            self._code.set_result(code)

    async def print(self, event: Event | Control, server: str) -> None:
        """Returns once the line is written, so that a slow reader slows the servers."""
        self._printed += 1
        left = 1 if self.wish.count is None else self.wish.count - self._printed
        if self.has_ended or left < 0:
            return
        try:
            await self._output.write(self._lines.line(event, server))
        except BrokenPipeError:
            self.end(0)
        except OSError as error:
            self._fail(error)
        if left == 0:
            self.end(0)

    def missed(self) -> None:
        if self.wish.until_gap:
            self.end(MISSED)

    def _fail(self, error: BaseException) -> None:
        if not self.has_ended:
            self._code.set_exception(error)

    def _look_at(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._fail(error)

    async def _until_closed(self) -> None:
        await self._output.closed()
        self.end(0)


class _Follower:
    """One server."""

    def __init__(self, tail: _Tail, place: Place, *, named: bool) -> None:
        self._tail = tail
        self.client = place.client
        self._name = place.name
        self._prefix = f"{place.name}: " if named else ""
        self._began = False
        self._is_lost = False
        self._reason = ""

    async def start(self, since: float | None) -> None:
        """Return once everything is subscribed to; from then on the client keeps connected."""
        wish, client = self._tail.wish, self.client
        client.on("*", self._on_event)
        client.on("gap", self._on_gap)
        client.on("denied", self._on_denied)
        client.on("error", self._on_error)
        # All before it connects: so they are asked for in one message, which histories need.
        for one in wish.filters or (Filter(),):
            await client.subscribe(one.resource, one.id, one.events, since=since, state=False)
        client.on_status(self._on_status)
        try:
            async with asyncio.timeout(wish.wait):
                await client.connect()
        except TimeoutError:
            self._give_up(self._reason or f"{self._name} did not answer within {wish.wait:g} s")
        except ConnectionStopped as error:
            self._give_up(error.reason)
        else:
            self._began = True
            if since is not None and not client.status.v1:
                self._say("the server speaks the plain protocol, which has no past: this is now")

    def _give_up(self, reason: str) -> None:
        if not self._tail.has_ended:
            self._say(reason)
            self._tail.end(1)

    def _say(self, text: str) -> None:
        warn(self._prefix + clean(text))

    async def _on_event(self, event: Event | Control) -> None:
        await self._tail.print(event, self._name)

    def _on_gap(self, gap: Gap) -> None:
        if not self.client.status.v1:
            return  # of a plain server one line says it, below
        self._say(f"gap: {gap}")
        self._tail.missed()

    def _on_denied(self, denied: Denied) -> None:
        self._give_up(str(denied))

    def _on_error(self, message: ErrorMessage) -> None:
        self._say(f"the server says: {message.data.error}")

    def _on_status(self, status: ConnectionStatus) -> None:
        if status.phase == "waiting":
            self._reason = status.reason or ""
            if not self._is_lost:
                self._is_lost = True
                limit = "" if self._began else f" for {self._tail.wish.wait:g} s"
                self._say(f"{self._reason}; trying again{limit}")
        elif status.phase == "stopped" and self._began:
            self._give_up(status.reason or "the connection has ended")
        elif status.phase == "live" and self._is_lost:
            self._is_lost = False
            self._say(f"connected to {self._name}")
            if self._began and not status.v1:
                self._say("gap: what was said meanwhile is missing; this server cannot tell more")
                self._tail.missed()
