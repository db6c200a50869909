"""What waits for one reader: joined, shared, conflated, dropped with a word of it, and bounded."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.support.frames import draft, frame, log, status
from tests.support.virtual import in_virtual_time
from tests.support.websocket import TEXT, all_messages
from tests.unit.server.clients import Client, Server, brief, quiet
from tui.server.backlog import Message
from tui.server.brokers import Stored
from tui.server.brokers.memory import MemoryBroker
from tui.server.flush import Flush, Shared
from tui.server.metrics import Metrics
from tui.server.outbox import CAPACITY, SLICE, PlainOutbox, V1Outbox


class Link:
    """A way to a client that takes what it is given while it is told to."""

    def __init__(self) -> None:
        self.writable = True
        self.written: list[bytes] = []

    def write(self, data: bytes) -> None:
        assert self.writable
        self.written.append(data)

    async def drained(self) -> None:
        raise NotImplementedError

    @property
    def read(self) -> list[Any]:
        return [json.loads(one.plain) for data in self.written for one in all_messages(data)]


def v1_outbox(link: Link, capacity: int = CAPACITY, *, gzip: bool = False) -> V1Outbox:
    flush = Flush(asyncio.get_running_loop())
    return V1Outbox(link, flush, _unexpected, Metrics(), gzip=gzip, capacity=capacity)


def _unexpected(lost: Mapping[str, int]) -> None:
    raise AssertionError(f"{lost} were lost")


def stored(*events: bytes) -> list[Stored]:
    found: list[Stored] = []
    broker = MemoryBroker(clock=lambda: 0.0)
    broker.deliver = found.extend
    broker.publish([draft(one) for one in events], lambda _: None)
    return found


@in_virtual_time
async def test_v1_readers_get_all_that_waits_as_one_batch_and_plain_ones_as_frames() -> None:
    one, two = stored(log("e-1"), log("e-2"))
    v1, plain = Link(), Link()
    outbox = v1_outbox(v1)
    for event in (one, two):
        outbox.offer(Message(event.v1, event))
    outbox.flush(Shared())
    [[first, second]] = v1.read
    assert (first["id"], second["id"]) == ("e-1", "e-2")
    frames = PlainOutbox(plain, Flush(asyncio.get_running_loop()), lambda: None)
    for _ in range(2):
        frames.offer(b"\x81\x02{}")
    frames.put(b"[]")
    frames.flush(Shared())
    assert plain.written == [b"\x81\x02{}" * 2 + b"\x81\x02[]"]
    assert (frames.count, frames.size, outbox.count, outbox.size) == (0, 0, 0, 0)


@pytest.mark.parametrize("gzip", [False, True])
@in_virtual_time
async def test_readers_of_the_same_events_are_given_the_very_same_bytes(gzip: bool) -> None:
    messages = [Message(one.v1, one) for one in stored(log("e-1"), log("e-2", message="x" * 2000))]
    links = [Link(), Link(), Link()]
    readers = [v1_outbox(link, gzip=gzip) for link in links[:2]] + [v1_outbox(links[2])]
    for reader in readers:
        for message in messages:
            reader.offer(message)
    shared = Shared()
    for reader in readers:
        reader.flush(shared)
    assert links[0].written[0] is links[1].written[0]
    [other] = all_messages(links[2].written[0])
    assert other.head == TEXT, "bytes are shared among those who asked for the same"


@in_virtual_time
async def test_a_reader_with_an_answer_of_its_own_shares_nothing() -> None:
    [event] = stored(log("e-1"))
    message = Message(event.v1, event)
    links = [Link(), Link()]
    readers = [v1_outbox(link) for link in links]
    for reader in readers:
        reader.offer(message)
    readers[0].put(b'{"type":"pong"}')
    shared = Shared()
    for reader in readers:
        reader.flush(shared)
    assert [type(link.read[0]) for link in links] == [list, dict]


@in_virtual_time
async def test_a_backlog_goes_out_in_slices_as_the_socket_takes_them() -> None:
    link = Link()
    outbox = v1_outbox(link)
    link.writable = False
    for event in stored(*(log(f"e-{n}", message="x" * 1000) for n in range(200))):
        outbox.offer(Message(event.v1, event))
    outbox.flush(Shared())
    assert (link.written, outbox.count) == ([], 200)
    link.writable = True
    outbox.flush(Shared())
    assert max(map(len, link.written)) < SLICE + 2000
    assert [one["id"] for batch in link.read for one in batch] == [f"e-{n}" for n in range(200)]
    assert (outbox.count, outbox.size) == (0, 0)


@in_virtual_time
async def test_streams_that_are_held_get_nothing_and_others_do() -> None:
    link = Link()
    outbox = v1_outbox(link)
    raised = {
        "alertId": "a",
        "severity": "low",
        "title": "t",
        "description": "d",
        "affectedComponents": [],
        "recommendedActions": [],
    }
    events = stored(log("e-1"), frame("system_alert", raised, "e-2", timestamp=1), log("e-3"))
    messages = [Message(one.v1, one) for one in events]
    outbox.hold(["agent"])
    for message in messages:
        outbox.offer(message)
    outbox.put(b'{"id":"answer"}')
    outbox.hold([])
    outbox.offer(messages[2])
    outbox.flush(Shared())
    assert [one["id"] for one in link.read[0]] == ["e-2", "answer", "e-3"]


# On a connection: what a reader is told of what it lost.

HEAVY = "x" * 60_000


async def slow_reader(server: Server, **wish: Any) -> Client:
    """A v1 client that has subscribed to agents, and then reads no more."""
    client = await server.welcome()
    client.say("subscribe", resource="agent", snapshot="never", **wish)
    await client.heard()
    client.peer.stop_reading()
    return client


async def publish_heavy(server: Server, numbers: Sequence[int]) -> None:
    for n in numbers:
        server.publish(log(f"e-{n}", message=HEAVY))
        await quiet()


@in_virtual_time
async def test_too_many_states_are_conflated_and_nothing_is_lost() -> None:
    server = Server()
    client = await slow_reader(server)
    for n in range(100):
        server.publish(status(f"e-{n}", f"agent-{n % 4}", HEAVY))
        assert client.connection.outbox.size < CAPACITY + 100_000
        await quiet()
    client.peer.go_on_reading()
    told = await client.heard()
    conflated = sum(one["metadata"].get("conflated", 0) for one in told)
    assert {one["type"] for one in told} == {"agent_status"}
    assert len(told) + conflated == 100
    assert [one["id"] for one in told[-4:]] == [f"e-{n}" for n in range(96, 100)]
    offsets = [one["metadata"]["offset"] for one in told]
    assert offsets == sorted(set(offsets))
    assert server.gateway.metrics.conflated == conflated
    assert client.ending is None


@in_virtual_time
async def test_too_much_of_a_story_is_a_gap_and_then_the_state() -> None:
    server = Server()
    client = await slow_reader(server)
    server.publish(status("e-0"))
    await publish_heavy(server, range(1, 8))
    client.say("ping")
    await publish_heavy(server, range(8, 25))
    client.peer.go_on_reading()
    heard = await client.heard()
    told = [brief(one) for one in heard]
    at = [one["data"].get("status") for one in heard].index("gap")
    gap = heard[at]["data"]["lost"]
    assert told[:at] == [f"e-{n}" for n in range(at)]
    assert gap["from"] == at + 1
    head = gap["to"] - 1
    assert at < 8 < head < 24
    assert told[at + 1 :] == [
        "pong",
        ("snapshot", head + 1, ["e-0"]),
        *(f"e-{n}" for n in range(head + 1, 25)),
    ]
    assert server.gateway.metrics.gaps == 1
    server.publish(log("e-live"))
    assert [brief(one) for one in await client.heard()] == ["e-live"]


@in_virtual_time
async def test_answers_behind_a_gap_claim_nothing_that_was_not_sent_or_said_to_be_lost() -> None:
    server = Server()
    client = await slow_reader(server)
    await publish_heavy(server, range(8))
    client.say("ping")  # it will be waiting when all that it speaks of is dropped
    await publish_heavy(server, range(8, 25))
    client.peer.go_on_reading()
    told = await client.heard()
    kinds = [one["data"].get("status", one["type"]) for one in told]
    gap, pong = told[kinds.index("gap")], told[kinds.index("pong")]
    assert kinds.index("gap") < kinds.index("pong")
    assert pong["data"]["positions"]["agent"]["offset"] == 8
    assert gap["data"]["lost"]["to"] > 8


@in_virtual_time
async def test_a_reader_that_is_dropped_a_third_time_within_a_minute_is_closed() -> None:
    server = Server()
    client = await slow_reader(server)
    numbers = iter(range(1000))
    for overflows in (1, 2):
        while server.gateway.metrics.gaps < overflows:
            await publish_heavy(server, [next(numbers)])
        assert not client.connection.is_closing
        client.peer.go_on_reading()
        await quiet()
        client.peer.stop_reading()
        await asyncio.sleep(25)
    while not client.connection.is_closing:
        await publish_heavy(server, [next(numbers)])
    client.peer.go_on_reading()
    assert client.ending == (4008, "reading too slowly")
    assert server.gateway.metrics.slow_closed == 1


@in_virtual_time
async def test_a_reader_that_is_dropped_now_and_then_stays() -> None:
    server = Server()
    client = await slow_reader(server)
    numbers = iter(range(1000))
    for overflows in (1, 2, 3, 4):
        while server.gateway.metrics.gaps < overflows:
            await publish_heavy(server, [next(numbers)])
        client.peer.go_on_reading()
        await quiet()
        client.peer.stop_reading()
        await asyncio.sleep(31)
    assert not client.connection.is_closing


@in_virtual_time
async def test_what_waits_for_more_than_10_seconds_is_conflated_and_then_lost() -> None:
    server = Server()
    client = await slow_reader(server)
    server.publish(log("e-0", message="x" * 70_000))
    await quiet()
    server.publish(status("e-1"), status("e-2"))
    await quiet()
    for _ in range(11):
        client.peer.read(100)  # not stalled, but slow
        await asyncio.sleep(1)
        server.gateway.tick()
    client.peer.go_on_reading()
    told = [brief(one) for one in await client.heard()]
    assert told == ["e-0", ("gap", {"from": 2, "to": 3}), ("snapshot", 3, ["e-2"])]


@in_virtual_time
async def test_a_plain_reader_who_lets_it_wait_for_more_than_10_seconds_is_closed() -> None:
    server = Server()
    client = await server.welcome(v1=False)
    client.say("subscribe", resource="agent")
    client.peer.stop_reading()
    for event in (log("e-0", message="x" * 70_000), log("e-1")):
        server.publish(event)
        await quiet()
    for second in range(11):
        assert client.connection.is_closing == (second > 9)
        client.peer.read(100)
        await asyncio.sleep(1)
        server.gateway.tick()
    client.peer.read()
    assert client.ending == (4008, "reading too slowly")


@pytest.mark.parametrize("v1", [True, False])
@in_virtual_time
async def test_a_socket_that_takes_nothing_for_10_seconds_is_closed(v1: bool) -> None:
    server = Server()
    client = await server.welcome(v1=v1)
    client.say("subscribe", resource="agent", snapshot="never")
    await client.heard()
    client.peer.stop_reading()
    server.publish(log("e-0"))
    for _ in range(10):
        await asyncio.sleep(1)
        server.gateway.tick()
        assert not client.connection.is_closing
    for _ in range(5):
        await asyncio.sleep(1)
        server.gateway.tick()
    assert client.ending == (1006, ""), "it did not even take its leave"
    assert not server.gateway.connections
    assert asyncio.all_tasks() == {asyncio.current_task()}
