"""The connections HTTP requests come over: how many there may be, and which has to go for another.

aiohttp keeps whoever is silent, and whoever has yet to send the rest of a request. Those would
take all places, and they cost nothing to have: so where all are taken, the one that has begun
nothing for longest makes room. Only who has asked, and is being answered, keeps its place.
"""

import asyncio
from typing import Any

from aiohttp import web

from tui.server.http.answers import answer
from tui.server.limits.admission import Admission, Visit

MAX_CONNECTIONS = 500
"""They are here for a moment, but for a scraper's or two."""


class Connections:
    """All of one server, with what aiohttp makes each of."""

    def __init__(self, server: web.Server, admission: Admission, **options: Any) -> None:
        self.admission = admission
        self.idle: dict[HttpConnection, None] = {}
        """Those that are not being answered, the longest idle first."""
        self.count = 0
        self._server = server
        self._options = options
        self._is_closed = False

    def __call__(self) -> asyncio.Protocol:
        if self._is_closed:
            return _TurnedAway()
        loop = asyncio.get_running_loop()
        return HttpConnection(self, self._server, loop=loop, **self._options)

    def close(self) -> None:
        """Let nobody in any more."""
        self._is_closed = True

    def enter(self, peer: str) -> Visit | None:
        """Somebody has connected; None where there is no place."""
        visit = self.admission.arrive(peer)
        if visit is not None and self.count >= MAX_CONNECTIONS:
            oldest = next(iter(self.idle), None)
            if oldest is None:
                self.admission.leave(visit)
                return None
            del self.idle[oldest]
            oldest.abort()
        return visit


class HttpConnection(web.RequestHandler):
    """One of them."""

    def __init__(
        self,
        all_: Connections,
        server: web.Server,
        *,
        loop: asyncio.AbstractEventLoop,
        **options: Any,
    ) -> None:
        super().__init__(server, loop=loop, **options)
        self._all = all_
        self._visit: Visit | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        peer = transport.get_extra_info("peername")
        self._visit = self._all.enter(peer[0] if peer else "")
        if self._visit is None:
            if isinstance(transport, asyncio.WriteTransport):
                transport.abort()
            return
        self._all.count += 1
        self._all.idle[self] = None
        super().connection_made(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        if self._visit is not None:
            self._all.count -= 1
            self._all.idle.pop(self, None)
            self._all.admission.leave(self._visit)
            self._visit = None
        super().connection_lost(exc)

    def known(self) -> None:
        """A request over it had a good token."""
        if self._visit is not None:
            self._all.admission.judged(self._visit, ok=True)

    def busy(self) -> None:
        """A request is here whole."""
        self._all.idle.pop(self, None)

    def idle(self) -> None:
        """It is answered, or has just begun what is not here whole."""
        self._all.idle.pop(self, None)
        if self._visit is not None:
            self._all.idle[self] = None

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """What cannot be read as a request is refused as all else is: in JSON."""
        super().handle_error(request, status, exc, message)  # which logs it
        what = (message or "the server failed").partition("\n")[0].removesuffix(":")
        response = answer({"error": what}, status)
        response.force_close()
        return response

    def abort(self) -> None:
        """End it now."""
        if self.transport is not None:
            self.transport.abort()


@web.middleware
async def keeping_its_place(request: web.Request, handler: Any) -> web.StreamResponse:
    """Whose request is being answered is not idle; who reads a body tells when it `is_whole`."""
    connection = request.protocol
    if isinstance(connection, HttpConnection):
        if request.body_exists:
            connection.idle()
        else:
            connection.busy()
    try:
        response: web.StreamResponse = await handler(request)
    finally:
        if isinstance(connection, HttpConnection):
            connection.idle()
    return response


def is_whole(request: web.Request) -> None:
    """All of its body has come."""
    if isinstance(request.protocol, HttpConnection):
        request.protocol.busy()


class _TurnedAway(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()
