"""The thread that writes the journal: it takes all that has queued up, and commits it as one."""

import asyncio
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from itertools import chain
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple, Protocol

from tui.protocol.express import Draft
from tui.server.brokers import Answer, Stored
from tui.server.brokers.journal.file import is_corrupt
from tui.server.brokers.journal.log import UPKEEP_SECONDS, Log, Restored

GROUP_BYTES = 1024 * 1024
"""What is committed as one; also what the event loop is given to deliver at once."""
RETRY_SECONDS = 1.0
"""How soon after a failure it is tried again, though nobody publishes."""


class Job(NamedTuple):
    """One call of `publish`."""

    ids: Sequence[str]
    answer: Answer
    drafts: Sequence[Draft]
    """What is to be stored; nothing where it is `refused`."""
    size: int
    since: float
    """When it was published, by a clock that is never set."""
    refused: bool = False
    """Whether there was no room for it; but its answer has its turn like any other."""


class _Broken(NamedTuple):
    """Somebody found the file to be so."""

    error: Exception
    number: int


class _BeginAnew(NamedTuple):
    newest: list[Stored]


class _End:
    pass


_Item = Job | _Broken | _BeginAnew | _End


class Owner(Protocol):
    """Who is told, in the event loop, in the order in which things happen."""

    def stored(self, jobs: list[Job], events: list[Stored]) -> None:
        """What of these jobs was new is in the file."""

    def failed(self, jobs: list[Job], error: Exception) -> None:
        """Nothing of these is, nor anything of those that queue up, until it can be."""

    def broken(self, error: Exception) -> None:
        """The file is, so that nothing is stored until there is a new one: `begin_anew`."""


class Writer:
    """`Log` in a thread of its own."""

    def __init__(self, log: Log, owner: Owner) -> None:
        self._log = log
        self._owner = owner
        self._loop = asyncio.get_running_loop()
        self._items: SimpleQueue[_Item] = SimpleQueue()
        self._opened: asyncio.Future[Mapping[str, Restored]] = self._loop.create_future()
        self._closed: asyncio.Future[None] = self._loop.create_future()
        self.files = 1
        """How many there have been."""
        self._broken: Exception | None = None
        """What is wrong with the file; until there is a new one nothing is written."""
        self.is_hurried = False
        """Whether, once one commit has failed, all that is queued up fails likewise."""
        self._failure: Exception | None = None
        """Why the last attempt to write was none."""
        self._tried = 0.0
        self._busy = False
        """Whether there is more to look after."""
        self._thread = threading.Thread(target=self._run, name="autosdlc-journal", daemon=True)

    async def open(self) -> Mapping[str, Restored]:
        """What the file has. Raises ServerError."""
        self._thread.start()
        try:
            return await self._opened
        except BaseException:
            await self.close()
            raise

    def put(self, job: Job) -> None:
        self._items.put(job)

    def report(self, error: Exception, number: int) -> None:
        """The file was found to be broken, when `files` was so much; `Owner.broken` comes of it."""
        self._items.put(_Broken(error, number))

    def begin_anew(self, newest: list[Stored]) -> None:
        """Set the broken file aside, which nobody has open any more, and go on with this state."""
        self._items.put(_BeginAnew(newest))

    async def close(self) -> None:
        """Finish what was put before; nothing must be put from here on."""
        self.is_hurried = True
        self._items.put(_End())
        await asyncio.shield(self._closed)
        self._thread.join()

    def _run(self) -> None:
        # Where the event loop is gone, nobody is left to tell.
        with suppress(RuntimeError):
            try:
                restored = self._log.open()
                try:
                    self._post(_settle, self._opened, restored)
                    self._work()
                finally:
                    self._log.close()
            except Exception as error:  # noqa: BLE001 - it is raised again, by `open`
                self._post(_reject, self._opened, error)
            finally:
                self._post(_settle, self._closed, None)

    def _work(self) -> None:
        item: _Item | None = None
        while not isinstance(item, _End):
            jobs, item = self._gather(item or self._next(self._pause))
            if jobs:
                self._commit(jobs)
            if isinstance(item, _Broken):
                if item.number == self.files:
                    self._set_broken(item.error)
                item = None
            elif isinstance(item, _BeginAnew):
                self._begin_anew(item.newest)
                item = None
            self._look_after()

    @property
    def _pause(self) -> float:
        """How long to wait for work."""
        if self._busy:
            return 0.0
        return RETRY_SECONDS if self._broken or self._failure else UPKEEP_SECONDS

    def _next(self, wait: float) -> _Item | None:
        try:
            return self._items.get(block=wait > 0, timeout=wait or None)
        except Empty:
            return None

    def _gather(self, item: _Item | None) -> tuple[list[Job], _Item | None]:
        """What is committed as one, and what comes behind it."""
        jobs: list[Job] = []
        size = 0
        while isinstance(item, Job) and size < GROUP_BYTES:
            jobs.append(item)
            size += item.size
            item = self._next(0.0)
        return jobs, item

    def _commit(self, jobs: list[Job]) -> None:
        if trouble := self._broken or (self._failure if self.is_hurried else None):
            self._post(self._owner.failed, jobs, trouble)
            return
        try:
            drafts = chain.from_iterable(job.drafts for job in jobs)
            events = self._log.append(drafts)
        except Exception as error:  # noqa: BLE001 - publishers hear of it, and the thread goes on
            self._fail(jobs, error)
        else:
            self._succeed(jobs, events)

    def _look_after(self) -> None:
        if self.is_hurried:
            self._busy = False
        elif self._broken or self._failure:
            if time.monotonic() - self._tried >= RETRY_SECONDS:
                self._tried = time.monotonic()
                self._try_again()
        elif self._busy or self._log.wants_upkeep:
            try:
                self._busy = self._log.upkeep()
            except Exception as error:  # noqa: BLE001 - as above
                self._busy = False
                self._fail([], error)

    def _try_again(self) -> None:
        if self._broken:
            self._post(self._owner.broken, self._broken)
            return
        try:
            self._log.probe()
        except Exception as error:  # noqa: BLE001 - as above
            self._fail([], error)
        else:
            self._succeed([], [])

    def _begin_anew(self, newest: list[Stored]) -> None:
        if self._broken:
            self._tried = time.monotonic()
            try:
                self._log.begin_anew(newest, self._broken)
            except Exception as error:  # noqa: BLE001 - as above
                self._post(self._owner.failed, [], error)
            else:
                self._broken = None
                self.files += 1
                self._succeed([], [])

    def _succeed(self, jobs: list[Job], events: list[Stored]) -> None:
        self._failure = None
        self._post(self._owner.stored, jobs, events)

    def _fail(self, jobs: list[Job], error: Exception) -> None:
        self._failure = error
        self._tried = time.monotonic()
        self._post(self._owner.failed, jobs, error)
        if is_corrupt(error):
            self._set_broken(error)

    def _set_broken(self, error: Exception) -> None:
        if self._broken is None:
            self._broken = error
            self._post(self._owner.broken, error)

    def _post(self, tell: Callable[..., object], *what: Any) -> None:
        self._loop.call_soon_threadsafe(tell, *what)


def _settle(future: "asyncio.Future[Any]", result: object) -> None:
    if not future.done():
        future.set_result(result)


def _reject(future: "asyncio.Future[Any]", error: Exception) -> None:
    if not future.done():
        future.set_exception(error)
