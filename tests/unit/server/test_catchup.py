"""What a subscriber is sent first: snapshot, replay, gaps; and what that costs all others."""

import json
from typing import Any

import pytest

from tests.support.frames import frame, log, messages, status
from tests.unit.server.clients import Server, brief, heard, run, say


def test_a_first_subscribe_is_given_the_state_and_then_live_events() -> None:
    server = Server()
    server.publish(status("e-1", "a"), log("e-2"), status("e-3", "b"), status("e-4", "a"))
    connection = server.connect()
    say(connection, "subscribe", "m-1", subscriptionId="s", resource="agent")
    active, snapshot = heard(connection)
    server.publish(log("e-5"))
    [live] = heard(connection)
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


def test_pages_of_a_snapshot_speak_of_one_offset_and_live_events_come_after_the_last() -> None:
    server = Server()
    size = 30_000
    server.publish(*(status(f"e-{n}", f"a-{n}", "x" * size) for n in range(40)))
    connection = server.connect()
    say(connection, "subscribe", resource="agent")
    frames = run(connection.next_frames()) + run(connection.next_frames())
    server.publish(status("live", "a-0"))
    while more := run(connection.next_frames()):
        frames += more
    assert max(map(len, frames)) <= 512 * 1024
    told = messages(frames)
    pages = [one["data"] for one in told if one["data"].get("resource") == "agent"]
    assert [page["more"] for page in pages] == [True, True, False]
    assert {page["offset"] for page in pages} == {40}
    assert [one["id"] for page in pages for one in page["state"]] == [f"e-{n}" for n in range(40)]
    assert told[-1]["id"] == "live"


def test_a_client_that_wants_no_snapshot_is_live_at_once() -> None:
    server = Server()
    server.publish(status("e-1"))
    connection = server.connect()
    say(connection, "subscribe", resource="agent", snapshot="never")
    server.publish(status("e-2"))
    assert [brief(one) for one in heard(connection)] == ["active", "e-2"]


def test_a_resume_replays_what_was_missed_and_says_so() -> None:
    server = Server()
    server.publish(*(log(f"e-{n}") for n in range(1, 4)))
    connection = server.connect()
    cursor = {"agent": {"epoch": server.epoch("agent"), "offset": 1}}
    say(connection, "subscribe", resource="agent", resume=cursor)
    server.publish(log("e-4"))
    active, *events = heard(connection)
    assert active["data"]["recovered"] is True
    assert active["data"]["positions"] == cursor
    assert [
        (one["id"], one["metadata"]["offset"], one["metadata"].get("replayed")) for one in events
    ] == [("e-2", 2, True), ("e-3", 3, True), ("e-4", 4, None)]


def test_a_snapshot_may_be_asked_for_beside_a_resume() -> None:
    server = Server()
    server.publish(status("e-1", "a"), status("e-2", "b"))
    connection = server.connect()
    cursor = {"agent": {"epoch": server.epoch("agent"), "offset": 1}}
    say(connection, "subscribe", resource="agent", resume=cursor, snapshot="always")
    assert [brief(one) for one in heard(connection)] == [
        "active",
        "e-2",
        ("snapshot", 2, ["e-1", "e-2"]),
    ]


@pytest.mark.parametrize("offset", [0, 2, 99, -1])
def test_a_cursor_of_another_epoch_or_beyond_the_head_is_a_gap(offset: int) -> None:
    server = Server()
    server.publish(status("e-1"), status("e-2"))
    connection = server.connect()
    epoch = server.epoch("agent") if offset in (99, -1) else "of yesterday"
    cursor = {"agent": {"epoch": epoch, "offset": offset}}
    say(connection, "subscribe", resource="agent", resume=cursor)
    told = heard(connection)
    assert told[0]["data"]["recovered"] is False
    assert [brief(one) for one in told] == ["active", ("gap", None), ("snapshot", 2, ["e-2"])]


def test_a_history_that_begins_after_the_cursor_is_a_gap_with_its_bounds() -> None:
    server = Server(ring_bytes=6_000)
    server.publish(*(log(f"e-{n}", message="x" * 800) for n in range(1, 11)))
    first = run(server.broker.read("agent", 0, 1)).first
    connection = server.connect()
    cursor = {"agent": {"epoch": server.epoch("agent"), "offset": 2}}
    say(connection, "subscribe", resource="agent", resume=cursor)
    told = heard(connection)
    assert told[0]["data"]["recovered"] is False
    assert [brief(one) for one in told] == [
        "active",
        ("gap", {"from": 3, "to": first - 1}),
        *(f"e-{n}" for n in range(first, 11)),
        ("snapshot", 10, []),
    ]


def test_a_resume_from_a_time() -> None:
    server = Server()
    server.publish(log("e-1"))
    server.now += 60
    server.publish(log("e-2"))
    connection = server.connect()
    since = {"since": (server.now - 30) * 1000}
    say(connection, "subscribe", resource="agent", resume=since, snapshot="never")
    assert [brief(one) for one in heard(connection)] == ["active", "e-2"]


@pytest.mark.parametrize("second", ["coder-1", "coder-2", "*"])
def test_subscribes_of_one_frame_with_one_cursor_lose_nothing(second: str) -> None:
    server = Server()
    server.publish(*(log(f"e-{n}", f"coder-{n % 2 + 1}") for n in range(1, 7)))
    connection = server.connect()
    cursor = {"agent": {"epoch": server.epoch("agent"), "offset": 2}}
    wishes = [
        {"subscriptionId": id_, "resource": "agent", "resourceId": agent, "resume": cursor}
        for id_, agent in (("a", "coder-1"), ("b", second))
    ]
    frame = json.dumps([{"type": "subscribe", "data": wish} for wish in wishes]).encode()
    receiving, told = connection.receive(frame), []
    while next(receiving.__await__(), "done") != "done":  # a writer that takes all it is given
        told += heard(connection)
    first, then, *events = told + heard(connection)
    assert first["data"]["recovered"] is then["data"]["recovered"] is True
    assert [one["id"] for one in events] == [
        f"e-{n}" for n in range(3, 7) if n % 2 == 0 or second != "coder-1"
    ]


def test_what_is_under_way_for_a_subscription_that_ended_is_not_sent() -> None:
    server = Server()
    server.publish(status("e-1"))
    connection = server.connect()
    start = {"agent": {"epoch": server.epoch("agent"), "offset": 0}}
    wish: dict[str, Any] = {"subscriptionId": "s", "resource": "agent", "resume": start}
    say(connection, "subscribe", **wish, snapshot="always")
    reading = connection.next_frames()
    assert reading.send(None) is None
    say(connection, "unsubscribe", subscriptionId="s")
    say(connection, "subscribe", **wish)
    assert [brief(one) for one in messages(run(reading))] == ["active"]
    assert [brief(one) for one in heard(connection)] == ["closed", "active", "e-1"]


def test_a_cursor_behind_what_was_sent_is_a_gap() -> None:
    server = Server()
    server.publish(log("e-1"), log("e-2"))
    connection = server.connect()
    say(connection, "subscribe", subscriptionId="a", resource="agent", snapshot="never")
    cursor = {"agent": {"epoch": server.epoch("agent"), "offset": 1}}
    say(connection, "subscribe", subscriptionId="b", resource="agent", resume=cursor)
    told = heard(connection)
    assert told[1]["data"]["recovered"] is False
    assert [brief(one) for one in told[1:]] == [
        "active",
        ("gap", {"from": 2, "to": 2}),
        ("snapshot", 2, []),
    ]


def test_a_thousand_subscribes_are_given_one_snapshot() -> None:
    server = Server()
    server.publish(status("e-1"))
    connection = server.connect()
    one = frame("subscribe", {"subscriptionId": "s", "resource": "agent"})
    run(connection.receive(b"[" + b",".join([one] * 1000) + b"]"))
    assert [brief(said) for said in heard(connection)] == ["active"] * 1000 + [
        ("snapshot", 1, ["e-1"])
    ]


def test_a_replay_asks_no_glob_of_event_names_and_gives_others_their_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = Server()
    server.publish(*(log(f"e-{n}", message="x" * 1000) for n in range(500)))
    connection = server.connect()
    names = [f"*z{n}" for n in range(18)]
    wishes = [{"subscriptionId": str(n), "events": names} for n in range(128)]
    since: dict[str, Any] = {"resume": {"since": 0}, "snapshot": "never"}
    say(connection, "subscribe", subscriptions=wishes, **since)
    asked = []
    monkeypatch.setattr("tui.protocol.topics.glob_match", lambda *pair: asked.append(pair))
    assert [brief(one) for one in messages(run(connection.next_frames()))] == ["active"]
    work = connection.next_frames()
    for _ in range(5):
        assert work.send(None) is None
    assert run(work) == []
    assert asked == []


def test_a_slow_reader_whose_history_is_trimmed_hears_of_the_gap_and_the_state(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tui.server.catchup.PAGE_BYTES", 1)
    server = Server(ring_bytes=4_000)
    server.publish(status("e-0", "a"))
    connection = server.connect()
    say(connection, "subscribe", resource="agent")
    told = messages(run(connection.next_frames()) + run(connection.next_frames()))
    server.publish(*(status(f"e-{n}", "ab"[n % 2]) for n in range(1, 30)))
    told += heard(connection)
    gists = [brief(one) for one in told]
    assert gists[:2] == ["active", ("snapshot", 1, ["e-0"])]
    assert isinstance(gists[2], tuple)
    assert gists[2][0] == "gap"
    assert gists[-1] == ("snapshot", 30, ["e-28", "e-29"])
