"""Pings, round trips, and when a link is given up."""

import orjson
import pytest

from tests.unit.client.talk import Talk, status


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
    talk.memory.outbox.add("e1", orjson.dumps(status("a", id_="e1")))
    talk.sent()
    talk.session.pause()
    run(talk, 300)
    assert talk.session.ending is None
    talk.session.resume()
    run(talk, 19)
    assert talk.session.ending is None


def test_a_ping_of_the_server_is_answered() -> None:
    talk = Talk().live()
    talk.hear({"type": "ping", "id": "p"})
    [pong] = talk.sent()
    assert pong["type"] == "pong"
    assert pong["metadata"]["correlationId"] == "p"


def test_a_link_in_doubt_is_pinged_at_once_and_given_up_after_the_timeout() -> None:
    talk = Talk().live()
    talk.hear({"type": "pong"})
    talk.session.probe()
    assert [m["type"] for m in talk.sent()] == ["ping"]
    run(talk, 9.9)
    assert talk.session.ending is None
    run(talk, 0.2)
    assert talk.session.ending is not None
    assert "stale" in talk.session.ending.reason


def test_a_link_in_doubt_that_answers_is_as_good_as_before() -> None:
    talk = Talk().live()
    talk.session.probe()
    talk.sent()
    talk.hear({"type": "pong"})
    run(talk, 19.9)
    assert talk.session.ending is None


def test_a_link_that_is_still_opening_is_not_pinged() -> None:
    talk = Talk()
    talk.session.probe()
    assert talk.sent() == []
