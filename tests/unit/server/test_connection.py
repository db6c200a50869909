"""What a connection is sent once it is live, what it is told of its own events, and how it ends."""

import asyncio
import json

import pytest

from tests.support.frames import draft, frame, log, status
from tests.support.virtual import in_virtual_time
from tests.support.websocket import BINARY
from tests.unit.server.clients import LOST, Client, Server, brief, quiet
from tests.unit.server.delayed import DelayedBroker
from tui.protocol.errors import CloseCode
from tui.protocol.topics import Filter
from tui.server.auth import Access
from tui.server.connection import MAX_UNANSWERED
from tui.server.leaving import ANSWER_SECONDS, CLOSE_SECONDS


@in_virtual_time
async def test_an_event_that_matches_twice_is_sent_once() -> None:
    server = Server()
    client = await server.welcome()
    both = [{"subscriptionId": "a", "resource": "agent"}, {"subscriptionId": "b"}]
    client.say("subscribe", subscriptions=both, snapshot="never")
    server.publish(log("e-1"))
    assert [brief(one) for one in await client.heard()] == ["active", "e-1"]
    client.say("unsubscribe", subscriptionId="a")
    server.publish(log("e-2"))
    assert [brief(one) for one in await client.heard()] == ["closed", "e-2"]
    client.say("unsubscribe", subscriptionId="b")
    server.publish(log("e-3"))
    assert [brief(one) for one in await client.heard()] == ["closed"]


@in_virtual_time
async def test_pongs_tell_positions_and_leave_out_streams_that_catch_up() -> None:
    server = Server()
    server.publish(log("e-1"))
    client = await server.welcome()
    client.say("subscribe", resource="agent")
    client.say("ping", "m-2")
    pong = (await client.heard())[1]
    assert (pong["data"]["positions"], pong["metadata"]["correlationId"]) == ({}, "m-2")
    server.publish(log("e-2"))
    client.say("ping")
    event, pong = await client.heard()
    assert (event["id"], pong["type"]) == ("e-2", "pong")
    assert pong["data"]["positions"] == {"agent": {"epoch": server.epoch("agent"), "offset": 2}}


@in_virtual_time
async def test_a_publisher_is_acknowledged_and_events_of_a_moment_share_a_frame() -> None:
    server = Server()
    client = await server.welcome()
    client.say("subscribe", snapshot="never")
    await client.heard()
    client.send(b"[" + log("e-1") + b"," + log("e-2") + b"," + log("e-1") + b"]")
    await asyncio.sleep(0)
    [one] = client.peer.frames
    first, second, ack = json.loads(one.payload)
    assert (first["id"], second["id"]) == ("e-1", "e-2")
    assert ack["data"] == {"ids": ["e-1", "e-2", "e-1"]}


@in_virtual_time
async def test_what_comes_at_once_is_published_and_acknowledged_at_once() -> None:
    server = Server()
    client = await server.welcome()
    client.send(log("e-1"), log("e-2"), frame("ping", {}), log("e-3"))
    told = await client.heard()
    assert [one["data"].get("ids") for one in told] == [["e-1", "e-2"], None, ["e-3"]]


@in_virtual_time
async def test_publishers_without_a_connection_hear_what_became_of_each_event() -> None:
    server = Server()
    client = await server.welcome()
    client.say("subscribe", snapshot="never")
    assert await server.gateway.publish([draft(log("e-1")), draft(log("e-1"))]) == [None, None]
    assert [brief(one) for one in await client.heard()] == ["active", "e-1"]


@in_virtual_time
async def test_a_plain_client_is_sent_what_the_document_says_and_no_more() -> None:
    server = Server()
    server.publish(status("e-1"))
    client = await server.welcome(v1=False)
    client.say("subscribe", "m-1", subscriptionId="s", resume={"since": 0}, snapshot="always")
    client.send(b"[" + log("e-2") + b"," + log("e-3") + b"]")
    client.say("ping")
    client.say("unsubscribe", subscriptionId="s")
    server.publish(log("e-4"))
    await asyncio.sleep(1)
    told = [json.loads(one.payload) for one in client.peer.frames]
    assert [brief(one) for one in told] == ["e-2", "e-3", "pong"]
    assert [one["metadata"] for one in told] == [{}, {}, {"version": "1.0"}]
    assert set(told[2]["data"]) == {"timestamp"}


@in_virtual_time
async def test_a_plain_reader_too_far_behind_is_closed_and_slows_nobody() -> None:
    server = Server()
    slow, quick = await server.welcome(v1=False), await server.welcome()
    for client in (slow, quick):
        client.say("subscribe", resource="agent", snapshot="never")
    await quick.heard()
    slow.peer.stop_reading()
    for n in range(40):
        server.publish(log(f"e-{n}", message="x" * 40_000))
        assert (await quick.heard())[0]["id"] == f"e-{n}"
    assert slow.connection.is_closing
    assert slow.connection.outbox.size == 0
    slow.peer.read()
    assert slow.ending == (4008, "reading too slowly")
    assert quick.ending is None
    assert server.gateway.metrics.slow_closed == 1


@in_virtual_time
async def test_who_has_gone_is_forgotten() -> None:
    server = Server()
    client = await server.welcome()
    client.say("subscribe", snapshot="never")
    await client.heard()
    client.peer.vanish()
    await asyncio.sleep(0)
    server.publish(log("e-1"))
    assert client.connection.outbox.count == 0
    assert not server.gateway.connections
    assert (server.gateway.metrics.active, server.gateway.metrics.connections) == (0, 1)
    assert asyncio.all_tasks() == {asyncio.current_task()}


@in_virtual_time
async def test_an_encrypted_event_is_sent_on_by_its_envelope_and_never_read() -> None:
    server = Server()
    plain, v1 = await server.welcome(v1=False), await server.welcome()
    for client in (plain, v1):
        client.say("subscribe", resource="agent", snapshot="never")
    secret = {"data": "c2VjcmV0", "metadata": {"encrypted": True, "offset": 9}}
    raw = json.dumps(json.loads(log("e-1")) | secret).encode()
    v1.send(raw)
    [event] = await plain.heard()
    assert (event["data"], event["metadata"]) == ("c2VjcmV0", {"encrypted": True})
    _, event, ack = await v1.heard()
    assert (event["data"], event["metadata"]) == ("c2VjcmV0", {"encrypted": True, "offset": 1})
    assert ack["data"] == {"ids": ["e-1"]}


@in_virtual_time
async def test_who_asked_for_gzip_is_given_what_is_long_compressed_and_the_same_as_others() -> None:
    server = Server()
    readers = [await server.welcome(v1=v1, gzip=True) for v1 in (False, False, True, True)]
    for reader in readers:
        reader.say("subscribe", resource="agent", snapshot="never")
    await quiet()
    server.publish(log("e-1", message="x" * 2000))
    await quiet()
    for one, other in (readers[:2], readers[2:]):
        frame, same = one.peer.frames[-1], other.peer.frames[-1]
        assert frame.head == BINARY
        assert frame == same
        message = json.loads(frame.plain)
        assert message["id"] == "e-1"
        assert message["metadata"]["compressed"] is True


@in_virtual_time
async def test_a_publisher_waits_while_much_of_what_it_said_has_no_answer() -> None:
    server = Server(broker=DelayedBroker(delay=1.0))
    client = await server.welcome()
    client.send(*(log(f"e-{n}") for n in range(MAX_UNANSWERED)))
    assert not client.connection.is_ready
    client.send(log("late"))
    await asyncio.sleep(0.9)
    assert client.take() == []
    await asyncio.sleep(0.2)
    acknowledged = [one["data"]["ids"] for one in client.take()]
    assert [len(ids) for ids in acknowledged] == [MAX_UNANSWERED]
    await asyncio.sleep(2)
    assert [one["data"]["ids"] for one in client.take()] == [["late"]]


@in_virtual_time
async def test_a_publisher_waits_while_a_megabyte_has_no_answer() -> None:
    server = Server(broker=DelayedBroker(delay=1.0))
    client = await server.welcome()
    wide = "x" * 200_000
    for n in range(6):
        assert client.connection.is_ready
        client.send(log(f"e-{n}", message=wide))
    assert not client.connection.is_ready
    await asyncio.sleep(2)
    assert client.connection.is_ready
    assert len(client.take()) == 6


@in_virtual_time
async def test_answers_come_in_the_order_of_what_they_answer() -> None:
    server = Server(broker=DelayedBroker(delay=1.0))
    client = await server.welcome()
    cursor = {"agent": {"epoch": server.epoch("agent"), "offset": 0}}
    client.send(log("e-1"), frame("nonsense", {}, "m-2"))
    client.say("subscribe", "m-3", resource="agent", resume=cursor, snapshot="never")
    client.say("ping", "m-4")
    await asyncio.sleep(5)
    told = client.take()
    assert [one["metadata"].get("correlationId") for one in told if one["type"] != "agent_log"] == [
        None,
        "m-2",
        "m-3",
        "m-4",
    ]
    assert [one["type"] for one in told][:1] == ["publish_ack"]
    assert "e-1" in [one["id"] for one in told]


@in_virtual_time
async def test_a_farewell_waits_for_answers_but_for_none_that_does_not_come() -> None:
    broker = DelayedBroker(delay=1.0)
    server = Server(broker=broker)
    client = await server.welcome()
    client.send(log("e-1"))
    client.connection.close(CloseCode.RESTARTING, "back soon")
    client.send(log("e-2"))
    await asyncio.sleep(1.5)
    assert [one["data"] for one in client.take()] == [{"ids": ["e-1"]}]
    assert client.ending == (1012, "back soon")
    broker.delay = 60.0
    other = await server.welcome()
    other.send(log("e-3"))
    other.connection.close(CloseCode.RESTARTING, "back soon")
    await asyncio.sleep(ANSWER_SECONDS + 0.1)
    assert other.take() == []
    assert other.ending == (1012, "back soon")


@in_virtual_time
async def test_a_farewell_that_waited_for_answers_waits_for_no_reader_that_stalls() -> None:
    server = Server(broker=DelayedBroker(delay=60.0))
    client = await server.welcome()
    client.peer.stop_reading()
    client.say("ping")
    client.send(log("e-1"))
    client.connection.close(CloseCode.TOKEN_EXPIRED, "the token has expired")
    await asyncio.sleep(ANSWER_SECONDS + CLOSE_SECONDS + 0.1)
    assert client.ending == LOST
    assert not server.gateway.connections
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def who_reads_no_answers(server: Server) -> Client:
    client = await server.welcome()
    client.peer.stop_reading()
    for _ in range(20):
        client.send(b"[" + b",".join([b'{"type":"nonsense"}'] * 500) + b"]")
        await quiet()
    return client


@in_virtual_time
async def test_who_reads_no_answers_is_not_listened_to_and_let_go_when_it_vanishes() -> None:
    server = Server()
    client = await who_reads_no_answers(server)
    assert not client.connection.is_ready
    assert client.connection.outbox.size < 1024 * 1024
    client.peer.vanish()
    await quiet()
    assert not server.gateway.connections
    assert asyncio.all_tasks() == {asyncio.current_task()}


@in_virtual_time
async def test_who_reads_no_answers_can_be_told_that_it_is_over() -> None:
    server = Server()
    client = await who_reads_no_answers(server)
    client.connection.close(CloseCode.GOING_AWAY, "the server is stopping")
    await asyncio.sleep(CLOSE_SECONDS + 0.1)
    assert client.ending == LOST
    assert not server.gateway.connections
    assert asyncio.all_tasks() == {asyncio.current_task()}


@in_virtual_time
async def test_who_waits_for_the_broker_is_let_go_when_it_vanishes() -> None:
    server = Server(broker=DelayedBroker(delay=60.0))
    client = await server.welcome()
    client.send(*(log(f"e-{n}") for n in range(MAX_UNANSWERED + 1)))
    client.peer.vanish()
    await quiet()
    assert not server.gateway.connections
    assert asyncio.all_tasks() == {asyncio.current_task()}


@in_virtual_time
async def test_an_answer_that_comes_after_its_client_has_gone_is_nobodys() -> None:
    server = Server(broker=DelayedBroker(delay=1.0))
    client = await server.welcome()
    client.send(log("e-1"))
    client.peer.vanish()
    await asyncio.sleep(2)
    assert server.broker.position("agent").offset == 1
    assert not server.gateway.connections


@pytest.mark.parametrize(("clients", "ticks"), [(0, 1), (1, 1), (3, 3), (10, 10), (25, 9)])
@in_virtual_time
async def test_each_is_looked_after_within_a_second_and_few_do_not_wake_it_often(
    clients: int, ticks: int
) -> None:
    server = Server()
    access = Access((Filter(),), (), expires=server.now - 1)
    opened = [server.connect(access=access).connection for _ in range(clients)]
    taken, passed = 0, 0.0
    while passed < 0.999:  # as the listener does it
        server.gateway.tick()
        taken, passed = taken + 1, passed + server.gateway.spacing
    await quiet()
    assert taken == ticks
    assert all(connection.is_closing for connection in opened)


@in_virtual_time
async def test_a_token_that_has_expired_ends_the_connection_with_4009() -> None:
    server = Server()
    everything = (Filter(),)
    access = Access(everything, everything, expires=server.now + 60)
    client = server.connect(access=access)
    client.connection.open()
    server.gateway.tick()
    assert not client.connection.is_closing
    server.now += 60
    server.gateway.tick()
    await quiet()
    assert client.ending is not None
    assert client.ending[0] == 4009
