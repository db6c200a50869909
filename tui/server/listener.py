"""The asyncio shell around the gateway: accepts WebSocket connections, and reads them."""

import asyncio
import logging
import socket as sockets
from functools import partial
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import Server, ServerConnection
from websockets.asyncio.server import serve as listen
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from tui.protocol.catalog import SUBPROTOCOL
from tui.protocol.text import clean
from tui.server.auth import Doorkeeper, Refusal
from tui.server.farewell import farewells
from tui.server.gateway import Gateway
from tui.server.leaving import CLOSE_SECONDS
from tui.server.limits.admission import Admission
from tui.server.replies import HEARTBEAT_SECONDS
from tui.server.wire import Socket, admitted, quiet_logger

V1 = Subprotocol(SUBPROTOCOL)
UNKNOWN_TIMES = 4
"""How much larger than its limit the message of an unknown client may be for it to be told so."""
_log = logging.getLogger(__name__)


class Listener:
    """Serves clients on one listening socket; any path is accepted."""

    def __init__(
        self,
        gateway: Gateway,
        doorkeeper: Doorkeeper,
        admission: Admission,
    ) -> None:
        self._gateway = gateway
        self._doorkeeper = doorkeeper
        self._admission = admission
        self._open: set[Socket] = set()
        self._server: Server | None = None
        self._ticking: asyncio.TimerHandle | None = None

    async def start(self, listening: sockets.socket) -> None:
        self._server = await listen(
            self._converse,
            sock=listening,
            process_request=self._admit,
            select_subprotocol=lambda _, offered: V1 if V1 in offered else None,
            # Loopback and fan-out: the same bytes go to everyone, and CPU is dearer than bytes.
            compression=None,
            max_size=UNKNOWN_TIMES * self._gateway.limits.unauthenticated_message,
            max_queue=(16, 4),
            server_header=None,
            ping_interval=HEARTBEAT_SECONDS,
            ping_timeout=10,
            close_timeout=CLOSE_SECONDS,
            open_timeout=5,
            logger=quiet_logger(),
            backlog=1024,  # asyncio's own 100 makes a thousand clients at once wait for seconds
            create_connection=admitted(self._admission, self._open),
        )
        self._tick()

    async def stop(self, seconds: float, *, restarts: bool) -> None:
        """Close everyone; whoever has not gone after so many seconds is aborted.

        `restarts` says that there will be a server again.
        """
        if self._server is None:
            return
        if self._ticking is not None:
            self._ticking.cancel()
        # asyncio loses a connection that it has taken and not set up when it closes: let none be.
        for listening in self._server.sockets:
            asyncio.get_running_loop().remove_reader(listening)
        await asyncio.sleep(0)
        self._server.close(close_connections=False)
        for socket in list(self._open):
            if not socket.is_served:
                socket.abort()  # whoever has not even said hello can be told nothing
        connections = list(self._gateway.connections)
        words = farewells(len(connections), restarts=restarts)
        for connection, (code, reason) in zip(connections, words, strict=True):
            connection.close(code, reason)
        try:
            async with asyncio.timeout(seconds):
                await self._server.wait_closed()
        except TimeoutError:
            _log.warning("%d clients did not take leave and are cut off", len(self._open))
            for socket in list(self._open):
                socket.abort()
            await self._server.wait_closed()

    async def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        """The HTTP answer to a handshake that is refused; None goes on with it."""
        socket = _own(connection)
        headers = request.headers.get_all
        refusal = self._admission.admit(socket.visit, headers("X-Forwarded-For"))
        verdict = refusal or self._doorkeeper.admit(headers, request.path)
        if not isinstance(verdict, Refusal):
            if verdict is not None:
                self._judged(socket, True)
            socket.access = verdict
            socket.gzip = _asks_for_gzip(request.path)
            return None
        if verdict.status == 401:
            self._admission.judged(socket.visit, ok=False)
        why = {"code": verdict.status, "reason": clean(verdict.text, 200)}
        _log.info("refused a client", extra={"address": socket.visit.address} | why)
        response = connection.respond(verdict.status, verdict.text)
        if verdict.status == 401:
            response.headers["WWW-Authenticate"] = "Bearer"
        if verdict.retry_after is not None:
            response.headers["Retry-After"] = str(verdict.retry_after)
        return response

    async def _converse(self, accepted: ServerConnection) -> None:
        """One client, from the handshake on; here is read what the socket has not handed on."""
        socket = _own(accepted)
        visit = socket.visit
        connection = self._gateway.connect(
            socket.access,
            socket,
            v1=socket.subprotocol == V1,
            gzip=socket.gzip,
            address=visit.address,
            judged=partial(self._judged, socket),
        )
        patience = self._gateway.limits.unauthenticated_time
        too_late = asyncio.get_running_loop().call_later(patience, connection.expire)
        try:
            connection.open()
            socket.serve(connection)
            while True:
                frame = await socket.next_message()
                await connection.ready()
                connection.receive(frame)
                connection.pause()
                await asyncio.sleep(0)  # frames that are here already come at once: others' turn
        except ConnectionClosed:
            pass
        finally:
            too_late.cancel()
            self._gateway.disconnect(connection, socket.close_code, socket.close_reason)

    def _judged(self, socket: Socket, ok: bool) -> None:  # noqa: FBT001 - the verdict itself
        """Whether the client's token was a good one."""
        self._admission.judged(socket.visit, ok)
        if ok:
            socket.take_up_to(self._gateway.limits.publisher_message)

    def _tick(self) -> None:
        try:
            self._gateway.tick()
        finally:
            loop = asyncio.get_running_loop()
            self._ticking = loop.call_later(self._gateway.spacing, self._tick)


def _asks_for_gzip(path: str) -> bool:
    """Whether `?compression=gzip` is in the address: a client of either layer asks so."""
    try:
        return "gzip" in parse_qs(urlsplit(path).query).get("compression", ())
    except ValueError:  # no address at all, but any path is accepted
        return False


def _own(connection: ServerConnection) -> Socket:
    if not isinstance(connection, Socket):  # it is what `start` asks for
        raise TypeError(f"{type(connection)} is no Socket")
    return connection
