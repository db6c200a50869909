"""What can be seen of the server: that it lives, whether it is ready, its metrics and clients."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tui.server.connection import Connection
from tui.server.gateway import Gateway
from tui.server.http.answers import Answer, RefusedError, answer
from tui.server.http.door import Door

if TYPE_CHECKING:
    from tui.server.metrics.exposition import Exposition


class Pages:
    def __init__(self, gateway: Gateway, door: Door, unready: Callable[[], str | None]) -> None:
        self._gateway = gateway
        self._door = door
        self._unready = unready
        self._exposition: Exposition | None = None

    async def health(self, _request: web.Request) -> web.Response:
        return answer({"status": "ok"})

    async def readiness(self, _request: web.Request) -> web.Response:
        if reason := self._unready():
            return answer({"status": "not ready", "error": reason}, 503)
        return answer({"status": "ready"})

    async def metrics(self, request: web.Request) -> web.Response:
        self._door.enter(request)
        if self._exposition is None:
            # Another thread's work, since it takes long enough to be noticed.
            self._exposition = await asyncio.to_thread(_exposition, self._gateway)
        body, content_type = self._exposition.page(request.headers.get("Accept", ""))
        return Answer(body=body, headers={"Content-Type": content_type})

    async def clients(self, request: web.Request) -> web.Response:
        if not self._door.enter(request).admin:
            raise RefusedError(403, "Only a token with the role admin sees who is connected.")
        oldest_first = sorted(self._gateway.connections, key=lambda connection: connection.since)
        return answer({"clients": [_client(connection) for connection in oldest_first]})


def _exposition(gateway: Gateway) -> "Exposition":
    from tui.server.metrics.exposition import Exposition

    return Exposition(gateway.metrics)


def _client(connection: Connection) -> dict[str, Any]:
    """`since` in Unix milliseconds; `lag` in events. `name` is null until it is authenticated."""
    access = connection.access
    return {
        "id": connection.client_id,
        "name": access.name if access else None,
        "address": connection.address,
        "since": int(connection.since * 1000),
        "layer": "v1" if connection.v1 else "plain",
        "subscriptions": [
            {"id": id_, "filter": str(filter_)} for id_, filter_ in connection.subscriptions.items()
        ],
        "queueBytes": connection.queue_bytes,
        "lag": connection.lag,
    }
