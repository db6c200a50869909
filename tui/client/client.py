"""The client as programs use it: one object, one connection, many subscriptions.

It belongs to one event loop. Handlers run one after the other in a task of the client's own.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from random import Random, SystemRandom
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from uuid import uuid4

from tui.client.backoff import Backoff
from tui.client.clock import Clock
from tui.client.connection import Connection
from tui.client.dispatch import Dispatcher
from tui.client.handlers import Handler, Handlers
from tui.client.memory import Memory
from tui.client.options import ClientOptions, Token
from tui.client.outbox import Outbox, OutboxError
from tui.client.session import SETTLE
from tui.client.status import ConnectionStatus, ConnectionStopped
from tui.client.subscriptions import Beginning, Subscription
from tui.client.token import checked
from tui.protocol.codec import build_event, encode
from tui.protocol.errors import ErrorCode, ProtocolError
from tui.protocol.models.base import WireModel
from tui.protocol.topics import Filter

if TYPE_CHECKING:
    from tui.client.spool import SpoolFile

log = logging.getLogger(__name__)

_DEFAULTS = ClientOptions()
_CLOCK = Clock()
_AGENT_EVENTS = ("status", "task_update", "log", "metric")
_WORKFLOW_EVENTS = ("started", "step_complete", "complete", "failed")
_CROWDED = 0.5
"""Share of the outbox above which `publish` waits, as long as the server takes events."""


def new_event_id() -> str:
    return f"evt-{uuid4()}"


def _spool(file: Path) -> "SpoolFile":
    from tui.client.spool import SpoolFile  # and with it SQLite, of which a dashboard has no need

    return SpoolFile(file)


class Client:
    def __init__(
        self,
        url: str,
        token: Token | None = None,
        *,
        source: str | None = None,
        options: ClientOptions = _DEFAULTS,
        clock: Clock = _CLOCK,
        randomness: Random | None = None,
        new_id: Callable[[], str] = new_event_id,
    ) -> None:
        """`source` is the `metadata.source` of what is published without one of its own.

        `token` may be a function, a coroutine function too, which is asked at each connection.
        Clock, randomness and ids may be injected. Raises ValueError where no HTTP header can
        carry `token`, OutboxError where `options.outbox_file` cannot be used.
        """
        token = token or options.authentication.token
        token = token if callable(token) else checked(token)
        self._options = replace(
            options, authentication=replace(options.authentication, token=token)
        )
        self._source = source
        self._clock = clock
        self._new_id = new_id
        self._spool = _spool(options.outbox_file) if options.outbox_file else None
        self._memory = Memory(Outbox(options.outbox_bytes, options.outbox_seconds, self._spool))
        self._handlers = Handlers()
        self._dispatcher = Dispatcher(
            self._handlers, options.queue_bytes, self._memory.streams.handled
        )
        self._on_status: dict[object, Callable[[ConnectionStatus], None]] = {}
        self._connection = Connection(
            url,
            self._memory,
            self._dispatcher,
            self._options,
            clock,
            Backoff(options.reconnect, randomness or SystemRandom()),
            self._tell_status,
        )
        self._runs: asyncio.Task[None] | None = None
        self._delivers: asyncio.Task[None] | None = None

    # Connecting.

    def start(self) -> None:
        """Start in the running loop and return at once; the client keeps trying."""
        self._dispatcher.resume()
        if self._delivers is None or self._delivers.done():
            self._delivers = asyncio.create_task(self._dispatcher.run(), name="client delivers")
        if not self._is_running:
            self._runs = self._connection.start()

    async def connect(self) -> None:
        """Start, and return once live; raises ConnectionStopped where it stopped for good."""
        self.start()
        try:
            while self.status.phase != "live" and self._is_running:
                await self._connection.progress.wait()
        except asyncio.CancelledError:
            await self.close()
            raise
        if self.status.phase != "live":
            await self.close()
            raise ConnectionStopped(self.status.reason)

    @property
    def _is_running(self) -> bool:
        return self._runs is not None and not self._runs.done()

    async def close(self) -> None:
        """Disconnect and stop; may be called at any time, from a handler too.

        What is still queued to be published stays queued; `flush` first where it matters. A handler
        that is still awaited is cancelled: after another `start` it is given its event again.
        """
        self._dispatcher.stop()
        current = asyncio.current_task()
        tasks = [t for t in (self._runs, self._delivers) if t is not None and t is not current]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        self._connection.stopped("closed")
        if self._spool:
            self._spool.close()

    async def __aenter__(self) -> Self:
        await self.connect()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    def retry_now(self) -> None:
        """Do not wait for the next try; where the client had stopped, start it again."""
        if self._runs is not None and self._runs.done():
            self.start()
        else:
            self._connection.retry_now()

    @property
    def status(self) -> ConnectionStatus:
        return self._connection.status

    def on_status(self, callback: Callable[[ConnectionStatus], None]) -> Callable[[], None]:
        """Call `callback` at every change of the status, at once; returns how to end that."""
        key = object()
        self._on_status[key] = callback

        def end() -> None:
            self._on_status.pop(key, None)

        return end

    def _tell_status(self, status: ConnectionStatus) -> None:
        for callback in tuple(self._on_status.values()):
            try:
                callback(status)
            except (Exception, asyncio.CancelledError):
                log.exception("a callback for the connection's status failed")

    @property
    def _may_wait(self) -> bool:
        """Whether an answer may come: one to a handler is read only once it has returned.

        So is one to a task which that handler awaits, as soon as much waits for it to return.
        """
        is_handler = asyncio.current_task() is self._delivers
        return self.status.phase == "live" and not is_handler and not self._dispatcher.full

    # Receiving.

    @property
    def received(self) -> int:
        """Events so far."""
        return self._memory.received

    @property
    def lag(self) -> int:
        """How far behind the server the handlers are, in events: an upper bound. v1 only."""
        return self._memory.streams.lag(self._memory.subscriptions.resources)

    @property
    def invalid(self) -> int:
        """Frames, and members of batches, that could not be read."""
        return self._memory.invalid

    @property
    def event_size(self) -> int:
        """Bytes of JSON of the event that is being handled: the mean of those that came with it.

        For who keeps events, and not more of them than there is room for.
        """
        return self._dispatcher.event_size

    def on(self, name: str, handler: Handler) -> Callable[[], None]:
        """Call or await `handler(event)` for each event of `name`; returns how to end that.

        `name` is a type (`agent_status`), a topic's name (`agent:status`) or `*` for every event,
        those of unknown types included. Beside the events there are `gap`, which gets a `Gap`,
        `denied`, which gets a `Denied`, and `error`, which gets the server's error messages. Raises
        ValueError for what cannot occur.
        """
        self._handlers.add(name, handler)
        return lambda: self._handlers.remove(name, handler)

    def off(self, name: str, handler: Handler) -> None:
        self._handlers.remove(name, handler)

    async def subscribe(
        self,
        resource: str = "*",
        resource_id: str = "*",
        events: Sequence[str] = (),
        *,
        since: float | None = None,
        state: bool = True,
    ) -> Subscription:
        """Ask for events, now or once connected; the subscription survives reconnects.

        On a live v1 connection it returns once the server has answered: what is published after
        that is not missed. It waits 2 s at most, and not in a handler, which the answer would have
        to wait for; `Subscription.state` is "waiting" then. `events` are short names or full types,
        none meaning all.

        With v1, the present `state` comes first, if that is wanted; with `since` (Unix
        milliseconds) the state of the time before it and all that is kept of what happened since,
        unless some of the same streams has come already. Without `state`, a gap isn't followed by
        it either, as long as no subscription wants it.

        Raises ProtocolError where a part of the filter is empty or too long.
        """
        filter_ = Filter(resource, resource_id, tuple(events))
        subscription = self._memory.subscriptions.add(
            filter_, self._unsubscribe, Beginning(since, state)
        )
        session = self._connection.session
        if session is not None:
            session.subscribe(subscription)
            self._connection.wake()
            with suppress(TimeoutError):
                async with asyncio.timeout(SETTLE):
                    while session.v1 and subscription.state == "waiting" and self._may_wait:
                        await self._connection.progress.wait()
        return subscription

    async def subscribe_to_agent(
        self, agent_id: str, events: Sequence[str] | None = None
    ) -> Subscription:
        """Status, task, log and metric of one agent, or the `events` named."""
        return await self.subscribe("agent", agent_id, events or _AGENT_EVENTS)

    async def subscribe_to_workflow(self, workflow_id: str) -> Subscription:
        return await self.subscribe("workflow", workflow_id, _WORKFLOW_EVENTS)

    def _unsubscribe(self, subscription: Subscription) -> None:
        known = self._memory.subscriptions.remove(subscription)
        subscription.state = "closed"
        if known and self._connection.session is not None:
            self._connection.session.unsubscribe(subscription)
            self._connection.wake()

    # Publishing.

    @property
    def pending(self) -> int:
        """Published events that the server has yet to take."""
        return len(self._memory.outbox)

    @property
    def dropped(self) -> int:
        """Published events that were lost because the outbox was full, or they were too old."""
        return self._memory.outbox.dropped

    @property
    def refused(self) -> int:
        """Published events that the server refused for good."""
        return self._memory.outbox.refused

    async def publish(
        self,
        type_: str,
        data: Mapping[str, Any] | WireModel,
        *,
        source: str | None = None,
        correlation_id: str | None = None,
        event_id: str | None = None,
        timestamp: float | None = None,
    ) -> str:
        """Queue an event and return its id; it goes out in order, and survives reconnects.

        What a plain server refuses for now is sent again behind what was sent meanwhile.

        `timestamp` is in Unix milliseconds, and now by default.

        Waits where events are published faster than a connected server takes them. Raises
        ProtocolError where the event is not valid, naming the field, or larger than the server
        takes; OutboxError where the outbox does not take it (`ClientOptions.outbox_full`). One that
        a server met later does not take is counted in `refused`.
        """
        event = build_event(
            type_,
            data,
            id_=event_id or self._new_id(),
            timestamp=self._clock.milliseconds() if timestamp is None else timestamp,
            source=source or self._source,
            correlation_id=correlation_id,
        )
        encoded = encode(event)
        outbox = self._memory.outbox
        if len(encoded) > outbox.max_message:
            raise ProtocolError(
                ErrorCode.TOO_LARGE,
                f"{type_} {event.id} is larger than {outbox.max_message} bytes",
                message_id=event.id,
            )
        await self._have_room(len(encoded))
        outbox.add(event.id, encoded, self._clock.wall())
        self._connection.wake()
        crowded = _CROWDED * self._options.outbox_bytes
        while outbox.size > crowded and self._may_wait:
            await self._connection.progress.wait()
        return event.id

    async def _have_room(self, size: int) -> None:
        outbox, full = self._memory.outbox, self._options.outbox_full
        outbox.expire(self._clock.wall())
        while full != "drop_oldest" and not outbox.has_room(size):
            waiting = f"the outbox is full: {len(outbox)} events wait for the server"
            if full == "raise":
                raise OutboxError(waiting)
            if asyncio.current_task() is self._delivers:
                raise OutboxError(f"{waiting}, and a handler cannot wait for it")
            if self._runs is not None and self._runs.done():
                raise OutboxError(f"{waiting}, and the client has stopped: {self.status.reason}")
            await self._connection.progress.wait()
            outbox.expire(self._clock.wall())

    async def flush(self, timeout: float) -> bool:  # noqa: ASYNC109 - it is what a caller has
        """Wait until the server has taken or refused all that was published.

        With a plain server that is what it says by answering a ping behind it; one that answers
        none is believed to have taken what was written some seconds ago.

        False where that took longer than `timeout` seconds, or the client has stopped.
        """
        try:
            async with asyncio.timeout(timeout):
                while self._memory.outbox:
                    if not self._is_running:
                        return False
                    await self._connection.progress.wait()
        except TimeoutError:
            return False
        return True
