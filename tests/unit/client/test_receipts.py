"""Plain: what was written stays in the outbox until a ping behind it is answered."""

from typing import Any

import orjson

from tests.unit.client.talk import JsonObject, Talk, status
from tui.client.outbox import ANSWER
from tui.client.receipts import BURST, MUTE, PACE


def refusal(about: str, code: str = "rate_limited", **data: Any) -> JsonObject:
    metadata = {"correlationId": about}
    return {"type": "error", "data": {"error": "no", "code": code, **data}, "metadata": metadata}


class Plain(Talk):
    """Live, with the first ping answered."""

    def __init__(self) -> None:
        super().__init__(v1=False)
        self.connect()
        self.sent()
        self.answer()

    def answer(self) -> None:
        self.hear({"type": "pong", "data": {"timestamp": 1}})

    def publish(self, *ids: str) -> None:
        for id_ in ids:
            self.memory.outbox.add(id_, orjson.dumps(status("a", id_=id_)))

    def says(self) -> list[str]:
        return [m["type"] if m["type"] == "ping" else m["id"] for m in self.sent()]

    @property
    def left(self) -> int:
        return len(self.memory.outbox)


def test_a_batch_is_followed_by_one_ping_whose_pong_says_that_it_is_taken() -> None:
    talk = Plain()
    talk.publish("e1", "e2", "e3")
    assert talk.says() == ["e1", "e2", "e3", "ping"]
    assert talk.left == 3
    talk.answer()
    assert talk.left == 0
    assert talk.says() == []


def test_a_limited_rate_is_waited_out_and_the_order_kept() -> None:
    talk = Plain()
    talk.publish("e1", "e2", "e3")
    talk.says()
    talk.hear(refusal("e2", retryAfterMs=1500), refusal("e3", retryAfterMs=1500))
    talk.answer()
    assert talk.left == 2
    assert talk.says() == []
    assert talk.session.deadline() == talk.hands.now + 1.5
    talk.hands.turn(1.5)
    assert talk.says() == ["e2", "e3", "ping"]
    talk.answer()
    assert (talk.left, talk.memory.outbox.refused) == (0, 0)


def test_a_final_refusal_is_counted() -> None:
    talk = Plain()
    talk.publish("e1", "e2")
    talk.says()
    talk.hear(refusal("e1", "forbidden"))
    talk.answer()
    assert (talk.left, talk.memory.outbox.refused) == (0, 1)


def test_what_was_written_behind_the_ping_waits_for_the_next() -> None:
    talk = Plain()
    talk.publish("e1")
    talk.says()
    talk.publish("e2")
    assert talk.says() == ["e2"], "one ping at a time"
    talk.answer()
    assert talk.left == 1
    assert talk.says() == ["ping"]
    talk.answer()
    assert talk.left == 0


def test_a_pong_of_a_ping_before_the_event_says_nothing_of_it() -> None:
    talk = Talk(v1=False)
    talk.memory.outbox.add("e1", orjson.dumps(status("a", id_="e1")))
    talk.connect()
    assert [m["type"] for m in talk.sent()] == ["ping", "agent_status"]
    talk.hear({"type": "pong"})
    assert len(talk.memory.outbox) == 1


def test_what_no_ping_confirmed_goes_out_again_on_the_next_connection() -> None:
    talk = Plain()
    talk.publish("e1")
    talk.says()
    [again, *_] = talk.reconnect()
    assert again["id"] == "e1"


def test_pings_keep_to_the_documents_limit() -> None:
    talk = Plain()
    pings = 0
    for number in range(600):
        talk.publish(f"e{number}")
        pings += talk.says().count("ping")
        talk.answer()
        talk.hands.turn(0.1)
    assert BURST + 60 / PACE - 2 <= pings <= 59
    for _ in range(2):
        talk.hands.now = talk.session.deadline()
        talk.says()
        talk.answer()
    assert talk.left == 0


def test_a_refused_ping_is_an_answer_and_no_error_of_the_programs() -> None:
    talk = Plain()
    talk.publish("e1")
    ping = talk.sent()[-1]
    assert talk.hear(refusal(ping["id"])) == []
    assert talk.left == 0


def test_a_server_that_answers_no_ping_is_taken_at_its_silence() -> None:
    talk = Talk(v1=False)
    talk.memory.outbox.add("e1", orjson.dumps(status("a", id_="e1")))
    talk.connect()
    talk.sent()
    talk.hands.turn(MUTE - 0.1)
    talk.hear(status("b"))
    assert talk.session.deadline() <= talk.hands.now + 0.1
    assert len(talk.memory.outbox) == 1
    talk.hands.turn(0.1)
    talk.session.tick()
    assert talk.session.stirred
    assert len(talk.memory.outbox) == 0
    talk.memory.outbox.add("e2", orjson.dumps(status("a", id_="e2")))
    talk.sent()
    assert len(talk.memory.outbox) == 0
    assert talk.session.ending is None


def test_what_is_not_read_is_no_silence() -> None:
    talk = Plain()
    talk.publish("e1")
    talk.says()
    talk.session.pause()
    talk.hands.turn(ANSWER)
    talk.says()
    talk.session.resume()
    talk.says()
    assert talk.left == 1


def test_a_pong_that_comes_late_speaks_of_its_own_ping() -> None:
    talk = Plain()
    talk.publish("e1")
    talk.says()
    talk.hands.turn(ANSWER)
    talk.hear(status("b"))
    talk.session.tick()
    assert talk.left == 0
    talk.answer()
    talk.answer()  # of the heartbeat's
    talk.publish("e2")
    talk.says()
    assert talk.left == 1
    talk.answer()
    assert talk.left == 0
