"""Clients that are slow, huge, or mean harm: each costs what it may, and nobody else notices."""

import asyncio
import gzip
import json
from collections.abc import Iterator
from dataclasses import replace

import aiohttp
import pytest

from tests.functional.server.conftest import LOCAL, Start
from tests.support.frames import TOKEN, frame, log, status
from tests.support.peer import BEARER, Peer, peer
from tests.support.raw import BINARY, RawSocket, connect, handshake, masked, open_raw
from tui.protocol.limits import MAX_RECEIVE_PUBLISHER, MAX_SUBSCRIPTIONS
from tui.server.outbox import CAPACITY

SMALL_BUFFER = 64 * 1024
UNLIMITED = replace(LOCAL, rate_limits="off")


@pytest.fixture
async def url(start: Start) -> str:
    return (await start(UNLIMITED)).url


async def pings(client: Peer) -> None:
    """A healthy client is answered."""
    await client.say("ping")
    await client.hear_until("pong")


async def heard(raw: RawSocket, id_: str) -> None:
    """Whatever was asked under that id is answered."""
    while ((await raw.message()).get("metadata") or {}).get("correlationId") != id_:
        pass


# Slow ones.


async def test_a_handshake_that_comes_a_byte_at_a_time_is_given_up(url: str) -> None:
    loop = asyncio.get_running_loop()
    begun = loop.time()
    async with await connect(url) as slow, peer(url) as healthy:
        for byte in handshake(url, TOKEN):
            if slow.ending is not None:
                break
            slow.transport.write(bytes([byte]))
            await pings(healthy)
            await asyncio.wait({asyncio.create_task(slow.ended())}, timeout=0.5)
        assert slow.status != 101
        assert 4 < loop.time() - begun < 20


async def test_a_frame_that_comes_a_byte_at_a_time_is_taken_and_holds_nobody_up(url: str) -> None:
    async with await open_raw(url, TOKEN) as slow, peer(url) as healthy:
        for byte in masked(frame("ping", {}, "slow")):
            slow.transport.write(bytes([byte]))
            await pings(healthy)
        await heard(slow, "slow")


@pytest.mark.parametrize("kept", ["state", "history"])
async def test_a_reader_that_pauses_is_told_what_it_missed(url: str, kept: str) -> None:
    """Whether it is conflated, or begins anew from the state, every event is accounted for."""
    count = 3_000
    padding = "x" * 5_000
    async with (
        await open_raw(url, TOKEN, v1=True, receive_buffer=SMALL_BUFFER) as reader,
        peer(url, v1=True) as publisher,
    ):
        reader.send(frame("subscribe", {"subscriptionId": "s", "resource": "agent"}))
        while (await reader.message())["data"].get("status") != "snapshot":
            pass
        reader.stall()
        for n in range(1, count + 1):
            if kept == "state":
                await publisher.send(status(f"e-{n}", f"agent-{n % 3}", padding))
            else:
                await publisher.send(log(f"e-{n}", message=padding))
        await pings(publisher)
        reader.resume()
        reader.send(frame("ping"))
        accounted = at = left_out = 0
        while at < count:
            message = await reader.message()
            data, metadata = message["data"], message["metadata"]
            if message["type"].startswith("agent_"):
                assert metadata["offset"] > at, "out of order"
                at = metadata["offset"]
                accounted += 1 + metadata.get("conflated", 0)
                left_out += metadata.get("conflated", 0) if kept == "state" else 0
            elif data.get("status") == "gap":
                assert data["lost"]["from"] > at
                at = data["lost"]["to"]
                accounted += at - data["lost"]["from"] + 1
                left_out += at - data["lost"]["from"] + 1 if kept == "history" else 0
        assert accounted == count
        assert left_out > count / 10


async def test_what_waits_for_readers_that_never_read_stays_within_its_bound(start: Start) -> None:
    record = await start(replace(UNLIMITED, http_port=0))
    readers = [
        await open_raw(record.url, TOKEN, v1=bool(n % 2), receive_buffer=SMALL_BUFFER)
        for n in range(10)
    ]
    largest = 0
    async with aiohttp.ClientSession(headers=BEARER) as session, peer(record.url) as publisher:
        for one in readers:
            one.send(frame("subscribe", {"subscriptionId": "s"}))
            one.send(frame("ping", {}, "subscribed"))
            await heard(one, "subscribed")
            one.stall()
        for n in range(400):
            await publisher.send(log(f"e-{n}", message="x" * 60_000))
            if n % 20 == 0:
                await pings(publisher)
                async with session.get(f"{record.http_url}/clients") as page:
                    clients = (await page.json())["clients"]
                    largest = max(largest, *(one["queueBytes"] for one in clients))
        await pings(publisher)
    assert CAPACITY // 2 < largest <= CAPACITY + 2 * 60_200
    for one in readers:
        one.reset()
        await one.ended()


# Huge ones.


async def test_a_message_in_4000_fragments_is_taken(url: str) -> None:
    said = frame("ping", {"x": "y" * 8_000}, "in-pieces")
    size = len(said) // 4_000 + 1
    pieces = [said[at : at + size] for at in range(0, len(said), size)]
    async with await open_raw(url, TOKEN) as raw:
        raw.send(pieces[0], 0x01)
        for piece in pieces[1:-1]:
            raw.send(piece, 0x00)
        for _ in range(4_000 - len(pieces)):
            raw.send(b"", 0x00)
        raw.send(pieces[-1], 0x80)
        await heard(raw, "in-pieces")


async def test_fragments_that_are_too_large_together_end_the_connection(url: str) -> None:
    async with await open_raw(url, TOKEN) as raw, peer(url) as healthy:
        raw.send(b"x" * 1_000, 0x01)
        for _ in range(2 * MAX_RECEIVE_PUBLISHER // 1_000):
            if raw.ending is None:
                raw.send(b"x" * 1_000, 0x00)
                await pings(healthy)
        assert (await raw.ended()).code == 1009


async def test_ten_mebibytes_are_refused_by_their_announcement(url: str) -> None:
    async with await open_raw(url, TOKEN) as raw, peer(url) as healthy:
        raw.transport.write(b"\x81\xff" + (10 * 2**20).to_bytes(8, "big") + bytes(4))
        assert (await raw.ended()).code == 1009
        await pings(healthy)


@pytest.mark.parametrize(
    "nested",
    [
        frame("ping", {"a": 1}, "deep").replace(b"1", b"[" * 2_000 + b"]" * 2_000),
        log("deep", more={"a": 1}).replace(b'"a": 1', b'"a": ' * 2_000 + b"1" + b"}" * 1_999),
        log("deep", more={"a": 1}).replace(b"1}", b'{"a":' * 2_000 + b"1" + b"}" * 2_001, 1),
    ],
)
async def test_what_nests_2000_deep_is_refused_and_no_more(url: str, nested: bytes) -> None:
    async with peer(url) as client:
        await client.send(nested)
        refused = (await client.hear_until("error"))[-1]
        assert refused["data"]["code"] == "invalid_message"
        await pings(client)


def bombs() -> Iterator[bytes]:
    zeros = gzip.compress(bytes(100_000_000))
    yield zeros
    yield gzip.compress(zeros)
    yield gzip.compress(b"[" + b"0," * 30_000_000 + b"0]")
    yield gzip.compress(b" " * 50_000_000 + log("e-1"))
    yield b"".join(gzip.compress(b"") for _ in range(10_000))


@pytest.mark.parametrize("bomb", list(bombs()), ids=["zeros", "twice", "array", "spaces", "empty"])
async def test_gzip_bombs_cost_nothing(url: str, bomb: bytes) -> None:
    async with await open_raw(url, TOKEN) as raw, peer(url) as healthy:
        for _ in range(100):
            raw.send(bomb, BINARY)
        assert (await raw.message())["type"] == "connect"
        for _ in range(100):
            refused = await raw.message()
            assert refused["data"]["code"] in ("too_large", "invalid_message")
        await pings(healthy)


# Those who ask for too much.


async def test_filters_made_to_be_slow_are_not(url: str) -> None:
    """Were a match to take more than linear time, this test would not end."""
    hostile = ["*a" * 127 + "*b", "a*" * 128, "*" * 256, ("*" + "a" * 15) * 16, "*a" * 128]
    async with peer(url, v1=True) as reader, peer(url, v1=True) as publisher:
        wish = [
            {"subscriptionId": f"s-{n}", "resource": "agent", "resourceId": hostile[n % 5]}
            for n in range(MAX_SUBSCRIPTIONS)
        ]
        await reader.say("subscribe", subscriptions=wish, snapshot="never")
        await reader.hear_until("subscription_update")
        for start_ in range(0, 1_000, 100):
            ids = [f"e-{start_ + n}" for n in range(100)]
            await publisher.send(b"[" + b",".join(log(id_, "a" * 256) for id_ in ids) + b"]")
        heard = [await reader.hear() for _ in range(1_000)]
        assert [one["id"] for one in heard] == [f"e-{n}" for n in range(1_000)]


async def test_a_filter_that_is_too_long_is_refused_and_named(url: str) -> None:
    async with peer(url) as client:
        await client.say("subscribe", "m-1", resource="agent", resourceId="*a" * 128 + "*")
        refused = (await client.hear_until("error"))[-1]
        assert refused["data"]["code"] == "invalid_message"
        assert "256" in refused["data"]["error"]
        assert json.dumps(refused).count("*a") < 10
