"""v1: cursor, replays, snapshots and gaps. Every event once, or a gap is told."""

import orjson
import pytest

from tests.unit.client.talk import JsonObject, Talk, at, ids, logged, pong, status, update
from tui.client import streams
from tui.client.status import Denied, Gap
from tui.protocol.topics import Filter


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
    assert talk.memory.received == 4


def test_an_event_below_the_snapshot_is_news_unless_it_was_the_entry() -> None:
    talk = Talk().live()
    state = [status("a", 12)]
    talk.hear(update("snapshot", resource="agent", epoch="one", offset=12, state=state))
    assert ids(talk.hear(logged(11), status("a", 12))) == ["log-11"]


def test_a_reconnect_resumes_from_the_cursor_in_one_message() -> None:
    talk = Talk().live()
    talk.subscribe("agent")
    talk.hear(update("active", subscriptionIds=["sub-2"]), status("a", 11), pong(at(11)))
    [subscribe] = talk.reconnect()
    assert [s["subscriptionId"] for s in subscribe["data"]["subscriptions"]] == ["sub-1", "sub-2"]
    assert subscribe["data"]["resume"] == at(11)
    assert subscribe["data"]["snapshot"] == "auto"
    replay = status("a", 11) | {"metadata": {"offset": 11, "replayed": True}}
    talk.hear(update("active", subscriptionIds=["sub-1", "sub-2"], positions=at(12)))
    assert ids(talk.hear(replay, status("a", 12))) == ["a-12"]


def test_the_cursor_waits_for_the_handlers() -> None:
    talk = Talk().live()
    delivery = talk.session.receive([orjson.dumps(status("a", 11))])
    assert delivery is not None
    [subscribe] = talk.reconnect()
    assert subscribe["data"]["resume"] == at(10)
    talk.memory.streams.handled(delivery.marks or {})
    [subscribe] = talk.reconnect()
    assert subscribe["data"]["resume"] == at(11)


def test_what_was_never_confirmed_is_not_resumed_but_asked_for_afresh() -> None:
    talk = Talk().live()
    talk.hear(pong(at(10)))
    talk.subscribe("tdd")
    [known] = talk.reconnect()
    assert "resume" in known["data"]
    assert talk.session.deadline() > talk.hands.now
    talk.hear(update("active", subscriptionIds=["sub-1"]))
    assert not talk.session.live
    talk.session.tick()
    [new] = [m for m in talk.sent() if m["type"] == "subscribe"]
    assert [s["resource"] for s in new["data"]["subscriptions"]] == ["tdd"]
    assert "resume" not in new["data"]


def test_what_is_new_waits_until_a_resume_that_was_refused_for_now_is_answered() -> None:
    talk = Talk().live()
    talk.hear(pong(at(10)))
    [known] = talk.reconnect()
    about = {"correlationId": known["id"]}
    busy = {"error": "not now", "code": "unavailable", "retryAfterMs": 100}
    talk.hear({"type": "error", "data": busy, "metadata": about})
    talk.subscribe("agent")
    talk.hands.turn(0.2)
    talk.session.tick()
    [again] = [m for m in talk.sent() if m["type"] == "subscribe"]
    assert again["data"]["resume"] == at(10)
    talk.hear(update("active", subscriptionIds=["sub-1"], positions=at(10)))
    talk.session.tick()
    [new] = [m for m in talk.sent() if m["type"] == "subscribe"]
    assert [s["subscriptionId"] for s in new["data"]["subscriptions"]] == ["sub-2"]


def test_a_connection_lost_before_the_first_event_resumes_from_where_it_was_in_force() -> None:
    talk = Talk()
    talk.subscribe()
    talk.connect()
    talk.hear(update("active", subscriptionIds=["sub-1"], positions=at(10)))
    [subscribe] = talk.reconnect()
    assert subscribe["data"]["resume"] == at(10)
    assert subscribe["data"]["snapshot"] == "always"
    anew = update("active", subscriptionIds=["sub-1"], positions=at(2, "two"))
    talk.hear(pong(at(10)), anew)
    [subscribe] = talk.reconnect()
    assert subscribe["data"]["resume"] == at(2, "two")
    assert subscribe["data"]["snapshot"] == "always"


@pytest.mark.parametrize("behind", [pong(at(20)), status("a", 21)])
def test_a_gaps_snapshot_that_was_cut_off_is_asked_for_again(behind: JsonObject) -> None:
    talk = Talk().live()
    gap = update("gap", resource="agent", lost={"from": 11, "to": 20})
    talk.hear(pong(at(10)), gap, behind)
    [subscribe] = talk.reconnect()
    assert subscribe["data"]["snapshot"] == "always"
    page = update("snapshot", resource="agent", epoch="one", offset=21, state=[])
    talk.hear(gap, page, pong(at(21)))
    [subscribe] = talk.reconnect()
    assert subscribe["data"]["resume"] == at(21)
    assert subscribe["data"]["snapshot"] == "auto"


def test_what_was_lost_and_comes_after_all_does_not_undo_the_snapshot() -> None:
    talk = Talk().live()
    state = [status("a", 14)]
    talk.hear(update("snapshot", resource="agent", epoch="one", offset=15, state=state))
    replayed = [status("a", 12), logged(13), status("a", 14), status("a", 16)]
    assert ids(talk.hear(*replayed)) == ["log-13", "a-16"]


@pytest.mark.parametrize("said", [[], [pong({})], [pong(at(10))]])
def test_a_connection_lost_before_all_of_the_first_snapshot_asks_for_it_again(
    said: list[JsonObject],
) -> None:
    talk = Talk().live()
    talk.hear(pong(at(10)))
    talk.subscribe("*")  # a pong names the streams that have caught up
    talk.hear(update("active", subscriptionIds=["sub-2"]), *said)
    [subscribe] = talk.reconnect()
    assert subscribe["data"]["snapshot"] == "always"


def test_a_snapshot_that_arrived_is_not_asked_for_again_whatever_catches_up_later() -> None:
    talk = Talk().live()
    talk.hear(pong(at(10)), pong({}))
    [subscribe] = talk.reconnect()
    assert subscribe["data"]["snapshot"] == "auto"


def test_streams_that_nobody_knows_are_ignored() -> None:
    talk = Talk().live()
    strange = {f"stream-{n}": {"epoch": "e", "offset": n} for n in range(100)}
    page = update("snapshot", resource="stream-1", epoch="e", offset=5, state=[logged(5)])
    gap = update("gap", resource="stream-1")
    assert talk.hear(pong(strange), page, gap, update("active", positions=strange)) == []
    delivery = talk.session.receive([orjson.dumps(status("a", 11))])
    assert delivery is not None
    assert delivery.marks == {"agent": ("one", 11)}
    [subscribe] = talk.reconnect()
    assert subscribe["data"]["resume"] == at(10)


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


def test_a_new_numbering_of_which_nothing_was_handled_is_not_resumed_from_its_start() -> None:
    talk = Talk().live()
    page = update("snapshot", resource="agent", epoch="two", offset=5, state=[], more=True)
    delivery = talk.session.receive([orjson.dumps([status("a", 11), page])])
    assert delivery is not None
    talk.memory.streams.handled(delivery.marks or {})
    [subscribe] = talk.reconnect()
    assert "resume" not in subscribe["data"]


def test_of_the_state_keys_the_longest_untouched_are_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As by the server; what is forgotten comes twice at most."""
    monkeypatch.setattr(streams, "MAX_KEYS", 10)
    talk = Talk().live()
    talk.hear(*(status(f"a{n}", 20 + n) for n in range(10)))
    talk.hear(status("a0", 30), status("a10", 31))
    state = [status("a0", 20), status("a1", 21)]
    page = update("snapshot", resource="agent", epoch="one", offset=31, state=state)
    assert ids(talk.hear(page)) == ["a1-21"]


@pytest.mark.parametrize("name", ["gap", "denied"])
def test_handlers_of_notices_get_no_strangers_message_of_that_name(name: str) -> None:
    assert Talk().live().hear({"type": name, "data": {}}) == []


def test_a_plain_server_that_was_away_may_have_said_something_meanwhile() -> None:
    talk = Talk(v1=False)
    talk.subscribe("agent")
    talk.connect()
    assert talk.memory.received == 0
    talk.reconnect()
    assert talk.gaps == [Gap("agent")]
    talk.subscribe("tdd")
    assert talk.hear(status("a")) != []
    talk.reconnect()
    assert talk.gaps == [Gap("agent"), Gap("agent"), Gap("tdd")]


@pytest.mark.parametrize("v1", [True, False])
def test_what_is_denied_is_told_once_and_is_not_missing_after_a_reconnect(v1: bool) -> None:
    talk = Talk(v1=v1)
    talk.subscribe("agent")
    talk.connect()
    denied = Denied(Filter("agent"), "not yours")

    def deny(asked: JsonObject) -> list[object]:
        if v1:
            answer = update("denied", subscriptionIds=["sub-1"], reason="not yours")
        else:
            error = {"error": "not yours", "code": "forbidden"}
            answer = {"type": "error", "data": error, "metadata": {"correlationId": asked["id"]}}
        return [item for item in talk.hear(answer) if isinstance(item, Denied)]

    assert deny(talk.sent()[0]) == [denied]
    for _ in range(2):
        [asked] = talk.reconnect()
        assert deny(asked) == []
    assert talk.gaps == []


def test_what_a_plain_server_grants_later_may_have_been_missed_once_it_is_away_again() -> None:
    talk = Talk(v1=False)
    subscription = talk.subscribe("agent")
    talk.connect()
    error = {"error": "not yours", "code": "forbidden"}
    about = {"correlationId": talk.sent()[0]["id"]}
    talk.hear({"type": "error", "data": error, "metadata": about})
    talk.reconnect()
    assert subscription.state == "waiting"
    talk.reconnect()
    assert talk.session.notices() + talk.gaps == [Gap("agent")]


def test_a_subscription_that_is_taken_away_later_is_told_of_and_its_return_too() -> None:
    talk = Talk().live()
    gone = update("denied", subscriptionIds=["sub-1"], reason="no permission")
    assert talk.hear(gone) == [Denied(Filter("agent"), "no permission")]
    assert talk.hear(gone, update("active", subscriptionIds=["sub-1"])) == []
    assert talk.hear(gone) == [Denied(Filter("agent"), "no permission")]


def test_what_a_plain_connection_never_followed_is_not_missing() -> None:
    talk = Talk(v1=False)
    talk.connect()
    talk.memory.subscriptions.add(Filter("agent"), lambda _: None)  # while there is no connection
    talk.reconnect()
    assert talk.session.live
    assert talk.gaps == []


def test_a_v1_server_tells_itself_what_is_missing_where_there_is_a_cursor() -> None:
    talk = Talk().live()
    talk.reconnect()
    talk.hear(update("active", subscriptionIds=["sub-1"], positions=at(500)))
    assert talk.session.live
    assert talk.gaps == []
