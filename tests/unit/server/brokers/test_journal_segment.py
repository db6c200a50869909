"""How events become a row of the journal, and come out of it again."""

from typing import Any

import pytest

from tests.support.frames import draft, log, status
from tests.unit.server.brokers.test_conformance import HOSTILE
from tui.server.brokers.journal.segment import SEGMENT_BYTES, MalformedError, Segment, pieces

DRAFTS = [draft(status(text, text)) for text in HOSTILE] + [draft(log("e-1"))]


def test_what_comes_out_is_what_went_in() -> None:
    segment = Segment.of("agent", 7, 12.5, DRAFTS)
    assert (segment.first, segment.last) == (7, 6 + len(DRAFTS))
    assert segment.ids() == [one.id for one in DRAFTS]
    stored = segment.stored()
    assert [one.offset for one in stored] == list(range(7, 7 + len(DRAFTS)))
    assert {one.time for one in stored} == {12.5}
    assert [(one.plain, one.type, one.topic, one.key) for one in stored] == [
        (one.kept, one.type, one.topic, one.key) for one in DRAFTS
    ]


def test_an_event_of_a_type_that_is_no_longer_known_can_still_be_read() -> None:
    segment = Segment.of("agent", 1, 0.0, [draft(log("e-1"))._replace(type="agent_dream")])
    [stored] = segment.stored()
    assert (stored.type, stored.topic.event) == ("agent_dream", "agent_dream")


@pytest.mark.parametrize(
    "change",
    [
        {"entries": b""},
        {"entries": b"{"},
        {"entries": b"7"},
        {"entries": b"[[1]]"},
        {"entries": b'[["id","agent_log","a",null,"9"]]'},
        {"entries": "text"},
        {"entries": None},
        {"events": b""},
        {"events": b"[]"},
        {"events": None},
        {"last": 99},
        {"first": 2},
    ],
)
def test_a_row_that_is_not_what_was_written_says_so(change: dict[str, Any]) -> None:
    segment = Segment.of("agent", 1, 0.0, DRAFTS)._replace(**change)
    with pytest.raises(MalformedError, match=r"agent [12] to "):
        segment.stored()


def test_entries_without_ids_say_so() -> None:
    with pytest.raises(MalformedError):
        Segment("agent", 1, 1, 0.0, b"[[]]", b"").ids()


def test_a_piece_holds_so_many_bytes_and_at_least_one_event() -> None:
    small = [draft(log(f"e-{n}", message="x" * 1000)) for n in range(200)]
    large = draft(log("large", message="x" * (2 * SEGMENT_BYTES)))
    cut = list(pieces([*small, large, *small]))
    assert [one for piece in cut for one in piece] == [*small, large, *small]
    sizes = [sum(len(one.kept) for one in piece) for piece in cut]
    assert [size for size in sizes if size > SEGMENT_BYTES] == [len(large.kept)]
    assert len(cut) == 9
    assert list(pieces([])) == []
