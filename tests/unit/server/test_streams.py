"""Streams that catch up beside those that are live: what is said of them, and in what order."""

import asyncio
import json
from typing import Any

import pytest

from tests.support.frames import frame, log, status
from tests.support.virtual import in_virtual_time
from tests.unit.server.clients import Client, Server, brief, quiet
from tests.unit.server.delayed import DelayedBroker
from tui.protocol.topics import Filter

RAISED = {
    "alertId": "a",
    "severity": "low",
    "title": "t",
    "description": "d",
    "affectedComponents": [],
    "recommendedActions": [],
}


def alert(id_: str) -> bytes:
    return frame("system_alert", RAISED, id_, timestamp=1)


def gist(message: dict[str, Any]) -> object:
    return message["id"] if message["type"] == "system_alert" else brief(message)


def start(server: Server, offset: int = 0) -> dict[str, Any]:
    return {"agent": {"epoch": server.epoch("agent"), "offset": offset}}


async def one_that_catches_up(server: Server, **wish: Any) -> Client:
    """A client who asked for the agents' past, and whose socket is full before it has come."""
    client = server.connect(high_water=0)
    client.connection.open()
    await client.heard()
    client.peer.stop_reading()
    client.say("subscribe", subscriptionId="a", resource="agent", resume=start(server), **wish)
    await quiet()
    return client


@in_virtual_time
async def test_a_stream_that_catches_up_is_neither_queued_nor_in_pongs() -> None:
    server = Server()
    server.publish(log("e-1"))
    client = await one_that_catches_up(server)
    client.say("subscribe", subscriptionId="b", resource="system", snapshot="never")
    before = client.connection.outbox.count
    server.publish(log("e-2"), alert("e-3"))
    client.say("ping")
    assert client.connection.outbox.count == before + 2, "the alert and the pong"
    assert client.connection.lag == before + 2 + 2
    client.peer.go_on_reading()
    told = await client.heard()
    pong = next(one for one in told if one["type"] == "pong")
    assert set(pong["data"]["positions"]) == {"system"}
    told = [one for one in told if one["type"].startswith("agent")]
    assert [one["id"] for one in told] == ["e-1", "e-2"]
    client.say("ping")
    [pong] = await client.heard()
    assert pong["data"]["positions"]["agent"]["offset"] == 2
    assert client.connection.lag == 0


@in_virtual_time
async def test_how_far_a_stream_reaches_is_said_where_it_is_replayed_and_nowhere_else() -> None:
    server = Server()
    server.publish(log("e-1"), log("e-2"), alert("e-3"))
    client = await server.welcome()
    resume = start(server, 1) | {"system": {"epoch": server.epoch("system"), "offset": 1}}
    client.say("subscribe", subscriptionId="a", resource="*", resume=resume)
    active = next(one for one in await client.heard() if one["data"].get("status") == "active")
    assert active["data"]["positions"]["agent"]["offset"] == 1
    assert active["data"]["heads"] == start(server, 2)
    client.say("subscribe", subscriptionId="b", resource="agent", resume=start(server, 2))
    assert "heads" not in (await client.heard())[0]["data"]


@in_virtual_time
async def test_what_was_sent_is_what_the_answer_to_another_subscribe_says() -> None:
    server = Server()
    server.publish(log("e-1"), log("e-2"))
    client = await one_that_catches_up(server, snapshot="always")
    client.say("subscribe", subscriptionId="b", resource="agent", snapshot="never")
    client.peer.read()  # the first answer
    await quiet()
    client.peer.go_on_reading()
    told = await client.heard()
    positions = [
        one["data"]["positions"]["agent"]["offset"]
        for one in told
        if one["data"].get("status") == "active"
    ]
    assert positions == [0, 0]
    assert [brief(one) for one in told] == [
        "active",
        "active",
        "e-1",
        "e-2",
        ("snapshot", 2, []),
    ]


@pytest.mark.parametrize("state_events", [1, 256])
@in_virtual_time
async def test_no_position_claims_what_a_snapshot_keeps_waiting(
    state_events: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.server.snapshot.STATE_EVENTS", state_events)
    server = Server()
    server.publish(*(status(f"e-{n}", f"a-{n}") for n in range(20)))
    client = await server.welcome()
    client.say("subscribe", subscriptionId="a", resource="agent", resume=start(server))
    cursor = 0
    for n in range(15):  # others come while it is on its way
        await asyncio.sleep(0)
        client.say("subscribe", subscriptionId=f"b-{n}", resource="agent", snapshot="always")
    for message in await client.heard():
        if message["type"] == "agent_status":
            assert message["metadata"]["offset"] == cursor + 1
            cursor += 1
        elif message["data"]["status"] == "active":
            assert message["data"]["positions"]["agent"]["offset"] <= cursor
    assert cursor == 20


@in_virtual_time
async def test_a_page_that_was_being_read_does_not_overtake_what_was_said_meanwhile() -> None:
    broker = DelayedBroker()
    server = Server(broker=broker)
    server.publish(log("e-1", "one"), log("e-2", "two"))
    client = await server.welcome()
    await quiet()
    broker.delay = 1.0
    wish: dict[str, Any] = {"resource": "agent", "snapshot": "never"}
    client.say("subscribe", subscriptionId="a", resourceId="one", resume=start(server), **wish)
    await asyncio.sleep(1.5)
    # The page is being read. It will be of use to this one, too.
    client.say("subscribe", subscriptionId="b", resourceId="*", **wish)
    client.peer.stop_reading()
    broker.delay = 0.0
    server.publish(log("e-3", "two"))
    await asyncio.sleep(5)
    client.peer.go_on_reading()
    assert [brief(one) for one in await client.heard()] == ["active", "active", "e-1", "e-3"]


@in_virtual_time
async def test_a_broker_that_cannot_be_read_now_is_asked_again() -> None:
    broker = DelayedBroker()
    server = Server(broker=broker)
    server.publish(status("e-1"), status("e-2"))
    client = await server.welcome()
    client.say("subscribe", "m-1", resource="agent", resume=start(server, 1))
    broker.unavailable = True
    [refused] = await client.heard()
    assert (refused["data"]["code"], refused["metadata"]["correlationId"]) == ("unavailable", "m-1")
    assert client.connection.subscriptions == client.connection.session.subscriptions == {}
    broker.unavailable, broker.delay = False, 0.5
    client.say("subscribe", resource="agent", resume=start(server, 1))
    await asyncio.sleep(0.7)
    broker.unavailable = True
    await asyncio.sleep(1)
    broker.unavailable = False
    await asyncio.sleep(5)
    told = client.take()
    assert told[0]["data"]["status"] == "active"
    assert {one["type"] for one in told[1:-1]} == {"error"}
    assert brief(told[-1]) == "e-2"


@in_virtual_time
async def test_a_subscription_that_could_not_be_replaced_stays_as_it_was() -> None:
    broker = DelayedBroker()
    server = Server(broker=broker)
    server.publish(log("e-1"))
    client = await server.welcome()
    client.say("subscribe", subscriptionId="a", resource="agent", snapshot="never")
    broker.unavailable = True
    wish: dict[str, Any] = {"resource": "tdd", "resume": {"since": 1}}
    client.say("subscribe", subscriptionId="a", **wish)
    await quiet()
    broker.unavailable = False
    server.publish(log("e-2"))
    await quiet()
    assert [one.get("id") for one in client.take()][-1] == "e-2"
    assert client.connection.subscriptions == {"a": Filter("agent")}
    assert client.connection.session.subscriptions == {"a": Filter("agent")}


@in_virtual_time
async def test_a_subscription_that_could_not_be_begins_where_it_was_asked_for_again() -> None:
    broker = DelayedBroker()
    server = Server(broker=broker)
    client = await server.welcome()
    broker.delay = 1.0
    client.say("subscribe", subscriptionId="a", resource="tdd", resume={"since": 1})
    await asyncio.sleep(0.5)
    client.say("subscribe", subscriptionId="a", resource="agent", snapshot="never")
    broker.unavailable = True
    await asyncio.sleep(2)
    assert [one["type"] for one in client.take()] == ["error", "subscription_update"]
    client.say("unsubscribe", subscriptionId="a")
    assert [brief(one) for one in await client.heard()] == ["closed"]
    assert client.connection.subscriptions == {}


@in_virtual_time
async def test_what_is_lost_of_subscriptions_that_have_ended_is_said_and_no_more() -> None:
    server = Server()
    client = await server.welcome()
    client.say("subscribe", subscriptionId="a", resource="agent", snapshot="never")
    await client.heard()
    client.peer.stop_reading()
    server.publish(log("e-1", message="x" * 70_000))
    await quiet()
    server.publish(log("e-2"))
    client.say("unsubscribe", subscriptionId="a")
    for _ in range(12):
        client.peer.read(100)
        await asyncio.sleep(1)
        server.gateway.tick()
        server.publish(log(f"later-{server.broker.position('agent').offset}"))
    client.peer.go_on_reading()
    told = [brief(one) for one in await client.heard()]
    assert told == ["e-1", ("gap", {"from": 2, "to": 12}), "closed"]
    await asyncio.sleep(1)
    assert asyncio.all_tasks() == {asyncio.current_task()}


@in_virtual_time
async def test_an_overflow_while_others_catch_up_starts_only_the_lost_streams_anew() -> None:
    server = Server()
    server.publish(log("e-1"))
    client = await one_that_catches_up(server)
    client.say("subscribe", subscriptionId="b", resource="system", snapshot="never")
    wide = json.dumps(RAISED | {"title": "x" * 60_000})
    for n in range(20):
        server.publish(frame("system_alert", json.loads(wide), f"s-{n}", timestamp=1))
        await quiet()
    client.peer.go_on_reading()
    told = await client.heard()
    gaps = [one["data"] for one in told if one["data"].get("status") == "gap"]
    assert [one["resource"] for one in gaps] == ["system"]
    assert [one["id"] for one in told if one["type"] == "agent_log"] == ["e-1"]
    alerts = [one["metadata"]["offset"] for one in told if one["type"] == "system_alert"]
    lost = range(gaps[0]["lost"]["from"], gaps[0]["lost"]["to"] + 1)
    assert sorted({*alerts, *lost}) == list(range(1, 21))
    client.say("ping")
    [pong] = await client.heard()
    positions = {name: one["offset"] for name, one in pong["data"]["positions"].items()}
    assert positions == {"agent": 1, "system": 20}


@in_virtual_time
async def test_an_overflow_sets_no_history_going_before_all_of_a_frame_has_begun() -> None:
    broker = DelayedBroker()
    server = Server(broker=broker)
    server.publish(alert("s-1"), alert("s-2"))
    client = await server.welcome()
    client.say("subscribe", resource="agent", snapshot="never")
    await client.heard()
    client.peer.stop_reading()
    broker.delay = 1.0
    cursor = {"system": {"epoch": server.epoch("system"), "offset": 1}}
    wishes = [{"subscriptionId": id_, "resource": "system", "resume": cursor} for id_ in "bc"]
    frames = [frame("subscribe", wish) for wish in wishes]
    client.send(b"[" + b",".join(frames) + b"]")
    await asyncio.sleep(1.5)  # the first has begun, and the second is being looked up
    broker.delay = 0.0
    for n in range(20):
        server.publish(log(f"e-{n}", message="x" * 60_000))
        await asyncio.sleep(0)
    await asyncio.sleep(0.1)
    assert server.gateway.metrics.gaps == 1
    client.peer.go_on_reading()
    await asyncio.sleep(2)
    told = [one for one in client.take() if one["type"] != "agent_log"]
    active = [one["data"] for one in told if one["data"].get("status") == "active"]
    assert [one["recovered"] for one in active] == [True, True]
    assert [one["id"] for one in told if one["type"] == "system_alert"] == ["s-2"]


@in_virtual_time
async def test_who_wants_no_state_spoils_nobody_elses_after_a_gap() -> None:
    server = Server(ring_bytes=3_000)
    server.publish(status("e-0"))
    client = await one_that_catches_up(server)
    client.say("subscribe", subscriptionId="b", resource="agent", snapshot="never")
    server.publish(*(status(f"e-{n}") for n in range(1, 30)))
    client.peer.go_on_reading()
    told = [brief(one) for one in await client.heard()]
    assert [one for one in told if isinstance(one, tuple) and one[0] == "gap"]
    assert told[-1] == ("snapshot", 30, ["e-29"])


@in_virtual_time
async def test_nothing_is_read_for_who_has_unsubscribed() -> None:
    server = Server()
    server.publish(*(log(f"e-{n}", message="x" * 1000) for n in range(500)))
    client = await one_that_catches_up(server)
    client.say("subscribe", subscriptionId="b", resource="system", snapshot="never")
    client.say("unsubscribe", subscriptionId="a")
    assert client.connection.lag == client.connection.outbox.count
    client.peer.go_on_reading()
    server.publish(log("e-500"), alert("s-1"))
    assert [gist(one) for one in await client.heard()] == ["active", "active", "closed", "s-1"]


@in_virtual_time
async def test_pages_hold_nothing_for_a_subscription_that_has_ended() -> None:
    server = Server()
    wide = "x" * 100_000
    server.publish(*(status(f"e-{n}", f"coder-{n % 3}{n}", wide) for n in range(12)))
    client = await server.welcome()
    client.peer.stop_reading()
    wishes = [
        {"subscriptionId": "all", "resource": "agent"},
        {"subscriptionId": "some", "resource": "agent", "resourceId": "coder-1*"},
    ]
    client.say("subscribe", subscriptions=wishes)
    await quiet()  # the first page fills the socket
    client.say("unsubscribe", subscriptionId="all")
    client.peer.go_on_reading()
    active, *told = await client.heard()
    assert brief(active) == "active"
    assert [brief(one) for one in told] == [
        ("snapshot", 12, [f"e-{n}" for n in range(5)]),
        "closed",
        ("snapshot", 12, ["e-7", "e-10"]),
    ]
    assert [one["data"].get("more") for one in told] == [True, None, False]


@in_virtual_time
async def test_nothing_goes_on_for_who_has_gone() -> None:
    server = Server()
    server.publish(log("e-1"))
    client = await one_that_catches_up(server)
    client.peer.vanish()
    await quiet()
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert not any(server.gateway.metrics.subscriptions.values())
