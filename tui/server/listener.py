"""The asyncio shell around the gateway: accepts WebSocket connections, reads and writes them."""

import asyncio
import socket as sockets
from contextlib import suppress

from websockets.asyncio.server import Server, ServerConnection
from websockets.asyncio.server import serve as listen
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from tui.protocol.errors import CloseCode
from tui.protocol.limits import AUTH_SECONDS, MAX_RECEIVE_PUBLISHER
from tui.server.auth import Doorkeeper, Refusal
from tui.server.connection import Connection
from tui.server.gateway import Gateway
from tui.server.replies import HEARTBEAT_SECONDS
from tui.server.wire import CLOSE_SECONDS, Socket, Writer, quiet_logger

V1 = Subprotocol("autosdlc.v1")
STOP_SECONDS = 3.0
"""How long clients have for their part in a graceful stop."""


class Listener:
    """Serves clients on one listening socket; any path is accepted."""

    def __init__(
        self, gateway: Gateway, doorkeeper: Doorkeeper, *, auth_seconds: float = AUTH_SECONDS
    ) -> None:
        self._gateway = gateway
        self._doorkeeper = doorkeeper
        self._auth_seconds = auth_seconds
        self._open: set[asyncio.BaseTransport] = set()
        self._server: Server | None = None

    async def start(self, listening: sockets.socket) -> None:
        self._server = await listen(
            self._converse,
            sock=listening,
            process_request=self._admit,
            select_subprotocol=lambda _, offered: V1 if V1 in offered else None,
            # Loopback and fan-out: the same bytes go to everyone, and CPU is dearer than bytes.
            compression=None,
            max_size=MAX_RECEIVE_PUBLISHER,
            max_queue=(16, 4),
            server_header=None,
            ping_interval=HEARTBEAT_SECONDS,
            ping_timeout=10,
            close_timeout=CLOSE_SECONDS,
            open_timeout=5,
            logger=quiet_logger(),
            create_connection=self._tracked(),
        )

    async def stop(self) -> None:
        """Close everyone with 1001; whoever has not gone after a few seconds is aborted."""
        if self._server is None:
            return
        # asyncio loses a connection that it has taken and not set up when it closes: let none be.
        for listening in self._server.sockets:
            asyncio.get_running_loop().remove_reader(listening)
        await asyncio.sleep(0)
        self._server.close(close_connections=False)
        self._gateway.close(CloseCode.GOING_AWAY, "the server is stopping")
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self._server.wait_closed()
        except TimeoutError:
            for transport in list(self._open):
                if isinstance(transport, asyncio.WriteTransport):
                    transport.abort()
            await self._server.wait_closed()

    async def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        """The HTTP answer to a handshake that is refused; None goes on with it."""
        verdict = self._doorkeeper.admit(request.headers.get_all)
        if isinstance(verdict, Refusal):
            response = connection.respond(verdict.status, verdict.text)
            if verdict.status == 401:
                response.headers["WWW-Authenticate"] = "Bearer"
            return response
        if isinstance(connection, Socket):
            connection.access = verdict
        return None

    async def _converse(self, socket: ServerConnection) -> None:
        """One client, from the handshake on; what it says is read here."""
        access = socket.access if isinstance(socket, Socket) else None
        writer = Writer(socket)
        ready = asyncio.Event()

        def wake() -> None:
            ready.set()
            if connection.outbox.closing:
                writer.hurry()

        connection = self._gateway.connect(access, wake, v1=socket.subprotocol == V1)
        writing = asyncio.create_task(_write(connection, writer, ready))
        too_late = asyncio.get_running_loop().call_later(self._auth_seconds, connection.expire)
        try:
            await connection.open()
            while True:
                await connection.receive(await socket.recv(decode=False))
                await connection.outbox.room()
                await asyncio.sleep(0)  # frames that are here already come at once: others' turn
        except ConnectionClosed:
            pass
        finally:
            too_late.cancel()
            self._gateway.disconnect(connection)
            writing.cancel()
            with suppress(asyncio.CancelledError):
                await writing

    def _tracked(self) -> type[Socket]:
        """Connections that are known from their first byte on, so that `stop` ends them all."""
        open_ = self._open

        class Tracked(Socket):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                open_.add(transport)
                super().connection_made(transport)

            def connection_lost(self, exc: Exception | None) -> None:
                open_.discard(self.transport)
                super().connection_lost(exc)

        return Tracked


async def _write(connection: Connection, writer: Writer, ready: asyncio.Event) -> None:
    """The connection's only writer: all that waits at once, as long as there is something."""
    try:
        while True:
            await ready.wait()
            ready.clear()
            while frames := await connection.next_frames():
                await writer.write(frames)
                await asyncio.sleep(0)  # a long history is many pages: others' turn
            if closing := connection.outbox.closing:
                await writer.close(closing.code, closing.reason)
                return
    except (TimeoutError, ConnectionClosed):
        pass
    finally:
        writer.abort()  # which does nothing where the close was clean
