"""Clients that break every rule: the server goes on for all others, and shows no traceback."""

import asyncio
import os
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

import pytest

from tests.functional.server.conftest import LOCAL, Start
from tests.support.frames import TOKEN, log
from tests.support.peer import peer

HANDSHAKE = (
    "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    f"Authorization: Bearer {TOKEN}\r\n\r\n"
).encode()
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER: closing sends RST."""


def masked(payload: bytes, head: int = 0x81) -> bytes:
    """A client's frame with the mask of zeros."""
    size = len(payload)
    if size < 126:
        length = bytes([0x80 | size])
    else:
        length = (
            b"\xfe" + struct.pack("!H", size) if size < 65536 else b"\xff" + struct.pack("!Q", size)
        )
    return bytes([head]) + length + bytes(4) + payload


@asynccontextmanager
async def raw(url: str) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def still_serves(url: str) -> None:
    async with peer(url) as client:
        await client.say("ping")
        await client.hear_until("pong")


@pytest.mark.parametrize(
    "said",
    [
        b"\x00\xff\x16\x03\x01",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
        b"POST /ws HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello",
        b"GET /ws HTTP/1.1\r\n" + b"A: b\r\n" * 1000 + b"\r\n",
        b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\n\r\n",
        HANDSHAKE.replace(b"dGhlIHNhbXBsZSBub25jZQ==", b"x"),
        HANDSHAKE.replace(b"Version: 13", b"Version: 12"),
        HANDSHAKE.replace(b"Bearer", b"Bearer \xff\xfe"),
        HANDSHAKE.replace(b"Host: x", b"Sec-WebSocket-Protocol: ,;=\xff"),
        HANDSHAKE.replace(b"Host: x", b"Cookie: auth-token=\xff\r\nCookie: x"),
        HANDSHAKE.replace(b"Host: x", b"Origin: \xff\r\nOrigin: y"),
        HANDSHAKE + b"\x01",
        HANDSHAKE + masked(b"half of it")[:-3],
        HANDSHAKE + masked(b"\xff\xfe\xfd"),
        HANDSHAKE + masked(b"hello", 0xF1),
        HANDSHAKE + masked(b"hello", 0x83),
        HANDSHAKE + masked(b"x" * 200, 0x89),
        HANDSHAKE + masked(b"orphan", 0x80),
        HANDSHAKE + masked(b"\x03", 0x88),
        HANDSHAKE + masked(b"\x00\x01", 0x88),
        HANDSHAKE + b"\x81\x05hello",
        HANDSHAKE + b"\x81\xff" + b"\xff" * 8 + bytes(4),
        HANDSHAKE + masked(b"x", 0x01) + masked(b"y", 0x00) * 1000,
        HANDSHAKE + masked(b"[" * 60_000),
        HANDSHAKE + masked(b'{"a":' * 10_000),
        HANDSHAKE + masked(b"[" + b"[]," * 4000 + b"1]"),
        HANDSHAKE + masked(b"\x1f\x8b" + b"\xff" * 100, 0x82),
        HANDSHAKE + masked(log("e-1").replace(b"1}", b"1e999}")),
    ],
)
@pytest.mark.parametrize("end", ["wait", "reset"])
async def test_broken_clients_trouble_nobody(url: str, said: bytes, end: str) -> None:
    async with raw(url) as (reader, writer):
        writer.write(said)
        with suppress(OSError):
            await writer.drain()
        if end == "wait":
            writer.write_eof()
            with suppress(OSError):
                await reader.read()
        else:
            link = writer.get_extra_info("socket")
            link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    await still_serves(url)


async def test_clients_that_vanish_while_events_are_on_their_way(url: str) -> None:
    async with peer(url, v1=True) as publisher:
        for _ in range(20):
            async with raw(url) as (reader, writer):
                writer.write(HANDSHAKE + masked(b'{"type":"subscribe","data":{}}'))
                await reader.readuntil(b"connect")
                await publisher.send(log(os.urandom(4).hex(), message="x" * 50_000))
                link = writer.get_extra_info("socket")
                link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        await publisher.say("ping")
        await publisher.hear_until("pong")
    await still_serves(url)


async def test_a_client_that_reads_late_may_be_refused_as_often_as_it_likes(url: str) -> None:
    bad = b"[" + b",".join([b'{"type":"agent_log"}'] * 1000) + b"]"
    async with raw(url) as (reader, writer):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**16)
        writer.write(HANDSHAKE)
        await reader.readuntil(b"connect")
        writer.transport.pause_reading()  # type: ignore[attr-defined] # a stream's transport reads
        writer.write(masked(bad) * 40 + masked(b'{"type":"ping"}'))
        for _ in range(50):  # until the answers fill all that is between the two
            await still_serves(url)
        writer.transport.resume_reading()  # type: ignore[attr-defined]
        heard = bytearray()
        while b'"pong"' not in heard[-(2**16) :]:
            chunk = await reader.read(2**16)
            assert chunk, "closed"
            heard += chunk
    assert heard.count(b'"invalid_message"') == 40_000


@pytest.mark.parametrize("v1", [False, True])
async def test_a_reader_that_stalls_loses_events_or_is_cut_off_and_slows_nobody(
    start: Start, monkeypatch: pytest.MonkeyPatch, v1: bool
) -> None:
    monkeypatch.setattr("tui.server.leaving.CLOSE_SECONDS", 0.1)
    url = (await start(LOCAL)).url
    asked = HANDSHAKE
    if v1:
        asked = asked.replace(b"Host: x", b"Sec-WebSocket-Protocol: autosdlc.v1\r\nHost: x")
    async with raw(url) as (reader, writer), peer(url) as publisher:
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**16)
        writer.write(asked + masked(b'{"type":"subscribe","data":{"snapshot":"never"}}'))
        await reader.readuntil(b"connect")
        writer.transport.pause_reading()  # type: ignore[attr-defined] # a stream's transport reads
        for n in range(200):
            await publisher.send(log(f"e-{n}", message="x" * 60_000))
        await publisher.say("ping")
        await publisher.hear_until("pong")
        writer.transport.resume_reading()  # type: ignore[attr-defined]
        received, tail = 0, b""
        with suppress(ConnectionError):
            while b'"gap"' not in tail and (chunk := await reader.read(2**16)):
                received += len(chunk)
                tail = tail[-10:] + chunk
        assert 0 < received < 200 * 60_000
        assert (b'"gap"' in tail) == v1
    await still_serves(url)
