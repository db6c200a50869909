"""v1: what cannot be read, and how far behind the handlers are."""

import orjson
import pytest

from tests.unit.client.talk import JsonObject, Talk, at, ids, logged, pong, status, update
from tui.client.status import Gap
from tui.client.subscriptions import Beginning


def test_a_spoilt_entry_does_not_spoil_the_snapshot() -> None:
    talk = Talk().live()
    state = [{"id": "x", "type": "agent_status", "timestamp": 1, "data": {}}, status("c", 12)]
    page = update("snapshot", resource="agent", epoch="one", offset=12, state=state)
    assert ids(talk.hear(page)) == [str(Gap("agent")), "c-12"]
    assert talk.memory.invalid == 1


def test_an_event_that_cannot_be_read_is_a_gap_since_the_cursor_moves_past_it() -> None:
    talk = Talk().live()
    bad = status("a", 12) | {"data": {}}
    frame = orjson.dumps([status("a", 11), bad, status("a", 13)])
    delivery = talk.session.receive([frame])
    assert delivery is not None
    assert ids(delivery.items) == ["a-11", str(Gap("agent", 12, 12)), "a-13"]
    assert delivery.marks == {"agent": ("one", 13)}


BAD: JsonObject = {"id": "x", "type": "agent_log", "timestamp": 1, "data": {}}


@pytest.mark.parametrize(
    ("bad", "gaps"),
    [
        (BAD | {"metadata": {"offset": 12}}, [Gap("agent", 12, 12)]),
        (BAD | {"metadata": {"offset": "12"}}, [Gap("agent")]),
        (BAD | {"metadata": 12}, [Gap("agent")]),
        (BAD | {"metadata": {"offset": 12, "encrypted": True}, "id": 1}, [Gap("agent", 12, 12)]),
        (BAD | {"type": 7, "metadata": {"offset": 12}}, [Gap("agent"), Gap("tdd")]),
        (BAD | {"type": "ping", "data": 1}, [Gap("agent"), Gap("tdd")]),
        (7, [Gap("agent"), Gap("tdd")]),
    ],
)
@pytest.mark.parametrize("is_batch", [True, False])
def test_what_cannot_be_read_is_missing_in_its_own_stream_if_it_says_which(
    bad: object, gaps: list[Gap], is_batch: bool
) -> None:
    talk = Talk().live()
    talk.subscribe("tdd")
    talk.hear(update("active", subscriptionIds=["sub-2"]))
    frame = orjson.dumps([status("a", 11), bad] if is_batch else bad)
    delivery = talk.session.receive([frame])
    assert delivery is not None
    assert [item for item in delivery.items if isinstance(item, Gap)] == gaps


@pytest.mark.parametrize("number", [2**70, -(2**64), 1e300])
def test_an_entry_may_hold_any_number_that_json_can(number: float) -> None:
    entry = logged(12)
    entry["data"]["context"] = "NUMBER"
    page = update("snapshot", resource="agent", epoch="one", offset=12, state=[entry])
    frame = orjson.dumps(page).replace(b'"NUMBER"', str(number).encode())
    delivery = Talk().live().session.receive([frame])
    assert delivery is not None
    assert ids(delivery.items) == ["log-12"]


def test_the_lag_is_what_the_server_has_told_of_and_the_handlers_have_not() -> None:
    talk = Talk().live()
    assert talk.lag == 0
    delivery = talk.session.receive([orjson.dumps([logged(11), logged(12)])])
    assert talk.lag == 2
    assert delivery is not None
    talk.memory.streams.handled(delivery.marks or {})
    assert talk.lag == 0
    talk.reconnect()
    talk.hear(update("active", subscriptionIds=["sub-1"], positions=at(500)))
    assert talk.lag == 488
    talk.hear(logged(13))
    assert talk.lag == 487
    talk.hear(pong(at(500)))
    assert talk.lag == 0


def test_what_is_replayed_lags_up_to_where_the_stream_was_when_it_began() -> None:
    talk = Talk().live()
    [subscribe] = talk.reconnect()
    assert subscribe["data"]["resume"] == at(10)
    talk.hear(update("active", subscriptionIds=["sub-1"], positions=at(10), heads=at(500)))
    assert talk.lag == 490
    talk.hear(logged(13))
    assert talk.lag == 487
    [subscribe] = talk.reconnect()
    assert subscribe["data"]["resume"] == at(13)
    talk.hear(update("active", subscriptionIds=["sub-1"], positions=at(13), heads=at(600)))
    assert talk.lag == 587
    talk.hear(pong({}))  # which leaves out what is replayed
    assert talk.lag == 587
    talk.hear(pong(at(600)))
    assert talk.lag == 0


def test_a_history_lags_too_and_is_resumed_from_where_it_was() -> None:
    talk = Talk()
    talk.subscribe(beginning=Beginning(since=5_000.0, state=False))
    talk.connect()
    talk.hear(update("active", subscriptionIds=["sub-1"], positions=at(3), heads=at(20)))
    assert talk.lag == 17
    [subscribe] = talk.reconnect()
    assert subscribe["data"]["resume"] == at(3)


def test_an_event_that_cannot_be_read_is_missing_once_though_it_comes_again() -> None:
    talk = Talk().live()
    bad = BAD | {"metadata": {"offset": 12}}
    assert talk.hear(bad) == [Gap("agent", 12, 12)]
    talk.reconnect()
    talk.hear(update("active", subscriptionIds=["sub-1"], positions=at(10)))
    assert talk.hear(bad) == []
    assert ids(talk.hear(logged(13))) == ["log-13"]


@pytest.mark.parametrize("offset", [0, -3])
def test_what_is_no_offset_bounds_no_gap(offset: int) -> None:
    assert Talk().live().hear(BAD | {"metadata": {"offset": offset}}) == [Gap("agent")]


def test_what_is_followed_no_more_lags_no_more() -> None:
    talk = Talk().live()
    talk.reconnect()
    talk.hear(update("active", subscriptionIds=["sub-1"], positions=at(10), heads=at(500)))
    assert talk.lag == 490
    talk.hear(update("denied", subscriptionIds=["sub-1"], reason="no permission"))
    assert talk.lag == 0
