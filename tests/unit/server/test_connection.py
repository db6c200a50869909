"""What a connection is sent: snapshot, replay and live events meet with no loss or repetition."""

import json
import random
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest

from tests.support.frames import TOKEN, draft, frame, log, messages, status
from tui.protocol.topics import Filter, Topic
from tui.server.auth import EVERYTHING, ApiKey
from tui.server.brokers.memory import MemoryBroker
from tui.server.connection import Connection
from tui.server.gateway import Gateway

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that has no reason to wait."""
    try:
        work.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    raise AssertionError("it waits")


class Server:
    """A gateway on a memory broker, and one client's connection to it."""

    def __init__(self, ring_bytes: int = 10**7) -> None:
        self.now = 1_700_000_000.0
        self.broker = MemoryBroker(clock=lambda: self.now, ring_bytes=ring_bytes)
        self.gateway = Gateway(self.broker, ApiKey(TOKEN), lambda: self.now)
        self.woken = 0

    def connect(self, *, v1: bool = True) -> Connection:
        connection = self.gateway.connect(EVERYTHING, self._wake, v1=v1)
        run(connection.open())
        run(connection.next_frames())
        return connection

    def publish(self, *events: bytes) -> None:
        run(self.gateway.publish([draft(one) for one in events]))

    def epoch(self, resource: str) -> str:
        return self.broker.position(resource).epoch

    def _wake(self) -> None:
        self.woken += 1


def say(connection: Connection, type_: str, id_: str | None = None, **data: Any) -> None:
    run(connection.receive(frame(type_, data, id_)))


def heard(connection: Connection) -> list[dict[str, Any]]:
    """Everything the connection has to say, until it has nothing more."""
    found = []
    while frames := run(connection.next_frames()):
        found += messages(frames)
    return found


def brief(message: dict[str, Any]) -> object:
    """A message's gist: an event's id, or an update's status and what is in it."""
    data = message["data"]
    if message["type"] == "subscription_update":
        if data["status"] == "snapshot":
            return ("snapshot", data["offset"], [one["id"] for one in data["state"]])
        if data["status"] == "gap":
            return ("gap", data.get("lost"))
        return data["status"]
    return message["id"] if message["type"].startswith("agent") else message["type"]


def test_a_first_subscribe_is_given_the_state_and_then_live_events() -> None:
    server = Server()
    server.publish(status("e-1", "a"), log("e-2"), status("e-3", "b"), status("e-4", "a"))
    connection = server.connect()
    say(connection, "subscribe", "m-1", subscriptionId="s", resource="agent")
    server.publish(log("e-5"))
    active, snapshot, live = heard(connection)
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
    frames = run(connection.next_frames())
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


class Reader:
    """A client by the book: it keeps the newest of each state key, and drops nothing in secret."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.offset = 0
        self.state: dict[tuple[str, str], int] = {}
        self.events: list[int] = []
        self.lost: set[int] = set()

    def read(self) -> bool:
        """One write's worth; whether there was one."""
        frames = run(self.connection.next_frames())
        for message in messages(frames):
            data = message["data"]
            if data.get("status") == "snapshot" and data["resource"] == "agent":
                assert data["offset"] >= self.offset
                for entry in data["state"]:
                    self._apply(entry)
            elif data.get("status") == "gap":
                self.lost |= set(range(data["lost"]["from"], data["lost"]["to"] + 1))
            elif message["type"].startswith("agent"):
                offset = message["metadata"]["offset"]
                assert offset > self.offset, "offsets rise"
                self.offset = offset
                self.events.append(offset)
                self._apply(message)
        return bool(frames)

    def _apply(self, event: dict[str, Any]) -> None:
        if event["type"] == "agent_status":
            key = (event["type"], event["data"]["agentId"])
            self.state[key] = max(self.state.get(key, 0), event["metadata"]["offset"])


class Story:
    """A random course of events, and what the client is owed by it."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.server = Server(ring_bytes=self.dice.choice([4_000, 20_000, 10**7]))
        self.reader = Reader(self.server.connect())
        self.filters: dict[str, Filter] = {}
        self.owed: set[int] = set()
        self.published = 0

    def publish(self) -> None:
        for _ in range(self.dice.randint(1, 6)):
            agent = self.dice.choice("abcd")
            self.published += 1
            if self.dice.random() < 0.5:
                topic = Topic("agent", agent, "log")
                self.server.publish(log(f"e-{self.published}", agent))
            else:
                topic = Topic("agent", agent, "status")
                self.server.publish(status(f"e-{self.published}", agent))
            if any(one.matches(topic) for one in self.filters.values()):
                self.owed.add(self.published)

    def read(self) -> None:
        self.reader.read()

    def subscribe(self) -> None:
        id_, agent = self.dice.choice("xyz"), self.dice.choice("abcd*")
        if id_ in self.filters:
            self.drain()
        data = {"subscriptionId": id_, "resource": "agent", "resourceId": agent}
        say(self.reader.connection, "subscribe", **data)
        self.filters[id_] = Filter("agent", agent)

    def unsubscribe(self) -> None:
        self.drain()
        for id_ in list(self.filters)[:1]:
            del self.filters[id_]
            say(self.reader.connection, "unsubscribe", subscriptionId=id_)

    def drain(self) -> None:
        """What is under way for a subscription that ends would be nobody's any more."""
        while self.reader.read():
            pass


@pytest.mark.parametrize("seed", range(150))
def test_nothing_is_lost_or_repeated_whatever_comes_between(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = Story(seed)
    monkeypatch.setattr("tui.server.catchup.PAGE_BYTES", story.dice.choice([1, 600, 5_000]))
    steps = [story.publish, story.publish, story.read, story.subscribe, story.unsubscribe]
    for _ in range(120):
        story.dice.choice(steps)()
    story.drain()
    received = set(story.reader.events)
    assert received <= story.owed <= received | story.reader.lost
    for one in story.server.broker.snapshot("agent"):
        if any(filter_.matches(one.topic) for filter_ in story.filters.values()):
            assert story.reader.state[(one.type, one.topic.id)] == one.offset


def test_a_slow_reader_whose_history_is_trimmed_hears_of_the_gap_and_the_state(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tui.server.catchup.PAGE_BYTES", 1)
    server = Server(ring_bytes=4_000)
    server.publish(status("e-0", "a"))
    connection = server.connect()
    say(connection, "subscribe", resource="agent")
    told = messages(run(connection.next_frames()))
    server.publish(*(status(f"e-{n}", "ab"[n % 2]) for n in range(1, 30)))
    told += heard(connection)
    gists = [brief(one) for one in told]
    assert gists[:2] == ["active", ("snapshot", 1, ["e-0"])]
    assert isinstance(gists[2], tuple)
    assert gists[2][0] == "gap"
    assert gists[-1] == ("snapshot", 30, ["e-28", "e-29"])
