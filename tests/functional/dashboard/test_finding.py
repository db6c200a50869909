"""A dashboard that was told no server finds one, and another when that is gone."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.support.dashboard import TOKEN, dashboard, server
from tests.support.ports import free_port
from tui.discovery import find_servers, token_file
from tui.feed import Feed, Plan
from tui.protocol.topics import Filter
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


async def test_of_two_that_start_at_once_one_starts_the_server_and_the_other_finds_it() -> None:
    stores = Store(), Store()
    feeds = [Feed(store, Plan(), [Filter()], lambda: None, lambda: 0.0) for store in stores]
    await asyncio.gather(*(feed.run() for feed in feeds))
    [server] = find_servers()
    assert {store.link.url for store in stores} == {server.url}
    await asyncio.gather(*(feed.close() for feed in feeds))


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
