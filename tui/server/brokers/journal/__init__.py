"""The broker that remembers: an acknowledged event survives the server's end, and a power cut.

A publish waits for the commit that has it, and is delivered and answered after that. What happens
meanwhile is the next commit: the slower the disk, the more goes into one.
"""

import asyncio
import logging
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from tui.protocol.errors import ErrorCode, ProtocolError
from tui.protocol.express import Draft
from tui.server.brokers import OVERHEAD, Answer, Deliver, Outcome, Page, Position, Stored
from tui.server.brokers.journal.file import is_corrupt, resolved
from tui.server.brokers.journal.history import History
from tui.server.brokers.journal.log import Log
from tui.server.brokers.journal.retention import RETENTION, Retention
from tui.server.brokers.journal.segment import MalformedError
from tui.server.brokers.journal.writer import Job, Writer
from tui.server.brokers.memory import nobody
from tui.server.brokers.stream import RING_BYTES, Stream
from tui.server.limits.sizes import DEFAULTS, Limits

QUEUE_BYTES = 8 * 1024 * 1024
"""What may wait for the disk, and one publish more. Beyond it only ids wait, to be refused."""
FULL_RETRY_MS = 250
"""When to try again what came while too much waited."""
FAILED_RETRY_MS = 1000
"""When to try again what could not be written or read."""
SAY_SECONDS = 60.0
"""How often the same trouble is told."""

T = TypeVar("T")
_log = logging.getLogger(__name__)


class JournalBroker:
    """`Broker` on a SQLite file, from `open` to `aclose`, or within `async with`.

    The file is this process's alone meanwhile. `clock` gives Unix seconds, `steady` those of a
    clock that is never set. Raises ServerError where `path` leads nowhere.
    """

    def __init__(
        self,
        path: Path,
        *,
        ring_bytes: int = RING_BYTES,
        limits: Limits = DEFAULTS,
        retention: Retention = RETENTION,
        clock: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self.deliver: Deliver = nobody
        self.healthy = True
        self._path = path = resolved(path)
        self._ring_bytes = ring_bytes
        self._limits = limits
        self._clock = clock
        self._steady = steady
        self._log = Log(path, limits=limits, retention=retention, clock=clock, steady=steady)
        self._history = History(path)
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="autosdlc-history")
        self._streams: dict[str, Stream] = {}
        self._writer: Writer | None = None
        self._waiting: deque[Job] = deque()
        self._queued = 0
        self._said = float("-inf")
        self._is_broken = False
        """Whether the file is, so that there is nothing to be read in it."""
        self._renewing: asyncio.Task[None] | None = None
        self._is_abandoned = False
        """Whether the writer was left behind, and what it has to say is of no use."""

    async def open(self) -> None:
        """Raises ServerError, which says what is wrong with the file."""
        writer = Writer(self._log, self)
        for name, found in (await writer.open()).items():
            stream = Stream(found.epoch, self._ring_bytes, self._limits, found.last)
            for event in found.state:
                stream.state.put(event)
            self._streams[name] = stream
        self._writer = writer

    def hurry(self) -> None:
        """It is to be closed soon: from now on, where one commit fails, all that waits fails."""
        if self._writer is not None:
            self._writer.is_hurried = True

    async def aclose(self, seconds: float | None = None) -> None:
        """Store and answer what was published so far, and refuse all else.

        What is not in the file after so many seconds is refused, too, and may be there later.
        """
        writer, self._writer = self._writer, None
        if writer is None:
            return
        writer.is_hurried = True
        try:
            async with asyncio.timeout(seconds):
                await self._finish(writer)
        except TimeoutError:
            _log.error("the journal %s is not done in time, and left as it is", self._path)
            self._answer(list(self._waiting), "the disk takes too long, and the server is stopping")
            self._is_abandoned = True
        self._reader.shutdown(wait=not self._is_abandoned)

    async def _finish(self, writer: Writer) -> None:
        if self._renewing is not None:
            await asyncio.wait([self._renewing])
        # The last to let go of the file tidies up, and only the writer can.
        await self._in_thread(self._history.close)
        await writer.close()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    def publish(self, drafts: Sequence[Draft], answer: Answer) -> None:
        ids = [draft.id for draft in drafts]
        if self._writer is None:
            answer(_refusals(ids, "the server is going away", FAILED_RETRY_MS))
            return
        size = sum([len(draft.kept) for draft in drafts]) + OVERHEAD * len(drafts)
        refused = bool(self._waiting) and self._queued + size > QUEUE_BYTES
        if refused:
            drafts, size = (), 0
        job = Job(ids, answer, drafts, size, self._steady(), refused)
        self._waiting.append(job)
        self._queued += job.size
        self._writer.put(job)

    def position(self, resource: str) -> Position:
        return self._streams[resource].position

    def snapshot(self, resource: str) -> list[Stored]:
        return self._streams[resource].state.present(self._clock())

    async def read(self, resource: str, after: int, limit: int) -> Page:
        ring = self._streams[resource].ring
        if after + 1 >= ring.first:
            return ring.read(after, limit)
        page = await self._ask(self._history.read, resource, after, ring.last, limit)
        # Where the file is kept small, or is a new one, memory reaches further back.
        if page is None or not page.events or page.first > ring.first:
            page = ring.read(after, limit)
        return page

    async def since(self, resource: str, moment: float) -> int:
        ring = self._streams[resource].ring
        before = ring.since(moment)
        if before is None:
            before = await self._ask(self._history.since, resource, moment)
            before = ring.first - 1 if before is None else min(before, ring.first - 1)
        return before

    @property
    def lag(self) -> float:
        return self._steady() - self._waiting[0].since if self._waiting else 0.0

    def stored(self, jobs: list[Job], events: list[Stored]) -> None:
        """`Owner`: the writer's word that these are in the file."""
        self._is_broken = False
        if not self.healthy:
            self.healthy = True
            _log.warning("the journal %s can be written again", self._path)
        for event in events:
            self._streams[event.topic.resource].add(event)
        if events:
            self.deliver(events)
        self._answer(jobs, "")

    def failed(self, jobs: list[Job], error: Exception) -> None:
        """`Owner`: the writer's word that these are not."""
        self.healthy = False
        if self._steady() - self._said >= SAY_SECONDS:
            self._said = self._steady()
            _log.error("the journal %s cannot be written: %s", self._path, error)
        self._answer(jobs, f"the journal cannot be written: {error}")

    def broken(self, error: Exception) -> None:
        """`Owner`: the writer waits to begin a new file, where memory stands."""
        del error
        self._is_broken = True
        if self._writer is not None and (self._renewing is None or self._renewing.done()):
            work = self._renew(self._writer)
            self._renewing = asyncio.get_running_loop().create_task(work)

    async def _renew(self, writer: Writer) -> None:
        await self._in_thread(self._history.close)
        now = self._clock()
        writer.begin_anew(
            [event for stream in self._streams.values() for event in stream.state.present(now)]
        )

    def _answer(self, jobs: list[Job], trouble: str) -> None:
        if self._is_abandoned:
            return
        for job in jobs:
            self._waiting.popleft()
            self._queued -= job.size
            if job.refused:
                why = "more is published than the disk takes"
                job.answer(_refusals(job.ids, why, FULL_RETRY_MS))
            elif trouble:
                job.answer(_refusals(job.ids, trouble, FAILED_RETRY_MS))
            else:
                job.answer([None] * len(job.ids))

    async def _ask(self, question: Callable[..., T], *what: object) -> T | None:
        """What the file says; None where it is broken, and so says nothing."""
        writer = self._writer
        if self._is_broken or writer is None:
            return None
        number = writer.files
        try:
            return await self._in_thread(question, *what)
        except (sqlite3.Error, MalformedError) as error:
            if not is_corrupt(error):
                raise ProtocolError(
                    ErrorCode.UNAVAILABLE,
                    f"the journal cannot be read: {error}",
                    retry_after_ms=FAILED_RETRY_MS,
                ) from error
            writer.report(error, number)
            return None

    async def _in_thread(self, work: Callable[..., T], *what: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._reader, work, *what)


def _refusals(ids: Sequence[str], why: str, retry_after_ms: int) -> list[Outcome]:
    return [
        ProtocolError(ErrorCode.UNAVAILABLE, why, message_id=id_, retry_after_ms=retry_after_ms)
        for id_ in ids
    ]
