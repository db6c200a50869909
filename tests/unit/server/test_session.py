"""The session's judgement of what clients say: every answer and every refusal, in both layers."""

import gzip
import json

import pytest

from tests.support.frames import TOKEN, frame, log, status
from tests.unit.server.effects import refusals, sent
from tui.protocol.errors import CloseCode, ErrorCode, ProtocolError
from tui.protocol.limits import MAX_SUBSCRIPTIONS
from tui.protocol.topics import Filter
from tui.server.auth import EVERYTHING, Access, ApiKey
from tui.server.brokers import Position
from tui.server.effects import Close, Pong, Publish, Send, Subscribe, Unsubscribe
from tui.server.metrics import Metrics
from tui.server.session import Session

READER = Access(subscribe=(Filter("agent"),))
NOW = 1_700_000_000.5


def session(
    access: Access | None = EVERYTHING, *, v1: bool = False, metrics: Metrics | None = None
) -> Session:
    return Session("client-1", ApiKey(TOKEN), access, lambda: NOW, v1=v1, metrics=metrics)


def deep(levels: int) -> bytes:
    nested = "[" * levels + "]" * levels
    return log("e-1").replace(b'"hello"', f'"hello", "context": {nested}'.encode())


SUBSCRIBE = frame("subscribe", {"subscriptionId": "s", "resource": "agent"}, "m-1")


Refusal = tuple[str, str | None, object]
REFUSALS: list[tuple[Access | None, bytes, Refusal]] = [
    (None, SUBSCRIBE, ("unauthenticated", "m-1", None)),
    (None, frame("ping"), ("unauthenticated", None, {"index": 0})),
    (None, log("e-1"), ("unauthenticated", "e-1", None)),
    (None, log("e-1", message="x" * 4096), ("too_large", None, None)),
    (READER, log("e-1", message="x" * 65536), ("too_large", None, None)),
    (EVERYTHING, log("e-1", message="x" * 262144), ("too_large", None, None)),
    (EVERYTHING, gzip.compress(b" " * 262145), ("too_large", None, None)),
    (EVERYTHING, b"\x1f\x8b nonsense", ("invalid_message", None, None)),
    (EVERYTHING, b"{", ("invalid_message", None, {"index": 0})),
    (EVERYTHING, b"", ("invalid_message", None, {"index": 0})),
    (EVERYTHING, b"\xff\xfe", ("invalid_message", None, {"index": 0})),
    (EVERYTHING, b"null", ("invalid_message", None, {"index": 0})),
    (EVERYTHING, b"[", ("invalid_message", None, None)),
    (EVERYTHING, b"[1" + b",1" * 1000 + b"]", ("limit_exceeded", None, None)),
    (EVERYTHING, b"{}", ("invalid_message", None, {"field": "type", "index": 0})),
    (EVERYTHING, deep(40), ("invalid_message", "e-1", None)),
    (EVERYTHING, log("e-1").replace(b" 1", b" NaN"), ("invalid_message", None, {"index": 0})),
    (
        EVERYTHING,
        frame("agent_log", {}, "e-1", timestamp=1),
        ("invalid_message", "e-1", {"field": "data.agentId"}),
    ),
    (
        EVERYTHING,
        log("e" * 129),
        ("invalid_message", None, {"field": "id", "index": 0}),
    ),
    (EVERYTHING, frame("nonsense", {}, "m-1"), ("unknown_type", "m-1", {"field": "type"})),
    (
        EVERYTHING,
        frame("connect", {"clientId": "x"}, "m-1"),
        ("invalid_message", "m-1", {"field": "type"}),
    ),
    (READER, log("e-1"), ("forbidden", "e-1", None)),
    (
        READER,
        frame("subscribe", {"resource": "tdd"}, "m-1"),
        ("forbidden", "m-1", None),
    ),
    (
        EVERYTHING,
        frame("subscribe", {"resourceId": "x" * 257}, "m-1"),
        ("invalid_message", "m-1", {"field": "data.resourceId"}),
    ),
    (
        EVERYTHING,
        frame("subscribe", {"resource": ""}, "m-1"),
        ("invalid_message", "m-1", {"field": "data.resource"}),
    ),
    (
        EVERYTHING,
        frame("subscribe", {"subscriptions": [{}, {}, {}, {"resource": ""}]}, "m-1"),
        ("invalid_message", "m-1", {"field": "data.subscriptions.3.resource"}),
    ),
    (
        EVERYTHING,
        frame("subscribe", {"events": ["status"] * 19}, "m-1"),
        ("limit_exceeded", "m-1", {"field": "data.events"}),
    ),
    (
        EVERYTHING,
        frame("subscribe", {"subscriptions": [{}] * (MAX_SUBSCRIPTIONS + 1)}, "m-1"),
        ("limit_exceeded", "m-1", None),
    ),
    (
        EVERYTHING,
        frame("unsubscribe", {"subscriptionId": "s"}, "m-1"),
        ("unknown_subscription", "m-1", {"field": "data.subscriptionId"}),
    ),
]


@pytest.mark.parametrize(("access", "said", "refusal"), REFUSALS)
@pytest.mark.parametrize("v1", [False, True])
def test_refusals(
    access: Access | None,
    said: bytes,
    refusal: Refusal,
    v1: bool,
) -> None:
    one = session(access, v1=v1)
    effects = one.receive(said)
    if v1 and b'{"resource": "tdd"}' in said:
        assert sent(effects)[0]["data"]["status"] == "denied"
    else:
        assert refusals(effects) == [refusal]
    assert len(effects) == 1
    assert one.subscriptions == {}


def test_every_refusal_of_the_protocol_is_in_the_table() -> None:
    table = {refusal[0] for _, _, refusal in REFUSALS}
    # The others: in test_session_limits, and said by brokers.
    assert table == set(ErrorCode) - {ErrorCode.RATE_LIMITED, ErrorCode.UNAVAILABLE}


def test_plain_connect_says_the_client_id_and_nothing_of_v1() -> None:
    [connect] = sent(session().open())
    assert connect["type"] == "connect"
    assert connect["data"] == {"clientId": "client-1"}
    assert connect["timestamp"] == 1_700_000_000_500


@pytest.mark.parametrize(("access", "limit"), [(EVERYTHING, 262144), (READER, 65536), (None, 4096)])
def test_v1_connect_says_what_is_allowed(access: Access | None, limit: int) -> None:
    [connect] = sent(session(access, v1=True).open())
    assert connect["data"] == {
        "clientId": "client-1",
        "protocol": 1,
        "serverTime": 1_700_000_000_500,
        "heartbeatMs": 10_000,
        "limits": {"maxMessageBytes": limit, "maxSubscriptions": 128},
    }


def test_a_right_token_in_band_opens_the_door() -> None:
    one = session(None)
    [success] = sent(one.receive(frame("auth_request", {"type": "jwt", "token": TOKEN}, "m-1")))
    assert (success["type"], success["metadata"]["correlationId"]) == ("auth_success", "m-1")
    assert success["data"] == {}
    assert one.expire() == []
    assert one.receive(frame("ping", None, "m-2")) == [Pong("m-2")]


def test_who_is_let_in_in_band_is_told_what_is_allowed_now() -> None:
    one = session(None, v1=True)
    [connect] = sent(one.open())
    [success] = sent(one.receive(frame("auth_request", {"type": "jwt", "token": TOKEN})))
    assert connect["data"]["limits"]["maxMessageBytes"] == 4096
    assert success["data"]["limits"] == {"maxMessageBytes": 262144, "maxSubscriptions": 128}


def test_a_wrong_token_in_band_ends_it() -> None:
    one = session(None)
    effects = one.receive(frame("auth_request", {"type": "api-key", "token": "x"}, "m-1"))
    [failure] = sent(effects)
    assert failure["type"] == "auth_failure"
    assert failure["data"]["code"] == "unauthenticated"
    assert failure["data"]["reason"]
    last = effects[-1]
    assert isinstance(last, Close)
    assert last.code == 4501


def test_the_time_to_authenticate_ends() -> None:
    [end] = session(None).expire()
    assert isinstance(end, Close)
    assert end.code == CloseCode.UNAUTHENTICATED


def test_the_unauthenticated_are_answered_once_a_frame() -> None:
    many = b"[" + b",".join([frame("ping")] * 50) + b"]"
    assert len(session(None).receive(many)) == 1


def test_authentication_and_more_may_share_a_frame() -> None:
    one = session(None)
    both = (
        b"[" + frame("auth_request", {"type": "api-key", "token": TOKEN}) + b"," + log("e") + b"]"
    )
    assert [type(effect) for effect in one.receive(both)] == [Send, Publish]


def test_events_of_a_frame_are_published_together_and_a_bad_one_spoils_nothing() -> None:
    bad = frame("agent_log", {}, "e-2", timestamp=1)
    effects = session().receive(
        b"[" + b",".join([log("e-1"), bad, log("e-3"), status("e-4")]) + b"]"
    )
    published = [
        draft.id for effect in effects if isinstance(effect, Publish) for draft in effect.drafts
    ]
    assert published == ["e-1", "e-3", "e-4"]
    assert refusals(effects) == [("invalid_message", "e-2", {"field": "data.agentId"})]


def test_refusals_between_events_keep_them_in_one_publish_and_other_wishes_do_not() -> None:
    bad = frame("nonsense", {}, "x")
    said = [log("e-1"), bad, log("e-2"), SUBSCRIBE, log("e-3"), bad, frame("ping"), log("e-4")]
    effects = session().receive(b"[" + b",".join(said) + b"]")
    kinds = [type(effect) for effect in effects]
    assert kinds == [Publish, Send, Subscribe, Publish, Send, Pong, Publish]
    ids = [[one.id for one in e.drafts] for e in effects if isinstance(e, Publish)]
    assert ids == [["e-1", "e-2"], ["e-3"], ["e-4"]]


def test_what_comes_in_is_counted_by_type_and_size() -> None:
    metrics = Metrics()
    one = session(metrics=metrics)
    for said in (log("e-1"), log("e-2"), b"[" + frame("ping") + b"," + log("e-3") + b"]", b"{"):
        one.receive(said)
    one.receive(frame("a" * 100, {}))
    sizes = metrics.received_sizes
    assert (sizes["agent_log"].count, sizes["ping"].count, sizes["other"].count) == (3, 1, 1)
    assert sizes["agent_log"].sum >= 2 * len(log("e-1"))


def test_gzip_is_read() -> None:
    [published] = session().receive(gzip.compress(log("e-1")))
    assert isinstance(published, Publish)
    assert json.loads(published.drafts[0].kept)["id"] == "e-1"


@pytest.mark.parametrize("v1", [False, True])
def test_what_became_of_events_is_told_to_those_who_can_hear_it(v1: bool) -> None:
    one = session(v1=v1)
    batch = b"[" + b",".join([log("e-1"), log("e-2"), log("e-3")]) + b"]"
    [publish] = one.receive(batch)
    assert isinstance(publish, Publish)
    away = ProtocolError(
        ErrorCode.UNAVAILABLE, "the store is away", message_id="e-2", retry_after_ms=100
    )
    answers = sent(one.published([draft.id for draft in publish.drafts], [None, away, None]))
    assert [answer["type"] for answer in answers] == ["error"] + ["publish_ack"] * v1
    assert answers[0]["data"] == {
        "error": "the store is away",
        "code": "unavailable",
        "retryAfterMs": 100,
    }
    if v1:
        assert answers[1]["data"] == {"ids": ["e-1", "e-3"]}


def test_a_subscription_needs_nothing_but_its_type() -> None:
    one = session()
    [subscribe] = one.receive(frame("subscribe", {}))
    assert isinstance(subscribe, Subscribe)
    assert list(subscribe.filters.values()) == [Filter()]
    assert one.subscriptions == subscribe.filters


def test_the_same_id_replaces_a_subscription() -> None:
    one = session()
    one.receive(SUBSCRIBE)
    [again] = one.receive(frame("subscribe", {"subscriptionId": "s", "resource": "tdd"}))
    assert isinstance(again, Subscribe)
    assert again.filters == {"s": Filter("tdd")}
    assert list(one.subscriptions) == ["s"]


def test_a_generated_id_replaces_none_that_a_client_gave() -> None:
    one = session()
    given = [{"subscriptionId": f"subscription-{n}", "resource": "tdd"} for n in (1, 3)]
    one.receive(frame("subscribe", given[0]))
    [subscribe] = one.receive(frame("subscribe", {"subscriptions": [{}, {}, given[1]]}))
    assert isinstance(subscribe, Subscribe)
    assert [str(filter_) for filter_ in subscribe.filters.values()] == ["*:*:*"] * 2 + ["tdd:*:*"]
    assert len(one.subscriptions) == 4


def test_many_subscriptions_and_a_cursor_in_one_message() -> None:
    data = {
        "subscriptions": [
            {"subscriptionId": "a", "resource": "agent", "events": ["status"]},
            {"subscriptionId": "b", "resource": "tdd", "resourceId": "coder-*"},
        ],
        "resume": {"agent": {"epoch": "x", "offset": 4}},
        "snapshot": "never",
    }
    [subscribe] = session(v1=True).receive(frame("subscribe", data, "m-1"))
    assert subscribe == Subscribe(
        {"a": Filter("agent", "*", ("status",)), "b": Filter("tdd", "coder-*")},
        "m-1",
        {"agent": Position("x", 4)},
        None,
        "never",
    )


def test_a_resume_may_name_a_time() -> None:
    [subscribe] = session(v1=True).receive(frame("subscribe", {"resume": {"since": 1500}}))
    assert isinstance(subscribe, Subscribe)
    assert subscribe.since == 1.5


def test_v1_denies_what_is_not_allowed_and_grants_the_rest() -> None:
    data = {
        "subscriptions": [
            {"subscriptionId": "a", "resource": "agent"},
            {"subscriptionId": "b", "resource": "tdd"},
        ]
    }
    one = session(READER, v1=True)
    effects = one.receive(frame("subscribe", data, "m-1"))
    [denied] = sent(effects)
    assert denied["data"]["status"] == "denied"
    assert denied["data"]["subscriptionIds"] == ["b"]
    assert "tdd:*:*" in denied["data"]["reason"]
    assert list(one.subscriptions) == ["a"]


@pytest.mark.parametrize("v1", [False, True])
def test_unsubscribe_is_confirmed_to_v1_only(v1: bool) -> None:
    one = session(v1=v1)
    one.receive(SUBSCRIBE)
    effects = one.receive(frame("unsubscribe", {"subscriptionId": "s"}, "m-2"))
    assert effects[0] == Unsubscribe("s")
    assert one.subscriptions == {}
    assert [message["data"]["status"] for message in sent(effects)] == ["closed"] * v1


def test_what_follows_a_disconnect_is_dropped() -> None:
    said = b"[" + b",".join([log("e-1"), frame("disconnect"), log("e-2"), frame("ping")]) + b"]"
    published, last = session().receive(said)
    assert isinstance(published, Publish)
    assert [draft.id for draft in published.drafts] == ["e-1"]
    assert last == Close(CloseCode.NORMAL)


def test_disconnect_closes_cleanly_even_before_authentication() -> None:
    assert session(None).receive(frame("disconnect")) == [Close(CloseCode.NORMAL)]


@pytest.mark.parametrize("said", [frame("pong", {}), frame("error", {"error": "x"})])
def test_pongs_and_errors_are_not_answered(said: bytes) -> None:
    assert session().receive(said) == []
