"""v1: subscriptions that begin in the past, or want the stream alone."""

import orjson

from tests.unit.client.talk import JsonObject, Talk, at, ids, logged, status, update
from tui.client.status import Denied, Gap
from tui.client.subscriptions import Beginning
from tui.protocol.topics import Filter

STREAM = Beginning(state=False)
PAST = Beginning(since=5_000.0, state=False)


def begun(beginning: Beginning, offset: int = 10) -> Talk:
    """Connected; the agents' stream is confirmed from `offset` on."""
    talk = Talk()
    talk.connect()
    talk.subscribe(beginning=beginning)
    talk.sent()
    talk.hear(update("active", subscriptionIds=["sub-1"], positions=at(offset)))
    return talk


def asked(messages: list[JsonObject]) -> list[JsonObject]:
    return [m["data"] for m in messages if m["type"] == "subscribe"]


def test_all_that_begin_alike_are_asked_for_in_one_message() -> None:
    talk = Talk()
    for resource in ("agent", "tdd"):
        talk.subscribe(resource, PAST)
    talk.subscribe("system", STREAM)
    talk.subscribe("workflow")
    talk.connect()
    past, stream, usual = asked(talk.sent())
    assert [one["resource"] for one in past["subscriptions"]] == ["agent", "tdd"]
    assert (past["resume"], past["snapshot"]) == ({"since": 5_000.0}, "never")
    assert ("resume" in stream, stream["snapshot"]) == (False, "never")
    assert ("resume" in usual, usual["snapshot"]) == (False, "auto")


def test_what_comes_while_a_reader_of_the_stream_is_away_is_asked_for_at_once() -> None:
    """Though nothing was received yet, the server's word is a cursor to resume from."""
    for beginning in (STREAM, PAST):
        [again] = asked(begun(beginning).reconnect())
        assert (again["resume"], again["snapshot"]) == (at(10), "never")


def test_an_interrupted_history_goes_on_where_it_was() -> None:
    talk = begun(PAST, offset=3)
    assert ids(talk.hear(logged(4), logged(5))) == ["log-4", "log-5"]
    assert asked(talk.reconnect())[0]["resume"] == at(5)
    talk.hear(update("active", subscriptionIds=["sub-1"], positions=at(5)))
    assert ids(talk.hear(logged(5), logged(6))) == ["log-6"]


def test_a_reader_of_the_stream_is_told_of_a_gap_and_spared_the_state_behind_it() -> None:
    talk = begun(STREAM)
    gap = update("gap", resource="agent", lost={"from": 11, "to": 20})
    state = update("snapshot", resource="agent", epoch="one", offset=20, state=[status("a", 9)])
    assert talk.hear(gap, state) == [Gap("agent", 11, 20)]
    assert asked(talk.reconnect())[0]["resume"] == at(20)


def test_beside_one_who_wants_the_state_it_is_given() -> None:
    talk = begun(STREAM)
    talk.subscribe("tdd")
    state = update("snapshot", resource="agent", epoch="one", offset=20, state=[status("a", 12)])
    assert ids(talk.hear(state)) == ["a-12"]


def test_a_gap_is_told_in_words() -> None:
    assert str(Gap("agent")) == "what agent said meanwhile is missing"
    assert str(Gap("tdd", 1, 1)) == "what tdd said meanwhile is missing, up to 1 event"
    assert str(Gap("tdd", 1, 1200)).endswith("is missing, up to 1,200 events")


def specs(message: JsonObject) -> int:
    return len(message["subscriptions"])


def test_what_is_more_than_the_server_takes_is_denied_here_and_not_all_of_it_there() -> None:
    talk = Talk()
    first, *_, last = [talk.subscribe() for _ in range(4)]
    talk.connect(limits={"maxSubscriptions": 3})
    assert [specs(one) for one in asked(talk.sent())] == [3]
    assert (first.state, last.state, last.reason) == (
        "waiting",
        "denied",
        "more than 3 subscriptions",
    )
    talk.hear(update("active", subscriptionIds=["sub-1", "sub-2", "sub-3"], positions=at(10)))
    assert talk.session.live
    another = talk.subscribe()
    assert another.state == "denied"
    assert talk.session.notices() == [Denied(another.filter, another.reason)]
    talk.unsubscribe(first)
    talk.subscribe()
    assert [specs(one) for one in asked(talk.sent())] == [1]


def test_subscriptions_that_are_larger_than_a_message_go_out_in_several() -> None:
    talk = Talk()
    for number in range(100):
        filter_ = Filter("agent", f"{number}-" + "x" * 200)
        talk.memory.subscriptions.add(filter_, talk.session.unsubscribe)
    talk.connect(limits={"maxMessageBytes": 8_192})
    messages = [m for m in talk.sent() if m["type"] == "subscribe"]
    assert sum(specs(one) for one in asked(messages)) == 100
    assert max(len(orjson.dumps(one)) for one in messages) <= 8_192

    # A resume is one message: what finds no room in it begins anew, and may miss something.
    ids = [f"sub-{number}" for number in range(1, 101)]
    talk.hear(update("active", subscriptionIds=ids, positions=at(10)))
    talk.memory.connection_lost()
    talk.session = talk.another_session()
    talk.connect(limits={"maxMessageBytes": 8_192})
    [resume] = asked(talk.sent())
    assert resume["resume"] == at(10)
    talk.hear(update("active", subscriptionIds=ids[: specs(resume)], positions=at(10)))
    assert specs(resume) + sum(map(specs, asked(talk.sent()))) == 100
    talk.hear(update("active", subscriptionIds=ids, positions=at(10)))
    assert talk.gaps == [Gap("agent")]
