"""The asyncio shell: connects, moves frames between socket and session, and tries again.

All that is decided, is decided in `session`, `backoff` and `ending`; here is what needs a loop.
Three traps of the library are met here: its keepalive does not notice a reader that stalls, so
there is our own heartbeat and every write has a time limit that ends in `transport.abort()`; its
`close()` can hang in the same way; and its reconnecting iterator has no back-off after a server
that accepts and closes.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from time import perf_counter
from typing import Literal, cast

from websockets.asyncio.client import connect
from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidProxy,
    InvalidStatus,
    InvalidURI,
    SecurityError,
    WebSocketException,
)
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from tui import __version__
from tui.client.address import is_loopback, with_compression
from tui.client.backoff import Backoff
from tui.client.clock import Clock
from tui.client.delivery import Delivery
from tui.client.dispatch import SLICE, Dispatcher
from tui.client.ending import LOST, Ending, closed, refused, unreachable
from tui.client.memory import Memory
from tui.client.options import ClientOptions
from tui.client.pulse import Pulse
from tui.client.session import Session
from tui.client.sleep import SleepWatch
from tui.client.socket import Socket
from tui.client.status import ConnectionStatus
from tui.client.token import TokenError, current
from tui.protocol.catalog import SUBPROTOCOL
from tui.protocol.text import clean, presentable_url

log = logging.getLogger(__name__)
wire_log = logging.getLogger("tui.client.wire")
# At DEBUG the library prints the handshake's headers, and so the token.
wire_log.setLevel(logging.INFO)

V1 = Subprotocol(SUBPROTOCOL)
WATCH = 1.0
"""Seconds between two looks at the clocks."""


class Connection:
    """The way to one server, over as many WebSocket connections as it takes."""

    def __init__(
        self,
        url: str,
        memory: Memory,
        dispatcher: Dispatcher,
        options: ClientOptions,
        clock: Clock,
        backoff: Backoff,
        on_status: Callable[[ConnectionStatus], None],
    ) -> None:
        self._url = url
        self._where = presentable_url(url)
        self._memory = memory
        self._dispatcher = dispatcher
        self._options = options
        self._clock = clock
        self._backoff = backoff
        self._on_status = on_status
        self._sleep = SleepWatch(clock)
        self._retry = asyncio.Event()
        self._to_write = asyncio.Event()
        self.progress = Pulse()
        """Beats whenever the outbox or the status has changed."""
        self.status = ConnectionStatus("stopped", "not started")
        self.session: Session | None = None
        self._was_refused = False
        """Whether the last try ended because its token was, so that another is asked for once."""

    def start(self) -> asyncio.Task[None]:
        """Connect and reconnect until there is no sense in it; the status tells why it ended."""
        if self._backoff.spent:  # else whoever starts again and again goes on more and more slowly
            self._backoff.failures = 0
        self._tell("connecting", attempt=self._backoff.failures + 1)
        return asyncio.create_task(self._run(), name="client connects")

    async def _run(self) -> None:
        watch = asyncio.create_task(self._watch(), name="client watches the clocks")
        try:
            await self._stay_connected()
        finally:
            watch.cancel()

    async def _watch(self) -> None:
        """Find out at once what a sleeping machine could not: a link that is gone by now."""
        while True:
            await asyncio.sleep(WATCH)
            if slept := self._sleep.slept():
                log.info("the machine slept for %.0f s", slept)
                self.retry_now()
                if self.session is not None:
                    self.session.probe()
                    self.wake()

    async def _stay_connected(self) -> None:
        while True:
            try:
                ending, lasted = await self._connect()
            except Exception as error:
                # Whatever a server did to bring this about: another connection may fare better.
                log.exception("a connection failed")
                ending = Ending(f"an error of the client itself: {_harmless(error)}")
                lasted = 0.0
            delay = self._backoff.ended(lasted, ending.hint)
            # A token that is asked for may have expired meanwhile: another is asked for, once.
            asked_anew = ending.token_refused and callable(self._options.authentication.token)
            asked_anew, self._was_refused = asked_anew and not self._was_refused, asked_anew
            is_over = ending.terminal and not asked_anew
            if is_over or not self._options.reconnect.enabled or self._backoff.spent:
                break
            await self._wait(ending.reason, delay)
            self._tell("connecting", attempt=self._backoff.failures + 1)
        self._tell("stopped", ending.reason)

    async def _wait(self, reason: str, delay: float) -> None:
        log.info("%s; next try in %.1f s", reason, delay)
        self._sleep.slept()  # what was slept before is no reason not to wait as the server asks
        self._retry.clear()
        self._tell("waiting", reason, retry_at=self._clock.monotonic() + delay)
        with suppress(TimeoutError):
            async with asyncio.timeout(delay):
                await self._retry.wait()

    def stopped(self, reason: str) -> None:
        """Note that the task was ended from outside; an earlier reason stands."""
        if self.status.phase != "stopped" or self.status.reason == "not started":
            self._tell("stopped", reason)

    def retry_now(self) -> None:
        self._retry.set()

    def wake(self) -> None:
        """There is something to write."""
        self._to_write.set()

    # One WebSocket connection.

    async def _connect(self) -> tuple[Ending, float]:
        """Why this connection ended, or never began, and how long it was live (seconds)."""
        try:
            parse_uri(self._url)
        except (InvalidURI, ValueError) as error:
            # The message may hold the URL, and the URL a token.
            what = error.msg if isinstance(error, InvalidURI) else type(error).__name__
            return Ending(f"not a WebSocket URL: {self._where} ({what})", terminal=True), 0.0
        try:
            token = await current(self._options.authentication.token, self._options.open_timeout)
        except TokenError as error:
            return Ending(str(error)), 0.0
        try:
            websocket = await self._open(token)
        except InvalidStatus as error:
            status, headers = error.response.status_code, error.response.headers
            hint = next(iter(headers.get_all("Retry-After")), None)
            return refused(status, hint, with_token=token is not None), 0.0
        except TimeoutError:
            seconds = self._options.open_timeout
            return Ending(f"{self._where} did not answer within {seconds:g} s"), 0.0
        except OSError as error:
            return unreachable(self._where, error), 0.0
        except InvalidProxy as error:  # its own words hold the proxy's password
            return Ending(f"not a proxy: {presentable_url(error.proxy)} ({error.msg})"), 0.0
        except ImportError:
            why = "a SOCKS proxy asks for python-socks: pip install python-socks[asyncio]"
            return Ending(why, terminal=True), 0.0
        except (InvalidURI, SecurityError, ValueError, LookupError) as error:
            # A redirection gone wrong; the message may hold the URL.
            return Ending(f"no WebSocket at {self._where}: {type(error).__name__}"), 0.0
        except (InvalidHandshake, WebSocketException) as error:
            return Ending(f"no WebSocket at {self._where}: {_harmless(error)}"), 0.0
        session = Session(
            self._memory,
            self._options,
            self._clock,
            v1_offered=websocket.subprotocol == V1,
            token=token,
        )
        self.session = session
        try:
            ending = await self._converse(websocket, session)
        finally:
            self.session = None
            self._memory.connection_lost()
        since = session.live_since
        return ending, 0.0 if since is None else self._clock.monotonic() - since

    async def _open(self, token: str | None) -> Socket:
        local = is_loopback(self._url)
        socket = await connect(
            with_compression(self._url),
            create_connection=Socket,
            subprotocols=[V1],
            additional_headers={"Authorization": f"Bearer {token}"} if token else None,
            user_agent_header=f"autosdlc-tui/{__version__}",
            compression=None if local else "deflate",
            proxy=None if local else True,
            open_timeout=self._options.open_timeout,
            close_timeout=self._options.close_timeout,
            ping_interval=None,
            max_size=self._options.max_message,
            logger=wire_log,
        )
        return cast("Socket", socket)

    async def _converse(self, websocket: Socket, session: Session) -> Ending:
        reader = asyncio.create_task(self._read(websocket, session), name="client reads")
        writer = asyncio.create_task(self._write(websocket, session), name="client writes")
        try:
            await asyncio.wait((reader, writer), return_when=asyncio.FIRST_COMPLETED)
            if session.ending is None and not reader.done() and writer.exception() is None:
                # The writer found it closed; what came before that is still to be read.
                await asyncio.wait((reader,))
        finally:
            reader.cancel()
            writer.cancel()
            try:
                results = await asyncio.gather(reader, writer, return_exceptions=True)
            finally:  # whoever closes twice cancels this too
                await self._hang_up(websocket)
        for result in results:
            if isinstance(result, Exception):
                raise result
        return session.ending or _closing(websocket)

    async def _read(self, websocket: Socket, session: Session) -> None:
        """Until the connection has ended, and what came before that has been taken."""
        websocket.serve(session.heard, partial(self._receive, websocket, session))
        await websocket.wait_closed()
        while websocket.has_frames and session.ending is None:
            await self.progress.wait()

    def _receive(self, websocket: Socket, session: Session) -> None:
        """Take what has come in, as far as the handlers are not behind."""
        dispatcher = self._dispatcher
        while session.ending is None and websocket.has_frames:
            if dispatcher.full:
                session.pause()
                self.progress.beat()
                dispatcher.on_room = partial(self._go_on, websocket, session)
                return
            delivery = session.receive(websocket.take())
            if delivery is not None:
                dispatcher.put(delivery)
            if session.stirred:
                self._look_at(session)

    def _go_on(self, websocket: Socket, session: Session) -> None:
        session.resume()
        self._receive(websocket, session)
        self.progress.beat()

    async def _write(self, websocket: Socket, session: Session) -> None:
        """Write what the session wants written, and keep its time."""
        with suppress(ConnectionClosed):
            while True:
                session.tick()
                is_done = await self._write_some(websocket, session)
                if session.stirred:
                    self._look_at(session)
                if session.ending is not None:
                    return
                if not is_done:
                    await asyncio.sleep(0)
                    continue
                with suppress(TimeoutError):
                    wait = max(0.0, session.deadline() - self._clock.monotonic())
                    async with asyncio.timeout(wait):
                        await self._to_write.wait()
                self._to_write.clear()

    async def _write_some(self, websocket: Socket, session: Session) -> bool:
        """Write for one slice of time; whether that was all.

        To send waits only where the socket is full: what is read meanwhile may forbid the rest.
        """
        until = perf_counter() + SLICE
        while session.ending is None and (frame := session.next_frame()) is not None:
            try:
                async with asyncio.timeout(self._options.send_timeout):
                    await websocket.send(frame, text=True)
            except TimeoutError:
                session.end("the server takes no data")
            self.progress.beat()
            if perf_counter() > until:
                return False
        return True

    async def _hang_up(self, websocket: Socket) -> None:
        """Close politely where the peer plays along, and by force where it does not."""
        websocket.ignore()
        try:
            async with asyncio.timeout(self._options.close_timeout):
                await websocket.close()
        except TimeoutError:
            pass
        finally:
            websocket.transport.abort()
            await websocket.wait_closed()

    def _look_at(self, session: Session) -> None:
        session.stirred = False
        self._to_write.set()
        if notices := session.notices():
            self._dispatcher.put(Delivery(notices, 0, None))
        if session.live and (
            self.status.phase != "live" or session.liveness.round_trip != self.status.round_trip
        ):
            self._was_refused = False
            self._tell("live", round_trip=session.liveness.round_trip, v1=session.v1)
        self.progress.beat()

    def _tell(
        self,
        phase: Literal["connecting", "live", "waiting", "stopped"],
        reason: str | None = None,
        *,
        retry_at: float | None = None,
        attempt: int | None = None,
        round_trip: float | None = None,
        v1: bool = False,
    ) -> None:
        attempt = self.status.attempt if attempt is None else attempt
        self.status = ConnectionStatus(phase, reason, retry_at, attempt, round_trip, v1)
        self._on_status(self.status)
        self.progress.beat()


def _closing(websocket: Socket) -> Ending:
    """What the close frame said: the server's, or ours where the library had to end it."""
    frame = websocket.protocol.close_rcvd or websocket.protocol.close_sent
    return closed(frame.code, frame.reason) if frame else closed(LOST, "")


def _harmless(error: Exception) -> str:
    return clean(str(error), 200) or type(error).__name__
