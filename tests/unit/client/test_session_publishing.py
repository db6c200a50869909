"""What is published: batches, acknowledgements, refusals."""

from typing import Any

import orjson
import pytest

from tests.unit.client.talk import JsonObject, Talk, status, update
from tui.client.outbox import ANSWER
from tui.client.refusal import LONGEST_RETRY


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
    batch = talk.session.next_frame()
    assert [m["id"] for m in orjson.loads(batch or b"")] == ["e1", "e2"]
    talk.hear({"type": "publish_ack", "data": {"ids": ["e1", "e2"]}})
    assert not talk.memory.outbox


def test_a_batch_keeps_to_what_the_server_takes() -> None:
    talk = Talk()
    for name in ("e1", "e2", "e3"):
        talk.memory.outbox.add(name, orjson.dumps(status("a", id_=name)))
    talk.connect(limits={"maxMessageBytes": 250})
    [_, batch] = talk.sent()
    assert [m["id"] for m in batch] == ["e1", "e2"]


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


def test_a_rate_is_not_waited_out_for_ever() -> None:
    talk = Talk().live()
    talk.memory.outbox.add("e1", orjson.dumps(status("a", id_="e1")))
    talk.sent()
    talk.hear(refusal("e1", "rate_limited", retryAfterMs=10**9))
    talk.hands.turn(LONGEST_RETRY)
    talk.hear({"type": "pong"})
    assert "e1" in [m["id"] for m in talk.sent()]


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


def test_the_limits_after_authentication_take_the_place_of_those_before_it() -> None:
    talk = Talk(token="secret")
    talk.subscribe()
    talk.memory.outbox.add("e1", orjson.dumps(status("a", id_="e1")))
    talk.connect(limits={"maxMessageBytes": 50})
    talk.hear(refusal(talk.sent()[0]["id"], "unauthenticated"))
    talk.hear({"type": "auth_success", "data": {"limits": {"maxMessageBytes": 500}}})
    talk.hear(update("active", subscriptionIds=["sub-1"]))
    assert "e1" in [message["id"] for message in talk.sent()]
    assert (talk.memory.outbox.refused, talk.memory.outbox.max_message) == (0, 500)


def test_a_subscribe_held_back_by_a_rate_limit_is_sent_again() -> None:
    talk = Talk()
    talk.subscribe()
    talk.connect()
    [asked, _] = talk.sent()
    talk.hear(refusal(asked["id"], "rate_limited", retryAfterMs=200))
    assert talk.sent() == []
    assert talk.session.deadline() == talk.hands.now + 0.2
    talk.hands.turn(0.2)
    [again] = talk.sent()
    assert again["data"] == asked["data"]


@pytest.mark.parametrize("v1", [True, False])
async def test_what_was_unsubscribed_meanwhile_is_not_sent_again(v1: bool) -> None:
    talk = Talk(v1=v1)
    first, second = talk.subscribe("agent"), talk.subscribe("tdd")
    talk.connect()
    asked = [message for message in talk.sent() if message["type"] == "subscribe"]
    talk.hear(*(refusal(message["id"], "rate_limited", retryAfterMs=200) for message in asked))
    await first.unsubscribe()
    talk.sent()
    talk.hands.turn(0.2)
    [again] = talk.sent()
    assert again["data"].get("subscriptions", [again["data"]]) == [
        {"subscriptionId": second.id, "resource": "tdd", "resourceId": "*"}
    ]
    talk.hear(refusal(again["id"], "rate_limited", retryAfterMs=200))
    await second.unsubscribe()
    talk.sent()
    talk.hands.turn(0.2)
    assert talk.sent() == []
