"""A connection's beginning: connect, authenticate, restore; and what cannot be read."""

import gzip

import orjson
import pytest

from tests.unit.client.talk import JsonObject, Talk, ids, status, update
from tui.client.session import SETTLE
from tui.client.status import Gap
from tui.protocol.topics import Filter

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


async def test_v1_is_live_once_what_it_waits_for_is_not_wanted_any_more() -> None:
    talk = Talk()
    subscription = talk.subscribe()
    talk.connect()
    await subscription.unsubscribe()
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


def test_a_server_that_selects_v1_and_is_slow_to_say_connect_is_not_taken_for_plain() -> None:
    talk = Talk()
    talk.memory.outbox.add("e", b"{}")
    talk.hands.turn(SETTLE)
    talk.session.tick()
    assert talk.session.next_frame() is None
    talk.connect()
    assert talk.session.v1
    late = Talk()
    late.hands.turn(late.options.open_timeout)
    late.session.tick()
    assert late.session.ending is not None
    assert "did not say connect" in late.session.ending.reason


def test_a_plain_server_that_never_says_connect_is_spoken_to_all_the_same() -> None:
    talk = Talk(v1=False, selects=False)
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
        ("t", [{"type": "auth_failure"}], "refused the token; check the token, or AUTOSDLC_TOKEN"),
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


# What cannot be read.


@pytest.mark.parametrize(
    "frame", [b"", b"\xff\xfe", b"nonsense", b"[1, 2", b'{"type": 7}', b"\x1f\x8bbroken"]
)
def test_an_unreadable_frame_is_counted_and_nothing_else(frame: bytes) -> None:
    talk = Talk().live()
    delivery = talk.session.receive([frame])
    assert delivery is not None
    assert delivery.items == [Gap("agent")], "for all that anybody knows it was an event"
    assert talk.memory.invalid == 1
    assert talk.session.ending is None
    assert ids(talk.hear(status("a", 11))) == ["a-11"]


def test_a_fault_that_nobody_foresaw_costs_the_connection_and_not_the_client(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    talk = Talk().live()
    monkeypatch.setattr(talk.memory.outbox, "acknowledged", None)
    assert talk.hear({"type": "publish_ack", "data": {"ids": ["e1"]}}) == []
    assert talk.memory.invalid == 1
    ending = talk.session.ending
    assert ending is not None
    assert not ending.terminal
    assert "could not be taken (TypeError)" in ending.reason


def test_a_bad_member_does_not_spoil_its_batch() -> None:
    talk = Talk(v1=False)
    talk.connect()
    unknown = {"type": "brand_new", "id": "n", "data": {"x": 1}}
    batch = [status("a", id_="1"), {"type": "agent_log"}, unknown, status("b", id_="2")]
    delivery = talk.session.receive([orjson.dumps(batch)])
    assert delivery is not None
    assert ids(delivery.items) == ["1", "n", "2"]
    assert (talk.memory.received, talk.memory.invalid) == (2, 1)


def test_a_gzipped_frame_counts_for_what_it_inflates_to() -> None:
    talk = Talk(v1=False)
    talk.connect()
    plain = orjson.dumps(status("a", id_="1") | {"more": "x" * 10_000})
    delivery = talk.session.receive([gzip.compress(plain)])
    assert delivery is not None
    assert ids(delivery.items) == ["1"]
    assert delivery.size == len(plain)
