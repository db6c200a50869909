"""HTTP requests to a server, written without our own code."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import aiohttp

from tests.support.peer import BEARER
from tui.discovery import ServerRecord


class Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def body(self) -> Any:
        return json.loads(self.text)


async def ask(
    server: ServerRecord,
    path: str,
    body: bytes | None = None,
    headers: Mapping[str, str] = BEARER,
) -> Answer:
    """GET a path, or POST a body to it; with our token, unless other headers are given."""
    async with (
        aiohttp.ClientSession() as session,
        session.request(
            "GET" if body is None else "POST",
            f"{server.http_url}{path}",
            data=body,
            headers=headers,
            skip_auto_headers=["Content-Type"],
        ) as answer,
    ):
        return Answer(answer.status, answer.headers, await answer.text())


async def post(server: ServerRecord, body: bytes, headers: Mapping[str, str] = BEARER) -> Answer:
    """POST events."""
    return await ask(server, "/events", body, headers)


@asynccontextmanager
async def connected(
    server: ServerRecord,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A bare socket to the server's HTTP port."""
    address = urlsplit(server.http_url or "")
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        yield reader, writer
    finally:
        writer.close()
