"""The connections that HTTP requests come over: how many there are, and what ends them."""

import asyncio
import json
from contextlib import AsyncExitStack, suppress

import pytest
from aiohttp import web

from tests.functional.server.conftest import HTTP, HeldPublishing, Start, running
from tests.support.browsing import ask, connected, post
from tests.support.frames import log
from tests.support.peer import BEARER
from tui.discovery import ServerRecord
from tui.server import http, intake
from tui.server.http import connections, publishing
from tui.server.limits.admission import Admission


async def test_a_body_that_does_not_come_is_not_waited_for(
    server: ServerRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "BODY_SECONDS", 0.05)
    head = f"POST /events HTTP/1.1\r\nHost: h\r\nAuthorization: {BEARER['Authorization']}\r\n"
    async with connected(server) as (reader, writer):
        writer.write(head.encode() + b"Content-Length: 100\r\n\r\n{")
        assert b" 408 " in await reader.readline()


async def test_headers_that_do_not_come_are_not_waited_for(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "IDLE_SECONDS", 0.05)
    server = await start(HTTP)
    async with connected(server) as (silent, _), connected(server) as (slow, writer):
        writer.write(b"GET /healthz HTTP/1.1\r\nHo")
        async with asyncio.timeout(5):
            assert await silent.read() == b""
            with suppress(ConnectionError):  # it may have ended before that was written
                assert await slow.read() == b""


async def test_where_all_places_are_taken_the_longest_idle_makes_room(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 2)
    server = await start(HTTP)
    async with connected(server) as (kept, asks), connected(server) as (unfinished, writes):
        writes.write(b"GET /healthz HTTP/1.1\r\nHo")
        asks.write(b"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n")
        assert b" 200 " in await kept.readline()
        assert (await ask(server, "/healthz")).status == 200
        with suppress(ConnectionError):
            assert await unfinished.read() == b""
        asks.write(b"GET /readyz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        assert b'"ready"' in await kept.read()


async def test_whoever_is_being_answered_keeps_its_place(
    start: Start, monkeypatch: pytest.MonkeyPatch, held_publishing: HeldPublishing
) -> None:
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 1)
    server = await start(HTTP)
    answer = asyncio.create_task(post(server, log("evt-1")))
    await held_publishing.asked.wait()
    async with connected(server) as (second, _):
        with suppress(ConnectionError):
            assert await second.read() == b""
    held_publishing.go_on.set()
    assert (await answer).status == 202


async def test_whose_body_does_not_come_makes_room(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 1)
    server = await start(HTTP)
    head = f"POST /events HTTP/1.1\r\nHost: h\r\nAuthorization: {BEARER['Authorization']}\r\n"
    async with connected(server) as (reader, writer):
        writer.write(head.encode() + b"Content-Length: 9\r\nExpect: 100-continue\r\n\r\n")
        assert b" 100 " in await reader.readline()
        assert (await ask(server, "/healthz")).status == 200


async def test_one_address_has_its_own_places_and_no_more() -> None:
    async def nobody(_: web.BaseRequest) -> web.StreamResponse:
        return web.Response()

    admission = Admission(lambda: 0.0, unknown_per_address=2)
    places = connections.Connections(web.Server(nobody), admission)
    assert [places.enter("192.0.2.7") is not None for _ in range(5)] == [True] * 4 + [False]
    assert places.enter("192.0.2.8") is not None


async def test_what_is_no_http_is_refused_in_json_and_tells_nothing_of_the_machine(
    server: ServerRecord,
) -> None:
    async with connected(server) as (reader, writer):
        writer.write(b"nonsense\r\n\r\n")
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    assert b" 400 " in head
    assert b"application/json" in head
    assert b"Server" not in head
    assert json.loads(body) == {"error": "Invalid method encountered"}


@pytest.mark.parametrize(
    "said",
    [
        b"nonsense\r\n\r\n",
        b"\x16\x03\x01\x02",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nno header\r\n\r\n",
        b"GET / HTTP/1.1\r\nlong: " + b"x" * 100_000 + b"\r\n\r\n",
        b"POST /events HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"\x00" * 9000,
    ],
)
async def test_what_is_no_http_harms_nobody(
    server: ServerRecord, said: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with connected(server) as (reader, writer):
        writer.write(said)
        writer.write_eof()
        await reader.read()
    assert (await ask(server, "/healthz")).status == 200
    assert [record for record in caplog.records if record.exc_info] == []


async def test_a_fault_of_ours_shows_nothing_of_itself(
    server: ServerRecord, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_raw: bytes, **_more: object) -> None:
        raise RuntimeError("a secret of ours")

    monkeypatch.setattr(intake, "accept", fail)
    answer = await post(server, log("e"))
    assert answer.status == 500
    assert answer.body == {"error": "the server failed; its log says why"}
    assert any(record.exc_info for record in caplog.records)
    caplog.clear()


async def test_a_stop_ends_connections_that_are_kept() -> None:
    loop = asyncio.get_running_loop()
    async with AsyncExitStack() as stack:
        async with running(HTTP) as server:
            reader, writer = await stack.enter_async_context(connected(server))
            writer.write(b"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n")
            assert b" 200 " in await reader.readline()
            begun = loop.time()
        await reader.read()
        assert loop.time() - begun < 5
