"""From ports to a graceful stop: in this loop, in a thread, and in a process of its own."""

import asyncio
import os
import socket
import sys
import threading
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest

from tests.functional.server.conftest import LOCAL, Start, running
from tests.functional.server.test_hostile import HANDSHAKE, masked, raw
from tests.support.frames import TOKEN
from tests.support.peer import peer
from tests.support.ports import free_port
from tui.discovery import find_servers, load_token
from tui.server.config import ServerError
from tui.server.embedded import EmbeddedServer


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "run").mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("AUTOSDLC_TOKEN", raising=False)
    return tmp_path


async def healthy(http_url: str) -> object:
    async with aiohttp.ClientSession() as session, session.get(f"{http_url}/healthz") as answer:
        assert answer.status == 200
        return await answer.json()


async def test_health_over_http_on_a_free_port(start: Start) -> None:
    record = await start(replace(LOCAL, http_port=None))
    assert record.http_url is not None
    assert record.http_url != record.url.replace("ws://", "http://").removesuffix("/ws")
    assert await healthy(record.http_url) == {"status": "ok"}


async def test_http_is_one_port_above_unless_told_otherwise(start: Start) -> None:
    port = free_port(neighbours=1)
    record = await start(replace(LOCAL, port=port, http_port=None))
    assert record.http_url == f"http://127.0.0.1:{port + 1}"


async def test_a_port_in_use_is_said_in_one_line(start: Start) -> None:
    taken = urlsplit((await start(LOCAL)).url).port or 0
    for config, option in (
        (replace(LOCAL, port=taken), "--port"),
        (replace(LOCAL, http_port=taken), "--http-port"),
    ):
        with pytest.raises(ServerError, match=f"port {taken} .* in use .* {option}"):
            await start(config)


async def test_what_has_stopped_leaves_its_port_and_no_record() -> None:
    port = free_port()
    async with running(replace(LOCAL, port=port, announce=True)) as record:
        assert find_servers() == [record]
    assert find_servers() == []
    async with running(replace(LOCAL, port=port)):
        pass


async def test_a_stop_closes_everyone_and_waits_for_nobody_long() -> None:
    loop = asyncio.get_running_loop()
    async with running(LOCAL) as record:
        client = peer(record.url)
        stalled, half = raw(record.url), raw(record.url)
        polite = await client.__aenter__()
        for rude, said in ((stalled, HANDSHAKE + masked(b'{"type":"ping"}')), (half, b"GET")):
            _, writer = await rude.__aenter__()
            writer.write(said)
        await polite.say("ping")
        await polite.hear_until("pong")
        begun = loop.time()
    code, reason = await polite.closed()
    assert code == 1012
    assert reason in ("restarting; back in 500 ms", "restarting; back in 505 ms")
    assert loop.time() - begun < 6
    for one in (client, stalled, half):
        await one.__aexit__(None, None, None)


async def test_who_has_not_even_said_hello_is_cut_off_at_once() -> None:
    server = running(LOCAL)
    record = await server.__aenter__()
    async with raw(record.url) as (reader, half), raw(record.url) as (other, stalled):
        half.write(b"GET /ws")
        stalled.write(HANDSHAKE)
        await other.readuntil(b"connect")
        stopping = asyncio.create_task(server.__aexit__(None, None, None))
        with suppress(ConnectionError):
            assert await reader.read() == b""
        assert not stopping.done()
        await stopping


async def test_who_comes_with_the_stop_is_turned_away() -> None:
    async with running(replace(LOCAL, stop_seconds=0.1)) as record:
        address = urlsplit(record.url)
        late = socket.create_connection((address.hostname, address.port))
    with late:
        late.settimeout(5)
        with suppress(ConnectionError):
            assert late.recv(1) == b""


async def test_without_a_token_of_its_own_the_machines_is_used(start: Start) -> None:
    record = await start(replace(LOCAL, token=""))
    token = load_token()
    assert token
    async with peer(record.url, {"Authorization": f"Bearer {token}"}, token=False) as client:
        await client.say("ping")
        await client.hear_until("pong")


async def test_a_token_that_cannot_be_kept_is_said_in_one_line(start: Start, home: Path) -> None:
    (home / "state").touch()
    with pytest.raises(ServerError, match=r"the token cannot be kept: .*; set AUTOSDLC_TOKEN"):
        await start(replace(LOCAL, token=""))


@pytest.mark.parametrize("token", ["schlüssel", "two\nlines", "tab\there"])
async def test_a_token_that_no_header_can_carry_is_said_in_one_line(
    start: Start, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    monkeypatch.setenv("AUTOSDLC_TOKEN", token)
    with pytest.raises(ServerError, match=r"^AUTOSDLC_TOKEN has characters .* cannot carry.*$"):
        await start(replace(LOCAL, token=""))


def test_a_configuration_that_is_shown_shows_no_token() -> None:
    assert TOKEN not in repr(LOCAL)


async def test_serve_without_a_place_for_its_token_says_so_in_one_line() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tui", "serve", "--port", "0", "--http-port", "off"),
        env=dict(os.environ) | {"XDG_STATE_HOME": "/dev/null"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said = await process.communicate()
    assert process.returncode == 2
    assert said[0] == b""
    [line] = said[1].decode().splitlines()
    assert "the token cannot be kept" in line


async def test_an_embedded_server_serves_from_a_thread_of_its_own() -> None:
    server = EmbeddedServer(replace(LOCAL, kind="embedded", announce=True))
    server.stop()
    record = await asyncio.to_thread(server.start)
    assert find_servers() == [record]
    async with peer(record.url) as client:
        await client.say("ping")
        await client.hear_until("pong")
        await asyncio.to_thread(server.stop)
        assert (await client.closed())[0] == 1001
    server.stop()
    assert find_servers() == []


def test_an_embedded_server_that_cannot_start_says_so() -> None:
    first = EmbeddedServer(LOCAL)
    taken = urlsplit(first.start().url).port or 0
    second = EmbeddedServer(replace(LOCAL, port=taken))
    with pytest.raises(ServerError, match=f"port {taken}"):
        second.start()
    second.stop()
    first.stop()


class Tardy(EmbeddedServer):
    """A server that starts when it is told to."""

    entered = threading.Event()
    go = threading.Event()

    async def _serve(self) -> None:
        self.entered.set()
        self.go.wait()
        await super()._serve()


def test_a_stop_from_another_thread_while_it_starts_ends_it() -> None:
    server = Tardy(LOCAL)
    starting = threading.Thread(target=server.start, daemon=True)
    stopping = threading.Thread(target=server.stop, daemon=True)
    starting.start()
    server.entered.wait()
    stopping.start()
    server.go.set()
    for thread in (stopping, starting):
        thread.join(10)
        assert not thread.is_alive()


ELSEWHERE = """
import asyncio, sys
from tui.server.config import ServerConfig
from tui.server.run import serve
config = ServerConfig(port=0, http_port="off", kind=sys.argv[1])
asyncio.run(serve(config, ready=lambda record: print(record.url, flush=True), stop=asyncio.Event()))
"""


async def test_servers_of_other_processes_are_found_with_their_token() -> None:
    servers = []
    for kind in ("embedded", "serve"):
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-c", ELSEWHERE, kind),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        servers.append((process, (await process.stdout.readline()).decode().strip()))
    (embedded, embedded_url), (served, served_url) = servers
    assert [record.url for record in find_servers()] == [served_url, embedded_url]
    headers = {"Authorization": f"Bearer {load_token()}"}
    for _, url in servers:
        async with peer(url, headers, token=False) as client:
            await client.say("ping")
            await client.hear_until("pong")
    served.kill()
    await served.wait()
    assert [record.pid for record in find_servers()] == [embedded.pid]
    embedded.kill()
    for process, _ in servers:
        _, said = await process.communicate()
        assert said == b""
