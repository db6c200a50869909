from collections.abc import Iterable

import orjson
import pytest

from tui.client.outbox import MAX_BATCH, Outbox, OutboxError, Waiting


def encoded(id_: str, size: int = 20) -> bytes:
    return orjson.dumps({"id": id_, "x": ""}).ljust(size)


def filled(count: int, limit: int = 1_000_000, max_message: int = 10_000) -> Outbox:
    outbox = Outbox(limit)
    outbox.keep_to(max_message)
    for number in range(count):
        outbox.add(f"e{number}", encoded(f"e{number}"))
    return outbox


def ids(frame: bytes | None) -> list[str]:
    content = orjson.loads(frame or b"[]")
    return [member["id"] for member in (content if isinstance(content, list) else [content])]


def test_v1_has_one_batch_under_way_and_keeps_it_until_it_is_acknowledged() -> None:
    outbox = filled(3)
    assert ids(outbox.next_batch(now=1.0)) == ["e0", "e1", "e2"]
    outbox.add("e3", encoded("e3"))
    assert outbox.next_batch(now=1.0) is None
    outbox.acknowledged(["e0", "e1"])
    assert outbox.next_batch(now=1.0) is None
    outbox.acknowledged(["e2", "never heard of"])
    assert ids(outbox.next_batch(now=1.0)) == ["e3"]
    outbox.acknowledged(["e3"])
    assert (len(outbox), outbox.size) == (0, 0)


def test_a_lost_connection_sends_the_same_again_in_the_same_order() -> None:
    outbox = filled(3)
    outbox.next_batch(now=1.0)
    outbox.acknowledged(["e0"])
    outbox.add("e3", encoded("e3"))
    outbox.connection_lost()
    assert ids(outbox.next_batch(now=1.0)) == ["e1", "e2", "e3"]


def test_a_batch_keeps_to_the_limits_of_bytes_and_count() -> None:
    frame = filled(100, max_message=200).next_batch(now=0.0)
    assert frame is not None
    assert 150 < len(frame) <= 200
    many = filled(MAX_BATCH + 1, max_message=1_000_000)
    assert len(ids(many.next_batch(now=0.0))) == MAX_BATCH


@pytest.mark.parametrize("v1", [True, False])
def test_an_event_too_large_for_this_server_is_refused_and_does_not_hold_up_the_others(
    v1: bool, caplog: pytest.LogCaptureFixture
) -> None:
    outbox = Outbox(1_000_000)
    outbox.add("big", encoded("big", 201))
    outbox.add("just right", encoded("just right", 200))
    outbox.keep_to(200)
    frame = outbox.next_batch(now=0.0) if v1 else outbox.next_single(now=0.0)
    assert ids(frame) == ["just right"]
    assert len(frame or b"") == 200
    assert outbox.refused == 1
    assert "big: not sent; the server takes 200 bytes" in caplog.text


def test_a_retryable_refusal_waits_and_keeps_the_order() -> None:
    outbox = filled(3)
    outbox.next_batch(now=1.0)
    outbox.acknowledged(["e0"])
    assert outbox.refuse("e1", final=False, until=5.0)
    assert outbox.refuse("e2", final=False, until=4.0)
    assert outbox.next_batch(now=4.9) is None
    assert ids(outbox.next_batch(now=5.0)) == ["e1", "e2"]


def test_the_time_that_one_connection_asked_for_does_not_hold_up_the_next() -> None:
    outbox = filled(1)
    outbox.next_batch(now=1.0)
    outbox.refuse("e0", final=False, until=60.0)
    outbox.connection_lost()
    assert ids(outbox.next_batch(now=2.0)) == ["e0"]


def test_a_final_refusal_is_counted_and_done_with() -> None:
    outbox = filled(2)
    outbox.next_batch(now=1.0)
    assert outbox.refuse("e0", final=True)
    assert not outbox.refuse("not ours", final=True)
    assert (outbox.refused, len(outbox)) == (1, 1)


def test_a_place_in_the_frame_under_way_is_found_whatever_was_answered_before() -> None:
    outbox = filled(3)
    outbox.next_batch(now=1.0)
    outbox.acknowledged(["e0"])
    assert [outbox.sent_at_index(i) for i in (0, 1, 2, 3, -1)] == [None, "e1", "e2", None, None]


def test_over_its_size_the_oldest_that_are_not_under_way_are_dropped() -> None:
    outbox = filled(5, limit=5 * len(encoded("e0")), max_message=45)
    outbox.next_batch(now=0.0)
    assert outbox.answer_due < float("inf")
    outbox.add("new", encoded("new"))
    assert outbox.dropped == 1
    outbox.connection_lost()
    outbox.keep_to(10_000)
    left = ids(outbox.next_batch(now=0.0))
    assert left[0] == "e0"
    assert left[-1] == "new"
    assert len(left) == 5


def test_what_is_under_way_is_not_dropped_where_one_before_it_waits() -> None:
    outbox = filled(3, limit=3 * len(encoded("e0")))
    outbox.next_batch(now=0.0)
    outbox.refuse("e1", final=False, until=5.0)
    outbox.add("e3", encoded("e3"))
    outbox.acknowledged(["e0", "e2"])
    assert (ids(outbox.next_batch(now=5.0)), outbox.dropped) == (["e3"], 1)


def singles(outbox: Outbox, now: float = 0.0) -> list[str]:
    frames = iter(lambda: outbox.next_single(now), None)
    return [id_ for frame in frames for id_ in ids(frame)]


def test_plain_hands_out_one_by_one_and_keeps_them_until_they_are_taken() -> None:
    outbox = filled(2)
    assert singles(outbox) == ["e0", "e1"]
    mark = outbox.mark()
    outbox.add("e2", encoded("e2"))
    assert singles(outbox) == ["e2"]
    outbox.taken(mark)
    assert len(outbox) == 1
    outbox.connection_lost()
    assert singles(outbox) == ["e2"]
    outbox.taken(mark)
    assert len(outbox) == 1, "it was handed out again since"
    outbox.taken(outbox.mark())
    assert (len(outbox), outbox.size) == (0, 0)


def test_plain_hands_out_again_what_was_refused_for_now_in_its_order() -> None:
    outbox = filled(4)
    singles(outbox)
    mark = outbox.mark()
    for id_ in ("e1", "e2"):
        outbox.refuse(id_, final=False, until=5.0)
    outbox.refuse("e3", final=True)
    outbox.add("e4", encoded("e4"))
    outbox.taken(mark)
    assert (len(outbox), outbox.refused) == (3, 1)
    assert singles(outbox, 4.9) == []
    assert singles(outbox, 5.0) == ["e1", "e2", "e4"]


def test_plain_hands_out_an_id_again_that_was_published_again() -> None:
    outbox = filled(2)
    singles(outbox)
    mark = outbox.mark()
    outbox.add("e0", encoded("e0", 30))
    outbox.taken(mark)
    assert singles(outbox) == ["e0"]


def test_plain_drops_the_oldest_that_is_not_under_way() -> None:
    outbox = filled(2, limit=3 * len(encoded("e0")))
    singles(outbox)
    for id_ in ("e2", "e3"):
        outbox.add(id_, encoded(id_))
    assert (singles(outbox), outbox.dropped) == (["e3"], 1)


def test_publishing_an_id_again_replaces_it_in_its_place() -> None:
    outbox = filled(2)
    outbox.add("e0", encoded("e0", 100))
    assert ids(outbox.next_batch(now=0.0)) == ["e0", "e1"]
    outbox.acknowledged(["e0", "e1"])
    assert outbox.size == 0


def test_what_waited_too_long_is_dropped_unless_it_is_under_way() -> None:
    outbox = Outbox(1_000_000, max_age=60.0)
    for second in range(3):
        outbox.add(f"e{second}", encoded(f"e{second}"), now=1000.0 + second)
    outbox.expire(1060.0)
    assert (len(outbox), outbox.dropped) == (2, 1)
    assert ids(outbox.next_batch(now=0.0)) == ["e1", "e2"]
    outbox.expire(2000.0)
    assert (len(outbox), outbox.dropped) == (2, 1)
    outbox.connection_lost()
    outbox.expire(2000.0)
    assert (len(outbox), outbox.size, outbox.dropped) == (0, 0, 3)


def test_an_event_larger_than_the_outbox_has_room_in_an_empty_one_only() -> None:
    outbox = Outbox(100)
    assert outbox.has_room(1_000)
    outbox.add("e0", encoded("e0", 40))
    assert outbox.has_room(60)
    assert not outbox.has_room(61)


class Kept(dict[str, Waiting]):
    """A spool in memory."""

    def load(self) -> Iterable[tuple[str, Waiting]]:
        return self.items()

    def add(self, id_: str, event: Waiting) -> None:
        if len(event.encoded) > 500:
            raise OutboxError("no room")
        self[id_] = event

    def forget(self, ids: Iterable[str]) -> None:
        for id_ in ids:
            del self[id_]


def test_a_spool_holds_what_the_outbox_does() -> None:
    spool = Kept(old=Waiting(encoded("old"), 1000.0))
    outbox = Outbox(250, max_age=60.0, spool=spool)
    assert (len(outbox), outbox.size) == (1, 20)
    outbox.add("e1", encoded("e1"), now=1050.0)
    outbox.expire(1061.0)
    assert list(spool) == ["e1"]
    outbox.add("e2", encoded("e2", 200), now=1062.0)
    outbox.add("e3", encoded("e3", 100), now=1062.0)
    assert list(spool) == ["e3"], "what was dropped for want of room is gone there, too"
    outbox.add("e4", encoded("e4"), now=1062.0)
    outbox.next_batch(now=0.0)
    outbox.acknowledged(["e3"])
    outbox.refuse("e4", final=True)
    assert spool == {}


def test_an_event_that_the_spool_does_not_take_is_not_queued() -> None:
    outbox = Outbox(10_000, spool=Kept())
    with pytest.raises(OutboxError):
        outbox.add("big", encoded("big", 501))
    assert (len(outbox), outbox.size) == (0, 0)
