"""What a subscriber is sent first: snapshot, replay, gaps; and what that costs all others."""

import asyncio
import json
from typing import Any

import pytest

from tests.support.frames import frame, log, status
from tests.support.virtual import in_virtual_time
from tests.unit.server.clients import Server, brief, quiet
from tests.unit.server.delayed import DelayedBroker


@in_virtual_time
async def test_a_first_subscribe_is_given_the_state_and_then_live_events() -> None:
    server = Server()
    server.publish(status("e-1", "a"), log("e-2"), status("e-3", "b"), status("e-4", "a"))
    client = await server.welcome()
    client.say("subscribe", "m-1", subscriptionId="s", resource="agent")
    active, snapshot = await client.heard()
    server.publish(log("e-5"))
    [live] = await client.heard()
    assert active["data"] == {
        "subscriptionIds": ["s"],
        "status": "active",
        "positions": {"agent": {"epoch": server.epoch("agent"), "offset": 4}},
        "recovered": False,
    }
    assert active["metadata"]["correlationId"] == "m-1"
    assert brief(snapshot) == ("snapshot", 4, ["e-3", "e-4"])
    assert snapshot["data"]["epoch"] == server.epoch("agent")
    assert snapshot["data"]["more"] is False
    assert [one["metadata"]["offset"] for one in snapshot["data"]["state"]] == [3, 4]
    assert (live["id"], live["metadata"]["offset"]) == ("e-5", 5)


@in_virtual_time
async def test_pages_of_a_snapshot_speak_of_one_offset_and_live_events_come_after_the_last() -> (
    None
):
    server = Server()
    size = 30_000
    server.publish(*(status(f"e-{n}", f"a-{n}", "x" * size) for n in range(40)))
    client = await server.welcome()
    client.peer.stop_reading()
    client.say("subscribe", resource="agent")
    await quiet()  # the first page fills the socket
    server.publish(status("live", "a-0"))
    client.peer.go_on_reading()
    await quiet()
    assert max(len(one.payload) for one in client.peer.frames) <= 512 * 1024
    told = await client.heard()
    pages = [one["data"] for one in told if one["data"].get("resource") == "agent"]
    assert [page["more"] for page in pages] == [True, True, False]
    assert {page["offset"] for page in pages} == {40}
    assert [one["id"] for page in pages for one in page["state"]] == [f"e-{n}" for n in range(40)]
    assert told[-1]["id"] == "live"


@in_virtual_time
async def test_a_client_that_wants_no_snapshot_is_live_at_once() -> None:
    server = Server()
    server.publish(status("e-1"))
    client = await server.welcome()
    client.say("subscribe", resource="agent", snapshot="never")
    server.publish(status("e-2"))
    assert [brief(one) for one in await client.heard()] == ["active", "e-2"]


@in_virtual_time
async def test_a_resume_replays_what_was_missed_and_says_so() -> None:
    server = Server()
    server.publish(*(log(f"e-{n}") for n in range(1, 4)))
    client = await server.welcome()
    cursor = {"agent": {"epoch": server.epoch("agent"), "offset": 1}}
    client.say("subscribe", resource="agent", resume=cursor)
    await asyncio.sleep(0)
    server.publish(log("e-4"))
    active, *events = await client.heard()
    assert active["data"]["recovered"] is True
    assert active["data"]["positions"] == cursor
    assert [
        (one["id"], one["metadata"]["offset"], one["metadata"].get("replayed")) for one in events
    ] == [("e-2", 2, True), ("e-3", 3, True), ("e-4", 4, None)]


@in_virtual_time
async def test_a_snapshot_may_be_asked_for_beside_a_resume() -> None:
    server = Server()
    server.publish(status("e-1", "a"), status("e-2", "b"))
    client = await server.welcome()
    cursor = {"agent": {"epoch": server.epoch("agent"), "offset": 1}}
    client.say("subscribe", resource="agent", resume=cursor, snapshot="always")
    assert [brief(one) for one in await client.heard()] == [
        "active",
        "e-2",
        ("snapshot", 2, ["e-1", "e-2"]),
    ]


@pytest.mark.parametrize("offset", [0, 2, 99, -1])
@in_virtual_time
async def test_a_cursor_of_another_epoch_or_beyond_the_head_is_a_gap(offset: int) -> None:
    server = Server()
    server.publish(status("e-1"), status("e-2"))
    client = await server.welcome()
    epoch = server.epoch("agent") if offset in (99, -1) else "of yesterday"
    cursor = {"agent": {"epoch": epoch, "offset": offset}}
    client.say("subscribe", resource="agent", resume=cursor)
    told = await client.heard()
    assert told[0]["data"]["recovered"] is False
    assert [brief(one) for one in told] == ["active", ("gap", None), ("snapshot", 2, ["e-2"])]


@in_virtual_time
async def test_a_history_that_begins_after_the_cursor_is_a_gap_with_its_bounds() -> None:
    server = Server(ring_bytes=6_000)
    server.publish(*(log(f"e-{n}", message="x" * 800) for n in range(1, 11)))
    first = (await server.broker.read("agent", 0, 1)).first
    client = await server.welcome()
    cursor = {"agent": {"epoch": server.epoch("agent"), "offset": 2}}
    client.say("subscribe", resource="agent", resume=cursor)
    told = await client.heard()
    assert told[0]["data"]["recovered"] is False
    assert [brief(one) for one in told] == [
        "active",
        ("gap", {"from": 3, "to": first - 1}),
        *(f"e-{n}" for n in range(first, 11)),
        ("snapshot", 10, []),
    ]


@in_virtual_time
async def test_a_resume_from_a_time() -> None:
    server = Server()
    server.publish(log("e-1"))
    server.now += 60
    server.publish(log("e-2"))
    client = await server.welcome()
    since = {"since": (server.now - 30) * 1000}
    client.say("subscribe", resource="agent", resume=since, snapshot="never")
    assert [brief(one) for one in await client.heard()] == ["active", "e-2"]


@in_virtual_time
async def test_history_from_a_time_with_the_state_of_the_time_before_it() -> None:
    server = Server()
    server.publish(*(status(f"e-{agent}-1", agent) for agent in "ab"))
    server.now += 60
    server.publish(log("e-2"), status("e-b-2", "b"), status("e-b-3", "b"))
    client = await server.welcome()
    since = {"since": (server.now - 30) * 1000}
    client.say("subscribe", resource="agent", resume=since, snapshot="always")
    told = [brief(one) for one in await client.heard()]
    # What `b` was then is not known any more; what it became is in the history.
    assert told == ["active", ("snapshot", 2, ["e-a-1"]), "e-2", "e-b-2", "e-b-3"]


@in_virtual_time
async def test_of_history_that_is_kept_no_more_the_state_says_what_came_of_it() -> None:
    server = Server(ring_bytes=2_000)
    server.publish(status("e-1", "a"), *(log(f"e-{n}") for n in range(2, 21)))
    first = (await server.broker.read("agent", 0, 1)).first
    assert first > 2
    client = await server.welcome()
    client.say("subscribe", resource="agent", resume={"since": 0}, snapshot="always")
    told = await client.heard()
    assert [brief(one) for one in told] == [
        "active",
        ("snapshot", first - 1, ["e-1"]),
        *(f"e-{n}" for n in range(first, 21)),
    ]
    assert told[0]["data"]["recovered"] is False


@in_virtual_time
async def test_who_joins_a_history_that_begins_with_state_is_given_the_state_of_now() -> None:
    server = Server()
    server.publish(status("e-1", "a"), log("e-2", "b"), status("e-3", "a"))
    client = await server.welcome()
    history: dict[str, Any] = {"resume": {"since": 0}, "snapshot": "always"}
    b = frame(
        "subscribe", {"subscriptionId": "b", "resource": "agent", "resourceId": "b"} | history
    )
    a = frame("subscribe", {"subscriptionId": "a", "resource": "agent", "resourceId": "a"})
    client.send(b"[" + b + b"," + a + b"]")
    told = [brief(one) for one in await client.heard()]
    assert told == ["active", "active", "e-2", ("snapshot", 3, ["e-3"])]


@pytest.mark.parametrize("second", ["coder-1", "coder-2", "*"])
@in_virtual_time
async def test_subscribes_of_one_frame_with_one_cursor_lose_nothing(second: str) -> None:
    server = Server()
    server.publish(*(log(f"e-{n}", f"coder-{n % 2 + 1}") for n in range(1, 7)))
    client = await server.welcome()
    cursor = {"agent": {"epoch": server.epoch("agent"), "offset": 2}}
    wishes = [
        {"subscriptionId": id_, "resource": "agent", "resourceId": agent, "resume": cursor}
        for id_, agent in (("a", "coder-1"), ("b", second))
    ]
    frame = json.dumps([{"type": "subscribe", "data": wish} for wish in wishes]).encode()
    client.send(frame)
    first, then, *events = await client.heard()
    assert first["data"]["recovered"] is then["data"]["recovered"] is True
    assert [one["id"] for one in events] == [
        f"e-{n}" for n in range(3, 7) if n % 2 == 0 or second != "coder-1"
    ]


@in_virtual_time
async def test_what_is_under_way_for_a_subscription_that_ended_is_not_sent() -> None:
    broker = DelayedBroker(delay=1.0)
    server = Server(broker=broker)
    server.publish(status("e-1"))
    await asyncio.sleep(2)
    client = await server.welcome()
    start = {"agent": {"epoch": server.epoch("agent"), "offset": 0}}
    wish: dict[str, Any] = {"subscriptionId": "s", "resource": "agent", "resume": start}
    client.say("subscribe", **wish, snapshot="always")
    await asyncio.sleep(1.5)  # the first page of history is being read
    assert [brief(one) for one in client.take()] == ["active"]
    client.say("unsubscribe", subscriptionId="s")
    client.say("subscribe", **wish)
    await asyncio.sleep(5)
    assert [brief(one) for one in client.take()] == ["closed", "active", "e-1"]


@in_virtual_time
async def test_a_cursor_behind_what_was_sent_is_a_gap() -> None:
    server = Server()
    server.publish(log("e-1"), log("e-2"))
    client = await server.welcome()
    client.say("subscribe", subscriptionId="a", resource="agent", snapshot="never")
    cursor = {"agent": {"epoch": server.epoch("agent"), "offset": 1}}
    client.say("subscribe", subscriptionId="b", resource="agent", resume=cursor)
    told = await client.heard()
    assert told[1]["data"]["recovered"] is False
    assert [brief(one) for one in told[1:]] == [
        "active",
        ("gap", {"from": 2, "to": 2}),
        ("snapshot", 2, []),
    ]


@in_virtual_time
async def test_a_thousand_subscribes_are_given_one_snapshot() -> None:
    server = Server()
    server.publish(status("e-1"))
    client = await server.welcome()
    one = frame("subscribe", {"subscriptionId": "s", "resource": "agent"})
    client.send(b"[" + b",".join([one] * 1000) + b"]")
    assert [brief(said) for said in await client.heard()] == ["active"] * 1000 + [
        ("snapshot", 1, ["e-1"])
    ]


@in_virtual_time
async def test_a_replay_asks_no_glob_of_event_names_and_gives_others_their_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = Server()
    server.publish(*(log(f"e-{n}", message="x" * 1000) for n in range(500)))
    client = await server.welcome()
    names = [f"*z{n}" for n in range(18)]
    wishes = [{"subscriptionId": str(n), "events": names} for n in range(128)]
    since: dict[str, Any] = {"resume": {"since": 0}, "snapshot": "never"}
    client.say("subscribe", subscriptions=wishes, **since)
    await asyncio.sleep(0)
    asked = []
    monkeypatch.setattr("tui.protocol.topics.glob_match", lambda *pair: asked.append(pair))
    for _ in range(5):
        await asyncio.sleep(0)
    assert client.connection.lag > 100
    told = await client.heard()
    assert [brief(one) for one in told] == ["active"]
    assert client.connection.lag == 0
    assert asked == []


@in_virtual_time
async def test_a_slow_reader_whose_history_is_trimmed_hears_of_the_gap_and_the_state(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tui.server.catchup.PAGE_BYTES", 1)
    server = Server(ring_bytes=4_000)
    server.publish(status("e-0", "a"))
    client = server.connect(high_water=0)
    client.peer.stop_reading()
    client.say("subscribe", resource="agent")
    await quiet()
    client.peer.read()
    await quiet()  # the snapshot fills the socket
    server.publish(*(status(f"e-{n}", "ab"[n % 2]) for n in range(1, 30)))
    client.peer.go_on_reading()
    told = await client.heard()
    gists = [brief(one) for one in told]
    assert gists[:2] == ["active", ("snapshot", 1, ["e-0"])]
    assert isinstance(gists[2], tuple)
    assert gists[2][0] == "gap"
    assert gists[-1] == ("snapshot", 30, ["e-28", "e-29"])
