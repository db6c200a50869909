"""A server as a process: what goes to standard output, to standard error, and to its files."""

import asyncio
import json
import signal
import subprocess
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.support.browsing import ask, post
from tests.support.frames import TOKEN, log
from tests.support.peer import peer
from tui.discovery import ServerRecord, find_servers


@asynccontextmanager
async def serving(environment: dict[str, str], *options: str) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tui", "serve", "--port", "0", "--http-port", "0", *options),
        env=environment | {"AUTOSDLC_TOKEN": TOKEN},
        stdout=PIPE,
        stderr=PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def found(stream: asyncio.StreamReader | None) -> ServerRecord:
    """The server, as it says where it is."""
    assert stream is not None
    addresses: list[str] = []
    while len(addresses) < 2:
        line = (await stream.readline()).decode()
        assert line, "the server did not start"
        if line.startswith(("listening on ws:", "health at http:")):
            addresses.append(line.split()[-1])
    return ServerRecord(addresses[0], addresses[1].removesuffix("/healthz"), 1, "serve", 0.0)


async def stopped(process: Process) -> tuple[str, str]:
    process.send_signal(signal.SIGTERM)
    output, errors = await process.communicate()
    assert process.returncode == 0
    return output.decode(), errors.decode()


async def test_a_trace_has_standard_output_for_itself(environment: dict[str, str]) -> None:
    async with serving(environment, "--trace", "--trace-type", "ping") as process:
        server = await found(process.stderr)
        async with peer(server.url) as client:
            await client.say("ping", "ping-1")
            await client.hear_until("pong")
        output, errors = await stopped(process)
    [line] = output.splitlines()
    assert json.loads(line)["id"] == "ping-1"
    assert "Traceback" not in errors


async def test_logs_are_json_where_there_is_no_terminal(environment: dict[str, str]) -> None:
    async with serving(environment) as process:
        server = await found(process.stdout)
        assert (await ask(server, "/readyz", headers={})).status == 200
        assert (await post(server, log("evt-1"))).body["ids"] == ["evt-1"]
        async with peer(server.url):
            pass
        output, errors = await stopped(process)
    assert "the token is in AUTOSDLC_TOKEN" in output
    said = [json.loads(line) for line in errors.splitlines()]
    assert any("connected" in one["message"] for one in said)
    assert TOKEN not in errors


async def test_logs_go_to_a_file_where_that_is_wished(
    environment: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "server.log"
    options = ("--log-file", str(path), "--log-level", "debug")
    async with serving(environment, *options) as process:
        server = await found(process.stdout)
        async with peer(server.url):
            pass
        _, errors = await stopped(process)
    assert errors == ""
    assert any("connected" in json.loads(line)["message"] for line in lines(path))


def lines(path: Path) -> list[str]:
    return path.read_text("utf-8").splitlines()


async def test_a_log_that_cannot_be_written_is_said_in_one_line(
    environment: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "nowhere" / "server.log"
    async with serving(environment, "--log-file", str(path)) as process:
        output, errors = await process.communicate()
    assert process.returncode == 2
    assert output == b""
    [line] = errors.decode().splitlines()
    assert str(path) in line


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a disk that is always full")
@pytest.mark.parametrize("asked", [("keys", "add", "n", "--role", "viewer"), ("schema",)])
def test_output_that_cannot_be_written_is_said_in_one_line(
    tmp_path: Path, asked: tuple[str, ...]
) -> None:
    command = [sys.executable, "-m", "tui", *asked]
    keys = ["--file", str(tmp_path / "keys.toml")] if asked[0] == "keys" else []
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            command + keys, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("autosdlc-tui: standard output cannot be written: ")
    assert list(tmp_path.glob("keys.toml")) == []


@pytest.mark.parametrize("missing", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
async def test_a_server_needs_none_of_the_standard_streams(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    process = await asyncio.create_subprocess_exec(
        *("sh", "-c", f'exec "$0" -m tui serve --port 0 --http-port off --trace {missing}'),
        sys.executable,
        env=environment | {"AUTOSDLC_TOKEN": TOKEN},
        stdin=DEVNULL,
        stdout=DEVNULL,
        stderr=DEVNULL,
    )
    try:
        while not (servers := find_servers()):
            assert process.returncode is None
            await asyncio.sleep(0.01)
        async with peer(servers[0].url) as client:
            await client.say("ping")
            await client.hear_until("pong")
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
