"""Closing at every moment there is; what it may leave behind is watched by the fixture."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from tests.functional.client.conftest import FAST, Seen, busy, until
from tests.functional.client.peer import Peer, serving
from tui.client import Client, ClientOptions, Reconnect

Reached = Callable[[Client], Awaitable[object]]
"""Waits until a client is where it is to be closed."""
SOCKETS = Path("/proc/net/tcp")
SYN_SENT = "02"
PATIENT = ClientOptions(reconnect=Reconnect(delay=3600.0, max_delay=3600.0), close_timeout=0.2)


@asynccontextmanager
async def connecting() -> AsyncIterator[tuple[str, Reached]]:
    """The server's queue of connections is full, so that SYN goes unanswered."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        port = listening.getsockname()[1]
        waiting = [socket.socket() for _ in range(3)]
        for one in waiting:
            one.setblocking(False)
            with suppress(BlockingIOError):
                one.connect(("127.0.0.1", port))

        def pending() -> int:
            lines = [line.split() for line in SOCKETS.read_text().splitlines()[1:]]
            return sum(one[2].endswith(f":{port:04X}") and one[3] == SYN_SENT for one in lines)

        before = pending()

        async def reached(_: Client) -> None:
            while pending() <= before:  # noqa: ASYNC110 - the kernel tells nobody
                await asyncio.sleep(0.001)

        yield f"ws://127.0.0.1:{port}/ws", reached
        for one in waiting:
            one.close()


@asynccontextmanager
async def shaking_hands() -> AsyncIterator[tuple[str, Reached]]:
    """The server has accepted and read the request, and says nothing."""
    asked = asyncio.Event()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        asked.set()
        await reader.read()
        writer.close()

    async def reached(_: Client) -> None:
        await asked.wait()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    async with server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/ws", reached


@asynccontextmanager
async def opening() -> AsyncIterator[tuple[str, Reached]]:
    async with serving(Peer()) as peer:
        peer.says_connect = False
        yield peer.url, lambda _: peer.line()


@asynccontextmanager
async def authenticating() -> AsyncIterator[tuple[str, Reached]]:
    async with serving(Peer(v1=True)) as peer:

        async def reached(_: Client) -> None:
            line = await peer.line()
            await line.send({"type": "error", "data": {"error": "?", "code": "unauthenticated"}})
            await line.take("auth_request")

        peer.confirms = False
        yield peer.url, reached


@asynccontextmanager
async def restoring() -> AsyncIterator[tuple[str, Reached]]:
    async with serving(Peer(v1=True)) as peer:

        async def reached(_: Client) -> None:
            await (await peer.line()).take("subscribe")

        peer.confirms = False
        yield peer.url, reached


@asynccontextmanager
async def waiting() -> AsyncIterator[tuple[str, Reached]]:
    """Until the next try, which is an hour away."""
    async with serving(Peer()) as peer:
        peer.refuse_with = HTTPStatus.SERVICE_UNAVAILABLE
        yield peer.url, lambda client: until(client, lambda s: s.phase == "waiting")


@asynccontextmanager
async def live() -> AsyncIterator[tuple[str, Reached]]:
    async with serving(Peer(v1=True)) as peer:
        yield peer.url, lambda client: until(client, lambda s: s.phase == "live")


async def once(client: Client, _: asyncio.Task[None]) -> None:
    await client.close()


async def twice_at_once(client: Client, _: asyncio.Task[None]) -> None:
    await asyncio.gather(client.close(), client.close())


async def by_cancelling(_: Client, opening: asyncio.Task[None]) -> None:
    opening.cancel()


@pytest.mark.parametrize("close", [once, twice_at_once, by_cancelling])
@pytest.mark.parametrize(
    "stage",
    [
        pytest.param(
            connecting, marks=pytest.mark.skipif(not SOCKETS.exists(), reason="Linux's /proc")
        ),
        shaking_hands, opening, authenticating, restoring, waiting, live,
    ],
)  # fmt: skip
async def test_a_client_can_be_closed_at_every_stage(
    stage: Callable[[], AbstractAsyncContextManager[tuple[str, Reached]]],
    close: Callable[[Client, asyncio.Task[None]], Awaitable[None]],
) -> None:
    async with stage() as (url, reached), asyncio.timeout(5):
        client = Client(url, "token", options=PATIENT)
        await client.subscribe("agent")

        async def use() -> None:
            async with client:
                await asyncio.Event().wait()

        using = asyncio.create_task(use())
        await reached(client)
        await close(client, using)
        using.cancel()
        await asyncio.wait([using])
        assert (client.status.phase, client.status.reason) == ("stopped", "closed")


async def test_a_handler_that_hangs_does_not_hold_up_a_close(plain: Peer) -> None:
    begun, left = asyncio.Event(), asyncio.Event()

    async def hang(_: Any) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            left.set()

    client = Client(plain.url, options=FAST)
    client.on("*", hang)
    await client.connect()
    await (await plain.line()).send(busy("e1"))
    await begun.wait()
    await client.close()
    assert left.is_set()


async def test_a_close_is_answered_though_much_is_not_read(plain: Peer) -> None:
    """The answer to the close frame comes behind all of it."""
    begun = asyncio.Event()

    async def hang(_: Any) -> None:
        begun.set()
        await asyncio.Event().wait()

    client = Client(plain.url, options=replace(FAST, queue_bytes=1, close_timeout=20))
    client.on("*", hang)
    await client.connect()
    line = await plain.line()
    for number in range(40):
        await line.send_raw(json.dumps([busy(f"e{number}", padding="x" * 20_000)]))
    await begun.wait()
    async with asyncio.timeout(5):
        await client.close()
        await line.ended()


async def test_a_handler_may_close_while_another_does(plain: Peer) -> None:
    client = Client(plain.url, options=FAST)
    closing, closed = asyncio.Event(), asyncio.Event()

    async def close(_: Any) -> None:
        closing.set()
        await client.close()
        closed.set()

    client.on("*", close)
    await client.connect()
    await (await plain.line()).send(busy("e1"), busy("e2"))
    await closing.wait()
    await client.close()
    assert client.status.phase == "stopped"


async def test_what_waits_for_handlers_at_a_close_is_handed_out_once_they_run_again(
    v1: Peer,
) -> None:
    """The one that was being handled, too, and none twice, though the server sends it again."""
    v1.positions = {"agent": {"epoch": "one", "offset": 0}}
    seen, before, begun, stuck = Seen(), Seen(), asyncio.Event(), asyncio.Event()

    async def wait(event: Any) -> None:
        begun.set()
        await stuck.wait()
        await seen(event)

    client = Client(v1.url, options=FAST)
    client.on("*", before)
    client.on("*", wait)
    await client.subscribe("agent")
    await client.connect()
    await (await v1.line()).send_raw(json.dumps([busy("e1", offset=1), busy("e2", offset=2)]))
    await begun.wait()
    await client.close()
    stuck.set()
    await client.connect()
    second = await v1.line(2)
    [asked] = await second.take("subscribe")
    begin = asked["data"]["resume"]["agent"]["offset"]
    await second.send(*(busy(f"e{n}", offset=n, replayed=True) for n in range(begin + 1, 4)))
    assert await seen.ids(3) == await before.ids(3) == ["e1", "e2", "e3"]
    await client.close()
