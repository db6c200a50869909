"""A dashboard that was told no server finds one, and another when that is gone."""

import asyncio
import socket
from contextlib import AsyncExitStack, ExitStack, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.dashboard import TOKEN, dashboard, publish, publisher, server
from tests.support.events import status
from tests.support.ports import free_port
from tui.discovery import find_servers, token_file
from tui.feed import Feed, Plan
from tui.protocol.topics import Filter
from tui.remembered import Remembered
from tui.store import Store


@pytest.fixture(autouse=True)
def a_machine_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_RUNTIME_DIR", "XDG_STATE_HOME"):
        directory = tmp_path / name
        directory.mkdir(mode=0o700)
        monkeypatch.setenv(name, str(directory))
    monkeypatch.setenv("AUTOSDLC_TOKEN", TOKEN)


async def test_a_server_that_comes_back_elsewhere_is_found_again() -> None:
    async with AsyncExitStack() as stack:
        with server(announce=True, kind="serve"):
            screen = await stack.enter_async_context(dashboard(None, token=None))
            await screen.shows("● LIVE")
        await screen.shows("WAITING")
        with server(announce=True, kind="serve"):
            await screen.press("r")
            await screen.shows("● LIVE")


async def test_the_place_of_another_dashboards_server_is_taken() -> None:
    async with AsyncExitStack() as stack:
        with server(free_port(), announce=True, kind="embedded") as lost:
            screen = await stack.enter_async_context(dashboard(None, token=None))
            await screen.shows("● LIVE")
        await screen.shows("WAITING")
        await screen.press("r")
        await screen.shows("embedded ● LIVE", "a server of its own", lost.url)
        assert [one.url for one in find_servers()] == [lost.url]


async def test_where_a_lost_servers_port_is_somebody_elses_another_is_taken() -> None:
    async def refuse(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with AsyncExitStack() as stack:
        port = free_port()
        with server(port, announce=True, kind="embedded") as lost:
            screen = await stack.enter_async_context(dashboard(None, token=None))
            await screen.shows("● LIVE")
        await stack.enter_async_context(await asyncio.start_server(refuse, "127.0.0.1", port))
        await screen.press("r")
        await screen.shows("embedded ● LIVE")
        assert [one.url != lost.url for one in find_servers()] == [True]


async def test_of_two_that_start_at_once_one_starts_the_server_and_the_other_finds_it() -> None:
    stores = Store(), Store()
    feeds = [Feed(store, Plan(), [Filter()], lambda: None, lambda: 0.0) for store in stores]
    await asyncio.gather(*(feed.run() for feed in feeds))
    [server] = find_servers()
    assert {store.link.url for store in stores} == {server.url}
    await asyncio.gather(*(feed.close() for feed in feeds))


async def test_what_was_acknowledged_is_so_at_ones_own_server_on_any_port_and_at_no_other(
    tmp_path: Path,
) -> None:
    file = tmp_path / "dashboard.json"
    asked = status("c2", "blocked", reason="no credentials")
    async with dashboard(None, token=None, remembered=Remembered(file)) as screen:
        await screen.shows("embedded ● LIVE")
        (first,) = find_servers()
        async with publisher(first.url) as client:
            await publish(client, asked)
        await screen.shows("◼ c2 blocked")
        await screen.press("a")
        await screen.shows("(acknowledged) no credentials")
    with ExitStack() as taken:
        with suppress(OSError):  # or else a test beside this one has it
            port = urlsplit(first.url).port or 0
            taken.enter_context(socket.create_server(("127.0.0.1", port)))
        async with dashboard(None, token=None, remembered=Remembered(file)) as screen:
            await screen.shows("embedded ● LIVE", "(acknowledged) no credentials")
    with server(announce=True, kind="serve") as another:
        async with publisher(another.url) as client:
            await publish(client, asked)
        async with dashboard(None, token=None, remembered=Remembered(file)) as screen:
            await screen.shows("◼ c2 blocked")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (bytes(range(256)) * 100, ("WARN", "journal.db is broken", "kept as")),
        (b"# notes\n", ("WARN", "kept in memory only", "a text file")),
    ],
)
async def test_a_journal_that_cannot_be_used_is_said_on_the_screen(
    content: bytes, said: tuple[str, ...]
) -> None:
    journal = token_file().with_name("journal.db")
    journal.parent.mkdir(mode=0o700)
    journal.write_bytes(content)
    async with dashboard(None, token=None, size=(300, 40)) as screen:
        await screen.shows("embedded ● LIVE", "this dashboard's server", *said)
    assert any(one.read_bytes() == content for one in journal.parent.iterdir() if one.is_file())
