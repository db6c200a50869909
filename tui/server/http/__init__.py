"""HTTP beside the WebSocket port, which cannot take a POST.

- `POST /events`   one event, or an array of them, perhaps gzipped; see `publishing`
- `GET /healthz`   the process is alive
- `GET /readyz`    it can be sent work
- `GET /metrics`   for Prometheus; any token that is valid here
- `GET /clients`   who is connected; a token with the role admin

Tokens and origins are as for the WebSocket. All answers but the metrics are JSON, and an error has
at least `error`, a sentence. Imported only where it is on: aiohttp costs start-up time.
"""

import asyncio
import logging
import socket
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from tui.server.auth import Doorkeeper
from tui.server.gateway import Gateway
from tui.server.http.answers import errors_as_json
from tui.server.http.connections import Connections, keeping_its_place
from tui.server.http.door import Door
from tui.server.http.pages import Pages
from tui.server.http.publishing import Publishing
from tui.server.limits.admission import Admission
from tui.server.limits.limiter import Limiters

IDLE_SECONDS = 20.0
"""How long a connection is kept that asks for nothing, or has yet to send its headers."""
STOP_SECONDS = 2.0
"""How long requests have to be answered in a stop, and again to heed that they are cancelled."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What of the server is reached through HTTP."""

    gateway: Gateway
    doorkeeper: Doorkeeper
    admission: Admission
    limiters: Limiters | None = None
    """None: nothing is limited."""
    unready: Callable[[], str | None] = lambda: None
    """Why the server should be sent no work now; None where it should."""


class HttpServer:
    """Serves on one listening socket, from `start` to `stop`."""

    def __init__(self, parts: Parts) -> None:
        door = Door(parts.doorkeeper, parts.admission)
        app = web.Application(
            middlewares=[keeping_its_place, errors_as_json],
            client_max_size=parts.gateway.limits.publisher_message,
            logger=_quiet(),
        )
        pages = Pages(parts.gateway, door, parts.unready)
        app.router.add_post("/events", Publishing(parts.gateway, door, parts.limiters).post)
        app.router.add_get("/healthz", pages.health)
        app.router.add_get("/readyz", pages.readiness)
        app.router.add_get("/metrics", pages.metrics)
        app.router.add_get("/clients", pages.clients)
        self._runner = web.AppRunner(app, shutdown_timeout=STOP_SECONDS)
        self._admission = parts.admission
        self._connections: Connections | None = None
        self._server: asyncio.Server | None = None

    async def start(self, listening: socket.socket) -> None:
        await self._runner.setup()
        if self._runner.server is None:
            raise RuntimeError("aiohttp has set up nothing")
        self._connections = Connections(
            self._runner.server,
            self._admission,
            access_log=None,
            keepalive_timeout=IDLE_SECONDS,
            lingering_time=1.0,
            auto_decompress=False,  # it is done within our own bound
            logger=_quiet(),
        )
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._connections, sock=listening)

    async def stop(self) -> None:
        """Take no new connections nor requests, answer what was asked, and end all."""
        server, self._server = self._server, None
        if server is None or self._connections is None:
            return
        # asyncio loses a connection that it has taken and not set up when it closes: let none be.
        for listening in server.sockets:
            asyncio.get_running_loop().remove_reader(listening)
        self._connections.close()
        await asyncio.sleep(0)
        server.close()
        await self._runner.cleanup()


def _quiet() -> logging.Logger:
    """A logger for aiohttp, which would show a traceback for each request that is none."""
    logger = logging.getLogger("tui.server.http.aiohttp")
    if not logger.filters:
        logger.addFilter(_of_ours)
    return logger


def _of_ours(record: logging.LogRecord) -> bool:
    """Whether the fault is ours: clients were told of theirs."""
    from aiohttp.http_exceptions import HttpProcessingError

    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, HttpProcessingError | ConnectionError | TimeoutError)
