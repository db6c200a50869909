"""A server on a free loopback port, in the test's own event loop."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.frames import TOKEN
from tests.support.leaks import leaving_nothing
from tui.discovery import ServerRecord
from tui.protocol.express import Draft
from tui.server.brokers import Outcome
from tui.server.config import ServerConfig
from tui.server.gateway import Gateway
from tui.server.run import serve

LOCAL = ServerConfig(port=0, http_port="off", token=TOKEN, announce=False)
HTTP = replace(LOCAL, http_port=0)
Start = Callable[[ServerConfig], Awaitable[ServerRecord]]


@pytest.fixture(autouse=True)
async def _nothing_left_behind() -> AsyncIterator[None]:
    async with leaving_nothing():
        yield


@asynccontextmanager
async def running(config: ServerConfig) -> AsyncIterator[ServerRecord]:
    """A server that listens, until the block ends."""
    stop = asyncio.Event()
    listening: asyncio.Future[ServerRecord] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(serve(config, ready=listening.set_result, stop=stop))
    # A server that cannot start says so instead.
    serving.add_done_callback(lambda _: listening.cancel())
    with suppress(asyncio.CancelledError):
        await listening
    if serving.done():
        await serving
    try:
        yield listening.result()
    finally:
        stop.set()
        await serving


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Start servers of the test's own configuration; they are stopped behind it."""
    async with AsyncExitStack() as stack:

        async def start_one(config: ServerConfig) -> ServerRecord:
            return await stack.enter_async_context(running(config))

        yield start_one


@pytest.fixture
async def server(start: Start) -> ServerRecord:
    """One that is asked over HTTP, too."""
    return await start(HTTP)


class HeldPublishing(NamedTuple):
    """What is published waits until it may `go_on`."""

    asked: asyncio.Event
    go_on: asyncio.Event


@pytest.fixture
def held_publishing(monkeypatch: pytest.MonkeyPatch) -> HeldPublishing:
    held = HeldPublishing(asyncio.Event(), asyncio.Event())
    publish = Gateway.publish

    async def slowly(gateway: Gateway, drafts: Sequence[Draft]) -> Sequence[Outcome]:
        held.asked.set()
        await held.go_on.wait()
        return await publish(gateway, drafts)

    monkeypatch.setattr(Gateway, "publish", slowly)
    return held


@pytest.fixture
async def url(start: Start) -> str:
    return (await start(LOCAL)).url


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A journal's file, which is not there yet."""
    return tmp_path / "journal.db"


@pytest.fixture(autouse=True)
def _no_traceback(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Whatever a test does to a server, nothing it logs shows a traceback."""
    caplog.set_level(logging.INFO)
    yield
    assert [record for record in caplog.get_records("call") if record.exc_info] == []
