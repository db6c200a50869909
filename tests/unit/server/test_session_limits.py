"""How long a client is let in, and how often it may say what: the session's part of it."""

import gzip
from collections.abc import Mapping

import pytest

from tests.support.frames import TOKEN, frame, log, status
from tests.unit.server.effects import refusals, sent
from tests.unit.server.tokens import Tokens
from tui.protocol.errors import CloseCode
from tui.protocol.topics import Filter
from tui.server.auth import EVERYTHING, Access, ApiKey
from tui.server.effects import Close, Effect, Pong, Publish, Send, Subscribe, Unsubscribe
from tui.server.limits.rates import RateLimits
from tui.server.metrics import Metrics
from tui.server.session import Session

NOW = 1_700_000_000.0
READER = Access(subscribe=(Filter("agent"), Filter("tdd")), name="reader", expires=NOW + 60)


class Client:
    """A session under a clock that a test moves."""

    def __init__(
        self,
        access: Access | None = EVERYTHING,
        tokens: Tokens | None = None,
        rates: RateLimits | None = None,
        *,
        v1: bool = False,
    ) -> None:
        self.now = NOW
        self.metrics = Metrics()
        self.verdicts: list[bool] = []
        self.session = Session(
            "client-1",
            tokens or ApiKey(TOKEN),
            access,
            lambda: self.now,
            v1=v1,
            metrics=self.metrics,
            rates=rates,
            judged=self.verdicts.append,
        )

    def say(self, *messages: bytes) -> list[Effect]:
        return self.session.receive(
            messages[0] if len(messages) == 1 else b"[" + b",".join(messages) + b"]"
        )

    def authenticate(self, token: str) -> list[Effect]:
        return self.say(frame("auth_request", {"type": "jwt", "token": token}, "a-1"))

    def subscribe(self, id_: str, resource: str) -> None:
        self.say(frame("subscribe", {"subscriptionId": id_, "resource": resource}))


def expires(client: Client) -> float | None:
    assert client.session.access is not None
    return client.session.access.expires


def closes(effects: list[Effect]) -> list[int]:
    return [effect.code for effect in effects if isinstance(effect, Close)]


def stored(effects: list[Effect]) -> list[str]:
    return [d.id for effect in effects if isinstance(effect, Publish) for d in effect.drafts]


def waits(effects: list[Effect]) -> list[float]:
    """`retryAfterMs` of each refusal."""
    return [m["data"]["retryAfterMs"] for m in sent(effects) if m["type"] == "error"]


def test_a_connection_ends_when_its_token_does() -> None:
    client = Client(READER, Tokens(old=READER))
    assert expires(client) == NOW + 60
    client.now = NOW + 59.9
    assert client.session.check_expiry() == []
    client.now = NOW + 60
    [end] = client.session.check_expiry()
    assert isinstance(end, Close)
    assert (end.code, end.reason) == (CloseCode.TOKEN_EXPIRED, "the token has expired")


@pytest.mark.parametrize("access", [None, EVERYTHING])
def test_without_an_end_there_is_no_deadline(access: Access | None) -> None:
    client = Client(access)
    client.now += 10**9
    assert client.session.check_expiry() == []


def test_a_clock_that_was_set_back_ends_nothing() -> None:
    client = Client(READER, Tokens(old=READER))
    client.now = NOW - 10**6
    assert client.session.check_expiry() == []


def test_a_token_may_be_renewed_before_and_shortly_after_its_end() -> None:
    later = Access(READER.subscribe, name="reader", expires=NOW + 600)
    client = Client(READER, Tokens(new=later))
    client.now = NOW + 60.5
    [success] = sent(client.authenticate("new"))
    assert (success["type"], success["metadata"]["correlationId"]) == ("auth_success", "a-1")
    assert expires(client) == NOW + 600
    assert client.session.check_expiry() == []
    client.now = NOW + 600
    assert closes(client.session.check_expiry()) == [4009]
    assert client.verdicts == [True]


def test_a_renewal_that_fails_leaves_the_token_that_was_good() -> None:
    client = Client(READER, Tokens(old=READER))
    [failure] = sent(effects := client.authenticate("wrong"))
    assert (failure["type"], failure["metadata"]["correlationId"]) == ("auth_failure", "a-1")
    assert closes(effects) == []
    assert client.say(frame("ping", None, "p")) == [Pong("p")]
    assert client.verdicts == [False]
    assert expires(client) == NOW + 60


@pytest.mark.parametrize("v1", [False, True])
def test_whoever_is_known_may_not_try_tokens_for_ever(v1: bool) -> None:
    client = Client(READER, Tokens(old=READER), v1=v1)
    for _ in range(4):
        assert closes(client.authenticate("wrong")) == []
        assert sent(client.authenticate("old"))[0]["type"] == "auth_success"
    [failure] = sent(effects := client.authenticate("wrong"))
    assert failure["type"] == "auth_failure"
    assert closes(effects) == [CloseCode.UNAUTHENTICATED]


def test_a_great_many_subscriptions_are_refused_before_any_is_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = []
    monkeypatch.setattr("tui.server.wishes.Filter", lambda *parts: made.append(parts))
    client = Client()
    said = frame("subscribe", {"subscriptions": [{}] * 64_000}, "m-1").replace(b" ", b"")
    assert refusals(client.say(said)) == [("limit_exceeded", "m-1", None)]
    assert made == []
    assert client.session.subscriptions == {}


@pytest.mark.parametrize("v1", [False, True])
def test_subscriptions_that_a_renewed_token_does_not_permit_end(v1: bool) -> None:
    narrow = Access(subscribe=(Filter("agent"),), name="narrow")
    client = Client(READER, Tokens(new=narrow), v1=v1)
    for id_, resource in (("a", "agent"), ("t", "tdd"), ("u", "tdd")):
        client.subscribe(id_, resource)
    effects = client.authenticate("new")
    assert [e for e in effects if isinstance(e, Unsubscribe)] == [
        Unsubscribe("t"),
        Unsubscribe("u"),
    ]
    assert list(client.session.subscriptions) == ["a"]
    success, *told = sent(effects)
    assert success["type"] == "auth_success"
    if v1:
        [denied] = told
        assert denied["data"]["status"] == "denied"
        assert denied["data"]["subscriptionIds"] == ["t", "u"]
        assert "tdd:*:*" in denied["data"]["reason"]
        assert denied["metadata"]["correlationId"] == "a-1"
    else:
        assert [(m["type"], m["data"]["code"]) for m in told] == [("error", "forbidden")] * 2
        assert "subscription t " in told[0]["data"]["error"]
    # An id that is free again may be used again.
    client.subscribe("t", "agent")
    assert list(client.session.subscriptions) == ["a", "t"]


def test_a_renewal_changes_what_may_be_published_and_how_large() -> None:
    client = Client(EVERYTHING, Tokens(new=READER, newer=EVERYTHING))
    large = log("e-1", message="x" * 100_000)
    assert stored(client.say(large)) == ["e-1"]
    client.authenticate("new")
    assert [code for code, *_ in refusals(client.say(large))] == ["too_large"]
    assert [code for code, *_ in refusals(client.say(log("e-2")))] == ["forbidden"]
    client.authenticate("newer")
    assert stored(client.say(large)) == ["e-1"]


@pytest.mark.parametrize("v1", [False, True])
def test_a_key_that_was_taken_back_ends_the_connection(v1: bool) -> None:
    tokens = Tokens(old=READER)
    client = Client(READER, tokens, v1=v1)
    assert client.session.check_expiry() == []
    tokens.known.clear()
    assert closes(client.session.check_expiry()) == [4009]


def test_a_key_that_was_changed_holds_as_it_is_now() -> None:
    tokens = Tokens(old=READER)
    client = Client(READER, tokens, v1=True)
    client.subscribe("a", "agent")
    client.subscribe("t", "tdd")
    tokens.known["old"] = Access(subscribe=(Filter("tdd"),), name="reader", expires=NOW + 5)
    effects = client.session.check_expiry()
    assert [e for e in effects if isinstance(e, Unsubscribe)] == [Unsubscribe("a")]
    assert [m["data"]["status"] for m in sent(effects)] == ["denied"]
    assert expires(client) == NOW + 5
    assert client.session.check_expiry() == []


RATES = RateLimits(
    clients={"*": 100, "subscribe": 2, "ping": 3, "auth_request": 2},
    publishers={"*": 60, "agent_status": 6},
)


def test_over_its_limit_an_event_is_refused_and_may_come_again() -> None:
    client = Client(rates=RATES)
    assert stored(client.say(*[log(f"e-{n}") for n in range(60)])) == [f"e-{n}" for n in range(60)]
    effects = client.say(log("e-60"))
    assert stored(effects) == []
    assert refusals(effects) == [("rate_limited", "e-60", None)]
    assert waits(effects) == [1000]
    assert client.metrics.rate_limited == 1
    client.now += 1
    assert stored(client.say(log("e-60"))) == ["e-60"]
    assert stored(client.say(log("e-61"))) == []


def test_types_have_limits_of_their_own() -> None:
    client = Client(rates=RATES)
    events = [status(f"s-{n}") for n in range(6)] + [log(f"e-{n}") for n in range(60)]
    assert len(stored(client.say(*events))) == 66


def test_after_a_refused_event_the_rest_of_the_frame_is_refused_in_order() -> None:
    client = Client(rates=RATES)
    client.say(*[status(f"x-{n}") for n in range(6)])
    said = [log("e-1"), status("s-1"), log("e-2"), status("s-2"), log("e-3")]
    effects = client.say(*said)
    assert stored(effects) == ["e-1"]
    assert [id_ for _, id_, _ in refusals(effects)] == ["s-1", "e-2", "s-2", "e-3"]
    assert {code for code, *_ in refusals(effects)} == {"rate_limited"}
    # When the last of them may come, there is room for all: 10 s for a status, 1 s for a log.
    assert waits(effects) == [10_000, 11_000, 21_000, 22_000]
    assert client.metrics.rate_limited == 4
    client.now += 22
    assert stored(client.say(*said[1:])) == ["s-1", "e-2", "s-2", "e-3"]


def test_every_refused_event_is_answered_by_its_id_or_its_place() -> None:
    client = Client(rates=RATES, v1=True)
    client.say(*[status(f"x-{n}") for n in range(6)])
    bad = frame("agent_status", {}, "b-1", timestamp=1)
    nameless = frame("agent_status", {"agentId": "a"}, None, timestamp=1)
    effects = client.say(status("s-1"), bad, nameless, status("s-2"))
    assert refusals(effects) == [
        ("rate_limited", "s-1", None),
        ("invalid_message", "b-1", {"field": "data.agentId"}),
        ("invalid_message", None, {"field": "id", "index": 2}),
        ("rate_limited", "s-2", None),
    ]


def test_other_messages_of_the_frame_stand_for_themselves() -> None:
    client = Client(rates=RATES)
    client.say(*[status(f"x-{n}") for n in range(6)])
    subscribe = frame("subscribe", {"subscriptionId": "s"})
    effects = client.say(status("s-1"), frame("ping", None, "p"), subscribe, log("e-1"))
    assert [type(effect) for effect in effects] == [Send, Pong, Subscribe, Send]
    assert [id_ for _, id_, _ in refusals(effects)] == ["s-1", "e-1"]


def test_the_next_frame_begins_anew() -> None:
    client = Client(rates=RATES)
    client.say(*[status(f"x-{n}") for n in range(7)])
    assert stored(client.say(log("e-1"))) == ["e-1"]


def test_what_is_forbidden_is_finally_refused_and_costs_nothing() -> None:
    writer = Access(publish=(Filter("agent", "coder-1"),))
    client = Client(writer, rates=RATES)
    for n in range(200):
        effects = client.say(log(f"e-{n}", "coder-2"))
        assert refusals(effects) == [("forbidden", f"e-{n}", None)]
    assert stored(client.say(log("e-1"))) == ["e-1"]


@pytest.mark.parametrize(
    ("type_", "most", "data"),
    [
        ("ping", 3, None),
        ("subscribe", 2, {"subscriptions": [{"resource": "agent"}, {"resource": "tdd"}]}),
        ("unsubscribe", 100, {"subscriptionId": "never-there"}),
        ("auth_request", 2, {"type": "jwt", "token": "wrong"}),
    ],
)
def test_control_messages_are_limited_by_the_message(
    type_: str, most: int, data: Mapping[str, object] | None
) -> None:
    client = Client(rates=RATES)
    for _ in range(most):
        assert "rate_limited" not in [code for code, *_ in refusals(client.say(frame(type_, data)))]
    refused = client.say(frame(type_, data, "m-1"))
    assert [(code, id_) for code, id_, _ in refusals(refused)] == [("rate_limited", "m-1")]
    assert waits(refused)[0] > 0
    assert stored(client.say(log("e-1"))) == ["e-1"]


@pytest.mark.parametrize("said", [frame("pong", {}), frame("error", {"error": "x"}), b"{"])
def test_what_costs_nothing_is_not_counted(said: bytes) -> None:
    client = Client(rates=RateLimits(clients={"*": 1}))
    answers = {len(client.say(said)) for _ in range(50)}
    assert len(answers) == 1
    assert client.metrics.rate_limited == 0
    assert closes(client.say(frame("disconnect"))) == [1000]


def test_a_renewal_does_not_fill_the_buckets() -> None:
    rates = RateLimits(publishers={"*": 60})
    ample = Access(publish=(Filter(),), name="ample", rates={"agent_log": 600})
    client = Client(tokens=Tokens(ample=ample, same=EVERYTHING), rates=rates)
    client.say(*[log(f"e-{n}") for n in range(60)])
    client.authenticate("same")
    assert stored(client.say(log("e-60"))) == []
    client.authenticate("ample")
    assert stored(client.say(log("e-60"))) == []
    client.now += 0.1
    assert stored(client.say(log("e-60"))) == ["e-60"]


def test_a_batch_that_was_refused_comes_through_by_doing_as_told() -> None:
    client = Client(rates=RATES)
    waiting = [log(f"e-{n}") for n in range(300)]
    came: list[str] = []
    rounds = 0
    while waiting:
        rounds += 1
        effects = client.say(*waiting)
        done = stored(effects)
        came += done
        waiting = waiting[len(done) :]
        client.now += max(waits(effects), default=0) / 1000
    assert came == [f"e-{n}" for n in range(300)]
    assert rounds == 5
    assert client.now - NOW == pytest.approx(240)


def test_off_limits_nothing() -> None:
    client = Client(rates=None)
    for start in range(0, 100_000, 1000):
        batch = [frame("ping")] * 500 + [frame("unsubscribe", {"subscriptionId": "x"})] * 500
        assert "rate_limited" not in [code for code, *_ in refusals(client.say(*batch))]
        assert start >= 0
    assert client.metrics.rate_limited == 0


def test_gzip_counts_like_any_other_frame() -> None:
    client = Client(rates=RateLimits(publishers={"*": 1}))
    assert stored(client.say(gzip.compress(log("e-1")))) == ["e-1"]
    assert waits(client.say(gzip.compress(log("e-2")))) == [60_000]
