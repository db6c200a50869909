"""What a connection is sent once it is live, what it is told of its own events, and how it ends."""

import asyncio
import json

from tests.support.frames import draft, frame, log, status
from tests.support.virtual import in_virtual_time
from tests.unit.server.clients import Server, brief


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
