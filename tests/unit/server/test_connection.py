"""What a connection is sent once it is live, what it is told of its own events, and how it ends."""

import json

from tests.support.frames import log, status
from tests.unit.server.clients import Server, brief, heard, run, say


def test_an_event_that_matches_twice_is_sent_once() -> None:
    server = Server()
    connection = server.connect()
    both = [{"subscriptionId": "a", "resource": "agent"}, {"subscriptionId": "b"}]
    say(connection, "subscribe", subscriptions=both, snapshot="never")
    server.publish(log("e-1"))
    assert [brief(one) for one in heard(connection)] == ["active", "e-1"]
    say(connection, "unsubscribe", subscriptionId="a")
    server.publish(log("e-2"))
    assert [brief(one) for one in heard(connection)] == ["closed", "e-2"]
    say(connection, "unsubscribe", subscriptionId="b")
    server.publish(log("e-3"))
    assert [brief(one) for one in heard(connection)] == ["closed"]


def test_pongs_tell_positions_and_leave_out_streams_that_catch_up() -> None:
    server = Server()
    server.publish(log("e-1"))
    connection = server.connect()
    say(connection, "subscribe", resource="agent")
    say(connection, "ping", "m-2")
    pong = heard(connection)[1]
    assert (pong["data"]["positions"], pong["metadata"]["correlationId"]) == ({}, "m-2")
    server.publish(log("e-2"))
    say(connection, "ping")
    event, pong = heard(connection)
    assert (event["id"], pong["type"]) == ("e-2", "pong")
    assert pong["data"]["positions"] == {"agent": {"epoch": server.epoch("agent"), "offset": 2}}


def test_a_publisher_is_acknowledged_and_events_of_a_tick_share_a_frame() -> None:
    server = Server()
    connection = server.connect()
    say(connection, "subscribe", snapshot="never")
    heard(connection)
    batch = b"[" + log("e-1") + b"," + log("e-2") + b"," + log("e-1") + b"]"
    run(connection.receive(batch))
    [one] = run(connection.next_frames())
    first, second, ack = json.loads(one)
    assert (first["id"], second["id"]) == ("e-1", "e-2")
    assert ack["data"] == {"ids": ["e-1", "e-2", "e-1"]}


def test_a_plain_client_is_sent_what_the_document_says_and_no_more() -> None:
    server = Server()
    server.publish(status("e-1"))
    connection = server.connect(v1=False)
    say(connection, "subscribe", "m-1", subscriptionId="s", resume={"since": 0}, snapshot="always")
    run(connection.receive(b"[" + log("e-2") + b"," + log("e-3") + b"]"))
    say(connection, "ping")
    say(connection, "unsubscribe", subscriptionId="s")
    server.publish(log("e-4"))
    frames = run(connection.next_frames())
    told = [json.loads(one) for one in frames]
    assert [brief(one) for one in told] == ["e-2", "e-3", "pong"]
    assert [one["metadata"] for one in told] == [{}, {}, {"version": "1.0"}]
    assert set(told[2]["data"]) == {"timestamp"}


def test_a_reader_that_is_too_far_behind_is_closed_and_holds_no_memory() -> None:
    server = Server()
    slow, quick = server.connect(v1=False), server.connect()
    for connection in (slow, quick):
        say(connection, "subscribe", resource="agent", snapshot="never")
    heard(quick)
    for n in range(40):
        server.publish(log(f"e-{n}", message="x" * 40_000))
        assert heard(quick)[0]["id"] == f"e-{n}"
    assert slow.outbox.closing is not None
    assert slow.outbox.closing.code == 4008
    assert run(slow.next_frames()) == []
    assert quick.outbox.closing is None


def test_who_has_gone_is_forgotten() -> None:
    server = Server()
    connection = server.connect()
    say(connection, "subscribe", snapshot="never")
    heard(connection)
    server.gateway.disconnect(connection)
    woken = server.woken
    server.publish(log("e-1"))
    assert server.woken == woken
