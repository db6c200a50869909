"""The protocol machine, frame by frame, with a clock that only the tests turn."""

from typing import Any

import orjson
import pytest

from tests.unit.client.hands import Hands
from tui.client.memory import Memory
from tui.client.options import Authentication, ClientOptions
from tui.client.outbox import Outbox
from tui.client.session import ANSWER, SETTLE, Item, Session
from tui.client.status import Gap
from tui.client.subscriptions import Subscription
from tui.protocol.topics import Filter

JsonObject = dict[str, Any]


def status(agent: str, offset: int | None = None, id_: str | None = None) -> JsonObject:
    data = {"agentId": agent, "agentType": "coder", "status": "busy"}
    event = {"id": id_ or f"{agent}-{offset}", "type": "agent_status", "timestamp": 1, "data": data}
    return event if offset is None else event | {"metadata": {"offset": offset}}


def logged(offset: int) -> JsonObject:
    data = {"agentId": "a", "level": "info", "message": "m", "timestamp": 1}
    metadata = {"offset": offset}
    return {
        "id": f"log-{offset}",
        "type": "agent_log",
        "timestamp": 1,
        "data": data,
        "metadata": metadata,
    }


def update(status_: str, **data: Any) -> JsonObject:
    return {"type": "subscription_update", "data": {"status": status_, **data}}


def at(offset: int, epoch: str = "one") -> JsonObject:
    return {"agent": {"epoch": epoch, "offset": offset}}


class Talk:
    """One client's memory, and the session of its present connection."""

    def __init__(self, *, v1: bool = True, token: str | None = None) -> None:
        self.hands = Hands()
        self.v1 = v1
        self.memory = Memory(Outbox(1_000_000))
        self.options = ClientOptions(authentication=Authentication(token=token))
        self.session = self._session()

    def _session(self) -> Session:
        return Session(self.memory, self.options, self.hands.clock, v1_offered=True)

    def reconnect(self) -> list[JsonObject]:
        """Lose the connection, open another; what the client says on it first."""
        self.memory.connection_lost()
        self.session = self._session()
        self.connect()
        return [m for m in self.sent() if m["type"] != "ping"]

    def connect(self) -> None:
        self.hear(
            {"type": "connect", "data": {"clientId": "c"} | ({"protocol": 1} if self.v1 else {})}
        )

    def subscribe(self, resource: str = "agent") -> Subscription:
        subscription = self.memory.subscriptions.add(Filter(resource), self.session.unsubscribe)
        self.session.subscribe(subscription)
        return subscription

    def hear(self, *messages: JsonObject) -> list[Item]:
        """Each in a frame of its own; what comes out, all of it handled at once."""
        items: list[Item] = []
        for message in messages:
            delivery = self.session.receive(orjson.dumps(message))
            if delivery is not None:
                items += delivery.items
                self.memory.streams.handled(delivery.marks or {})
        return items

    def sent(self) -> list[JsonObject]:
        self.session.tick()
        frames = []
        while (frame := self.session.next_frame()) is not None:
            frames.append(orjson.loads(frame))
            self.session.written()
        return frames

    def live(self) -> "Talk":
        """Connected, subscribed to all agents, at offset 10."""
        self.connect()
        self.subscribe()
        self.sent()
        self.hear(update("active", subscriptionIds=["sub-1"], positions=at(10)))
        self.hear(update("snapshot", resource="agent", epoch="one", offset=10, state=[]))
        assert self.session.live
        return self


def ids(items: list[Item]) -> list[str]:
    return [getattr(item, "id", None) or str(item) for item in items]


# Opening.


def test_nothing_is_said_before_the_server_has_said_what_it_speaks() -> None:
    talk = Talk()
    talk.subscribe()
    assert talk.sent() == []
    talk.connect()
    [subscribe, ping] = talk.sent()
    assert subscribe["data"]["subscriptions"][0]["subscriptionId"] == "sub-1"
    assert ping["type"] == "ping"


def test_v1_is_live_once_its_subscriptions_are_answered() -> None:
    talk = Talk()
    talk.subscribe()
    talk.connect()
    assert not talk.session.live
    talk.hear(update("active", subscriptionIds=["sub-1"]))
    assert talk.session.live


@pytest.mark.parametrize(
    "answer", [update("denied", subscriptionIds=["sub-1"]), "forbidden", "silence"]
)
def test_a_subscription_that_fails_does_not_keep_the_client_from_living(
    answer: JsonObject | str,
) -> None:
    talk = Talk()
    subscription = talk.subscribe()
    talk.connect()
    [asked, _] = talk.sent()
    if isinstance(answer, dict):
        talk.hear(answer)
    elif answer == "silence":
        talk.hands.turn(SETTLE)
        talk.session.tick()
    else:
        error = {"error": "not\x1b[1m yours", "code": answer}
        talk.hear({"type": "error", "data": error, "metadata": {"correlationId": asked["id"]}})
        assert subscription.reason == "not yours"
    assert talk.session.live
    assert subscription.state == ("waiting" if answer == "silence" else "denied")


def test_a_server_that_selects_any_subprotocol_is_not_taken_for_v1() -> None:
    talk = Talk(v1=False)
    talk.subscribe()
    talk.connect()
    [subscribe, _] = talk.sent()
    assert not talk.session.v1
    assert subscribe["data"] == {
        "subscriptionId": "sub-1",
        "resource": "agent",
        "resourceId": "*",
    }


def test_a_plain_server_that_never_says_connect_is_spoken_to_all_the_same() -> None:
    talk = Talk(v1=False)
    talk.subscribe()
    talk.hands.turn(SETTLE - 0.1)
    assert talk.sent() == []
    assert talk.session.deadline() <= talk.hands.now + 0.11
    talk.hands.turn(0.1)
    talk.session.tick()
    assert "subscribe" in [m["type"] for m in talk.sent()]
    assert talk.session.live


def test_plain_servers_get_one_resource_a_message_and_short_event_names() -> None:
    talk = Talk(v1=False)
    filter_ = Filter("*", "x", ("agent_status", "log"))
    talk.memory.subscriptions.add(filter_, talk.session.unsubscribe)
    talk.connect()
    asked = [m["data"] for m in talk.sent() if m["type"] == "subscribe"]
    assert [data["subscriptionId"] for data in asked] == [
        f"sub-1.{r}" for r in ("agent", "tdd", "workflow", "system", "deployment", "github")
    ]
    assert asked[0] == {
        "subscriptionId": "sub-1.agent",
        "resource": "agent",
        "resourceId": "x",
        "events": ["status", "log"],
    }


# Authentication in-band.


def unauthenticated(about: str = "msg-1") -> JsonObject:
    error = {"error": "who are you", "code": "unauthenticated"}
    return {"type": "error", "data": error, "metadata": {"correlationId": about}}


def test_a_server_that_did_not_take_the_header_is_given_the_token_in_band() -> None:
    talk = Talk(v1=False, token="secret")
    talk.subscribe()
    talk.subscribe("tdd")
    talk.connect()
    talk.sent()
    talk.hear(unauthenticated("msg-1"), unauthenticated("msg-2"))
    [request] = talk.sent()
    assert request["type"] == "auth_request"
    assert request["data"] == {"type": "api-key", "token": "secret"}
    talk.hear({"type": "auth_success"})
    assert [m["type"] for m in talk.sent()] == ["subscribe", "subscribe", "ping"]
    assert talk.session.live
    assert talk.session.ending is None


def test_what_was_published_before_that_goes_out_after_it() -> None:
    talk = Talk(token="secret")
    talk.memory.outbox.add("e1", orjson.dumps(status("a", id_="e1")))
    talk.connect()
    talk.sent()
    talk.hear(unauthenticated("e1"))
    talk.sent()
    talk.hear({"type": "auth_success"})
    assert "e1" in [m["id"] for m in talk.sent()]
    assert talk.memory.outbox.refused == 0


@pytest.mark.parametrize(
    ("token", "answers", "reason"),
    [
        (None, [unauthenticated()], "asks for a token"),
        ("t", [unauthenticated(), {"type": "auth_success"}, unauthenticated()], "not accept"),
        (
            "t",
            [{"type": "auth_failure", "data": {"code": "expired", "reason": "too\nold"}}],
            "refused the token: expired: too old",
        ),
        ("t", [{"type": "auth_failure"}], "refused the token"),
    ],
)
def test_a_token_that_is_not_accepted_stops_the_client(
    token: str | None, answers: list[JsonObject], reason: str
) -> None:
    talk = Talk(token=token)
    talk.connect()
    talk.hear(*answers)
    ending = talk.session.ending
    assert ending is not None
    assert ending.terminal
    assert reason in ending.reason


# Streams.


def test_an_event_is_delivered_once() -> None:
    talk = Talk().live()
    assert ids(talk.hear(status("a", 11), logged(12))) == ["a-11", "log-12"]
    assert talk.hear(logged(12), status("a", 11)) == []
    assert ids(talk.hear(logged(13))) == ["log-13"]
    assert talk.memory.received == 3


def test_plain_events_have_no_offset_and_are_never_taken_for_duplicates() -> None:
    talk = Talk(v1=False)
    talk.connect()
    assert ids(talk.hear(status("a", id_="e"), status("a", id_="e"))) == ["e", "e"]


def test_a_snapshot_brings_only_what_is_newer_for_its_state_key() -> None:
    talk = Talk().live()
    talk.hear(status("a", 11), status("b", 14))
    state = [status("a", 13), status("b", 14), status("c", 12)]
    page = update("snapshot", resource="agent", epoch="one", offset=14, state=state)
    assert ids(talk.hear(page)) == ["a-13", "c-12"]


def test_an_event_below_the_snapshot_is_news_unless_it_was_the_entry() -> None:
    talk = Talk().live()
    state = [status("a", 12)]
    talk.hear(update("snapshot", resource="agent", epoch="one", offset=12, state=state))
    assert ids(talk.hear(logged(11), status("a", 12))) == ["log-11"]


def test_a_spoilt_entry_does_not_spoil_the_snapshot() -> None:
    talk = Talk().live()
    state = [{"id": "x", "type": "agent_status", "timestamp": 1, "data": {}}, status("c", 12)]
    page = update("snapshot", resource="agent", epoch="one", offset=12, state=state)
    assert ids(talk.hear(page)) == ["c-12"]
    assert talk.memory.invalid == 1


def test_a_reconnect_resumes_from_the_cursor_in_one_message() -> None:
    talk = Talk().live()
    talk.subscribe("agent")
    talk.hear(update("active", subscriptionIds=["sub-2"]), status("a", 11), {"type": "pong"})
    [subscribe] = talk.reconnect()
    assert [s["subscriptionId"] for s in subscribe["data"]["subscriptions"]] == ["sub-1", "sub-2"]
    assert subscribe["data"]["resume"] == at(11)
    assert subscribe["data"]["snapshot"] == "auto"
    replay = status("a", 11) | {"metadata": {"offset": 11, "replayed": True}}
    talk.hear(update("active", subscriptionIds=["sub-1", "sub-2"], positions=at(12)))
    assert ids(talk.hear(replay, status("a", 12))) == ["a-12"]


def test_the_cursor_waits_for_the_handlers() -> None:
    talk = Talk().live()
    delivery = talk.session.receive(orjson.dumps(status("a", 11)))
    assert delivery is not None
    [subscribe] = talk.reconnect()
    assert subscribe["data"]["resume"] == at(10)
    talk.memory.streams.handled(delivery.marks or {})
    [subscribe] = talk.reconnect()
    assert subscribe["data"]["resume"] == at(11)


def test_what_was_never_confirmed_is_not_resumed_but_asked_for_afresh() -> None:
    talk = Talk().live()
    talk.hear({"type": "pong"})
    talk.subscribe("tdd")
    [known, new] = talk.reconnect()
    assert "resume" in known["data"]
    assert [s["resource"] for s in new["data"]["subscriptions"]] == ["tdd"]
    assert "resume" not in new["data"]


def test_a_connection_lost_before_the_first_snapshot_asks_for_it_again() -> None:
    talk = Talk().live()
    talk.hear({"type": "pong"})
    talk.subscribe("agent")
    talk.hear(update("active", subscriptionIds=["sub-2"]))
    [subscribe] = talk.reconnect()
    assert subscribe["data"]["snapshot"] == "always"


def test_a_pong_moves_the_cursor_of_a_quiet_subscription() -> None:
    talk = Talk().live()
    talk.hear({"type": "pong", "data": {"timestamp": 1, "positions": at(900)}})
    [subscribe] = talk.reconnect()
    assert subscribe["data"]["resume"] == at(900)


def test_a_gap_is_told_in_its_place() -> None:
    talk = Talk().live()
    gap = update("gap", resource="agent", lost={"from": 11, "to": 20})
    assert talk.hear(gap) == [Gap("agent", 11, 20)]


def test_numbering_that_starts_afresh_is_told_once_and_loses_nothing_after_it() -> None:
    talk = Talk().live()
    talk.hear(status("a", 11))
    talk.reconnect()
    anew = update("active", subscriptionIds=["sub-1"], positions=at(2, "two"))
    assert talk.hear(anew, update("gap", resource="agent")) == [Gap("agent")]
    state = [status("a", 2)]
    page = update("snapshot", resource="agent", epoch="two", offset=2, state=state)
    assert ids(talk.hear(page, status("a", 3))) == ["a-2", "a-3"]
    [subscribe] = talk.reconnect()
    assert subscribe["data"]["resume"] == at(3, "two")


def test_offsets_of_no_known_epoch_are_not_compared_with_another_connections() -> None:
    talk = Talk()
    talk.connect()
    assert ids(talk.hear(status("a", 50))) == ["a-50"]
    talk.reconnect()
    assert ids(talk.hear(status("a", 1))) == ["a-1"]


def test_an_epoch_change_during_a_connection_is_a_gap_too() -> None:
    talk = Talk().live()
    assert talk.hear(status("a", 11), update("gap", resource="agent"))[1:] == [Gap("agent")]
    page = update("snapshot", resource="agent", epoch="two", offset=1, state=[status("a", 1)])
    assert ids(talk.hear(page)) == ["a-1"]


def test_handlers_of_gap_get_no_strangers_message_of_that_name() -> None:
    assert Talk().live().hear({"type": "gap", "data": {}}) == []


# What cannot be read.


@pytest.mark.parametrize(
    "frame", [b"", b"\xff\xfe", b"nonsense", b"[1, 2", b'{"type": 7}', b"\x1f\x8bbroken"]
)
def test_an_unreadable_frame_is_counted_and_nothing_else(frame: bytes) -> None:
    talk = Talk().live()
    assert talk.session.receive(frame) is None or frame == b"[1, 2"
    assert talk.memory.invalid == 1
    assert talk.session.ending is None
    assert ids(talk.hear(status("a", 11))) == ["a-11"]


def test_a_bad_member_does_not_spoil_its_batch() -> None:
    talk = Talk(v1=False)
    talk.connect()
    unknown = {"type": "brand_new", "id": "n", "data": {"x": 1}}
    batch = [status("a", id_="1"), {"type": "agent_log"}, unknown, status("b", id_="2")]
    delivery = talk.session.receive(orjson.dumps(batch))
    assert delivery is not None
    assert ids(delivery.items) == ["1", "n", "2"]
    assert (talk.memory.received, talk.memory.invalid) == (2, 1)


# Publishing.


def refusal(about: str | None, code: str, **data: Any) -> JsonObject:
    metadata = {} if about is None else {"metadata": {"correlationId": about}}
    return {"type": "error", "data": {"error": "no", "code": code, **data}} | metadata


def test_published_events_wait_until_live_and_go_as_one_batch() -> None:
    talk = Talk()
    for name in ("e1", "e2"):
        talk.memory.outbox.add(name, orjson.dumps(status("a", id_=name)))
    talk.subscribe()
    talk.connect()
    assert [m["type"] for m in talk.sent()] == ["subscribe", "ping"]
    talk.hear(update("active", subscriptionIds=["sub-1"]))
    [batch] = (talk.session.next_frame(),)
    assert [m["id"] for m in orjson.loads(batch or b"")] == ["e1", "e2"]
    talk.hear({"type": "publish_ack", "data": {"ids": ["e1", "e2"]}})
    assert not talk.memory.outbox


def test_a_limited_rate_is_waited_out() -> None:
    talk = Talk().live()
    talk.memory.outbox.add("e1", orjson.dumps(status("a", id_="e1")))
    talk.sent()
    [error] = talk.hear(refusal("e1", "rate_limited", retryAfterMs=1500))
    assert error.type == "error"
    assert talk.sent() == []
    assert talk.session.deadline() == talk.hands.now + 1.5
    talk.hands.turn(1.5)
    assert [m["id"] for m in talk.sent()] == ["e1"]


@pytest.mark.parametrize(
    "error", [refusal("e1", "invalid_message"), refusal(None, "forbidden", details={"index": 0})]
)
def test_a_final_refusal_is_told_and_the_next_event_goes(error: JsonObject) -> None:
    talk = Talk().live()
    talk.memory.outbox.add("e1", orjson.dumps(status("a", id_="e1")))
    talk.sent()
    talk.memory.outbox.add("e2", orjson.dumps(status("a", id_="e2")))
    assert len(talk.hear(error)) == 1
    assert [m["id"] for m in talk.sent()] == ["e2"]
    assert talk.memory.outbox.refused == 1


def test_a_batch_that_is_never_answered_ends_the_connection() -> None:
    talk = Talk().live()
    talk.memory.outbox.add("e1", orjson.dumps(status("a", id_="e1")))
    talk.sent()
    talk.hands.turn(ANSWER)
    talk.hear({"type": "pong"})
    talk.session.tick()
    ending = talk.session.ending
    assert ending is not None
    assert not ending.terminal
    assert "did not answer" in ending.reason


def test_a_subscribe_held_back_by_a_rate_limit_is_sent_again() -> None:
    talk = Talk()
    talk.subscribe()
    talk.connect()
    [asked, _] = talk.sent()
    talk.hear(refusal(asked["id"], "rate_limited", retryAfterMs=200))
    assert talk.sent() == []
    assert talk.session.deadline() == talk.hands.now + 0.2
    talk.hands.turn(0.2)
    assert talk.sent() == [asked]


# Liveness.


def test_a_pong_tells_the_round_trip() -> None:
    talk = Talk().live()
    talk.hands.turn(10)
    assert [m["type"] for m in talk.sent()] == ["ping"]
    talk.hands.turn(0.012)
    talk.hear({"type": "pong", "data": {"timestamp": 5}})
    assert talk.session.liveness.round_trip == pytest.approx(0.012)


def run(talk: Talk, seconds: float, *, hears_every: float | None = None) -> None:
    """Let time pass as the shell does: asleep until the deadline, or until a frame comes."""
    end = talk.hands.now + seconds
    next_frame = talk.hands.now + (hears_every or seconds * 2)
    while talk.hands.now < end and talk.session.ending is None:
        talk.hands.now = min(end, next_frame, talk.session.deadline())
        if talk.hands.now >= next_frame:
            talk.hear(status("a"))
            next_frame += hears_every or 0
        talk.sent()


def test_a_link_on_which_nothing_is_heard_is_stale_after_interval_and_timeout() -> None:
    talk = Talk().live()
    run(talk, 19.9)
    assert talk.session.ending is None
    run(talk, 0.1)
    ending = talk.session.ending
    assert ending is not None
    assert "stale" in ending.reason
    assert not ending.terminal


def test_a_server_that_never_answers_a_ping_but_keeps_sending_is_alive() -> None:
    talk = Talk().live()
    run(talk, 600, hears_every=15)
    assert talk.session.ending is None


def test_time_in_which_our_own_loop_stood_still_does_not_count() -> None:
    talk = Talk().live()
    talk.session.deadline()
    talk.hands.turn(3600)
    talk.session.tick()
    assert talk.session.ending is None
    run(talk, 25)
    assert talk.session.ending is not None


def test_time_in_which_we_did_not_read_does_not_count() -> None:
    talk = Talk().live()
    talk.session.liveness.pause()
    run(talk, 300)
    assert talk.session.ending is None
    talk.session.liveness.resume(talk.hands.now)
    run(talk, 19)
    assert talk.session.ending is None


def test_a_ping_of_the_server_is_answered() -> None:
    talk = Talk().live()
    talk.hear({"type": "ping", "id": "p"})
    [pong] = talk.sent()
    assert pong["type"] == "pong"
    assert pong["metadata"]["correlationId"] == "p"
