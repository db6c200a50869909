"""SIGTERM while publishers are at work, and a thousand clients that come at once."""

import asyncio
import os
import resource
import sqlite3
from collections.abc import Iterator
from contextlib import AsyncExitStack, closing
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.support.frames import TOKEN, frame, log, messages
from tests.support.history import positions, read_streams
from tests.support.peer import BEARER
from tests.support.publisher import Publisher
from tests.support.raw import RawSocket, open_raw
from tests.support.served import Served
from tui.client.ending import closed


async def test_a_stop_under_load_answers_all_that_it_stores(tmp_path: Path) -> None:
    journal = str(tmp_path / "journal.db")
    async with AsyncExitStack() as stack:
        served = stack.enter_context(Served(tmp_path, "--journal", journal, "--rate-limits", "off"))

        async def client(**options: Any) -> RawSocket:
            raw = await open_raw(served.url, TOKEN, **options)
            return await stack.enter_async_context(raw)

        stalled = await client(v1=True, receive_buffer=4096)
        await positions(stalled)
        stalled.stall()
        readers = [await client(v1=bool(n % 2)) for n in range(20)]
        publishers = [Publisher(served.url, f"p{n}", batch=100, size=2_000) for n in range(4)]
        publishing = [asyncio.create_task(one.publish_until_closed()) for one in publishers]
        for one in publishers:
            await one.reaches(1_500)
        code, seconds = await asyncio.to_thread(served.terminate)
        assert (code, seconds < 10) == (0, True)
        await asyncio.gather(*publishing)
        everyone = [*readers, *(one.raw for one in publishers if one.raw)]
        endings = [await one.ended() for one in everyone]
        assert {ending.code for ending in endings} == {1012}
        delays = [closed(ending.code, ending.reason).hint for ending in endings]
        assert None not in delays
        assert len(set(delays)) == len(delays), "some come back at the same time"
        served.start()
        stored = (await read_streams(served.url))["agent"].ids
        acknowledged = [id_ for one in publishers for id_ in one.acknowledged]
        assert sorted(stored) == sorted(acknowledged)


async def test_a_stop_while_somebody_else_holds_the_journal_up_is_soon_done(tmp_path: Path) -> None:
    journal = tmp_path / "journal.db"
    options = ("--journal", str(journal), "--rate-limits", "off")
    async with AsyncExitStack() as stack:
        served = stack.enter_context(Served(tmp_path, *options, http=True))
        person = stack.enter_context(closing(sqlite3.connect(journal, isolation_level=None)))
        stalled = await stack.enter_async_context(await open_raw(served.url, TOKEN))
        stalled.stall()
        person.execute("BEGIN IMMEDIATE")
        session = await stack.enter_async_context(aiohttp.ClientSession(headers=BEARER))

        async def publish(n: int) -> int:
            body = log(f"e-{n}", message="x" * 200_000)
            async with session.post(f"{served.http_url}/events", data=body) as answer:
                return answer.status

        publishing = [asyncio.create_task(publish(n)) for n in range(40)]
        while not _is_busy(await _page(session, served)):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        code, seconds = await asyncio.to_thread(served.terminate)
        assert (code, seconds < 9) == (0, True)
        assert set(await asyncio.gather(*publishing)) == {503}


async def test_a_stop_that_everything_holds_up_is_done_in_ten_seconds(tmp_path: Path) -> None:
    journal = tmp_path / "journal.db"
    pipes = [tmp_path / "trace", tmp_path / "log"]
    for pipe in pipes:
        os.mkfifo(pipe)
    opened = [os.open(pipe, os.O_RDONLY | os.O_NONBLOCK) for pipe in pipes]
    options = ("--trace", "--trace-file", str(pipes[0]), "--log-file", str(pipes[1]))
    try:
        async with AsyncExitStack() as stack:
            served = Served(tmp_path, "--journal", str(journal), *options, "--log-level", "debug")
            stack.enter_context(served)
            person = stack.enter_context(closing(sqlite3.connect(journal, isolation_level=None)))
            stalled = await stack.enter_async_context(await open_raw(served.url, TOKEN))
            for n in range(1_000):  # until neither pipe has room for what is said of it
                stalled.send(log(f"e-{n}"))
            for _ in range(400):
                async with await open_raw(served.url, TOKEN):
                    pass
            stalled.stall()
            person.execute("BEGIN IMMEDIATE")
            stalled.send(log("e-last"))
            code, seconds = await asyncio.to_thread(served.terminate)
        assert (code, seconds < 12) == (0, True)  # 9 to stop in, and then to end
    finally:
        for one in opened:
            os.close(one)


async def _page(session: aiohttp.ClientSession, served: Served) -> str:
    async with session.get(f"{served.http_url}/metrics") as answer:
        return await answer.text()


def _is_busy(page: str) -> bool:
    """Whether all 40 events are in the server's hands."""
    return 'websocket_messages_received_total{type="agent_log"} 40' in page


@pytest.fixture
def _few_files() -> Iterator[None]:
    """What a shell allows a process by default is fewer than this test's clients need."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 4096:
        pytest.skip("no process may open so many files here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("_few_files")
async def test_a_thousand_clients_that_come_at_once_are_all_served(tmp_path: Path) -> None:
    with Served(tmp_path) as served:
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (4096, hard))
        async with AsyncExitStack() as stack:
            raws = await asyncio.gather(
                *(open_raw(served.url, TOKEN, v1=bool(n % 2)) for n in range(1_000))
            )
            for raw in raws:
                await stack.enter_async_context(raw)
                raw.send(frame("subscribe", {"subscriptionId": "s", "resource": "agent"}))
                raw.send(frame("ping"))
            for raw in raws:
                await _hears(raw, "pong")
            raws[0].send(log("e-1"))
            for raw in raws:
                await _hears(raw, "agent_log")


async def _hears(raw: RawSocket, type_: str) -> None:
    while True:
        payload = await raw.frame()
        assert payload is not None, f"closed: {raw.ending}"
        if any(message["type"] == type_ for message in messages([payload])):
            return
