"""A batch whose bad members do not spoil the rest."""

import orjson
import pytest

from tests.unit.protocol.samples import DATA, sample
from tui.protocol.codec import decode, split
from tui.protocol.errors import ErrorCode, ProtocolError
from tui.protocol.models import Event, LockedEvent, UnknownMessage

GOOD = orjson.dumps(sample("agent_log", message='a \\ and a " and [ ] { } ,'))
NOT_A_NUMBER = orjson.dumps(sample("agent_log", context="X")).replace(b'"X"', b"NaN")


def batch(*members: bytes) -> bytes:
    return b"[" + b", ".join(members) + b"]"


@pytest.mark.parametrize(
    "bad",
    [
        b"1",
        b"null",
        b'"text"',
        b"[]",
        b"{}",
        b'{"type":"agent_log"}',
        b'{"id":"x","type":["agent_log"],"timestamp":1,"data":{}}',
        b'{"id":"x","type":[],"timestamp":1,"data":{},"metadata":{"encrypted":true}}',
        orjson.dumps(sample("agent_log", agentId=5)),
        orjson.dumps([sample("agent_log")]),
        NOT_A_NUMBER,
        b'{"type":"ping","timestamp":1e999}',
        b'{"type":"ping","timestamp":-Infinity}',
        b'{"type":"ping","data":"\\ud800"}',
        b'{"type":"novelty","data":' + b"[" * 300 + b"]" * 300 + b"}",
        b'{"type":"novelty","data":' + b"[" * 3000 + b"]" * 3000 + b"}",
        b'{"type":"ping" "id":"a"}',
        b"",
    ],
    ids=lambda bad: bad[:60].decode(),
)
def test_a_bad_member_is_an_error_in_its_place(bad: bytes) -> None:
    first, refused, last = decode(batch(GOOD, bad, GOOD))
    assert isinstance(first, Event)
    assert first == last
    assert isinstance(refused, ProtocolError)
    assert (refused.code, refused.index) == (ErrorCode.INVALID_MESSAGE, 1)
    assert len(split(batch(GOOD, bad, GOOD))) == 3


def test_every_bad_member_is_named() -> None:
    bad = orjson.dumps({"id": "mine", "type": "agent_log", "timestamp": 1, "data": {}})
    messages = decode(batch(bad, GOOD, bad, GOOD, bad))
    errors = [message for message in messages if isinstance(message, ProtocolError)]
    assert [(error.index, error.message_id, error.field) for error in errors] == [
        (0, "mine", "data.agentId"),
        (2, "mine", "data.agentId"),
        (4, "mine", "data.agentId"),
    ]


def test_unknown_and_encrypted_members_are_no_errors() -> None:
    unknown = orjson.dumps({"type": "novelty"})
    locked = orjson.dumps(
        sample("agent_log") | {"data": "c2VjcmV0", "metadata": {"encrypted": True}}
    )
    assert [type(message) for message in decode(batch(unknown, locked, b"{}"))] == [
        UnknownMessage,
        LockedEvent,
        ProtocolError,
    ]


@pytest.mark.parametrize(
    "broken",
    [
        b"[",
        b"[1",
        b"[" + GOOD,
        b"[" + GOOD + b"," + GOOD[:-9],
        batch(GOOD) + b"]",
        batch(GOOD) + batch(GOOD),
        batch(GOOD) + b" x",
        b'["' + b'\\"]',
    ],
)
def test_an_array_without_a_clean_end_is_refused_whole(broken: bytes) -> None:
    with pytest.raises(ProtocolError, match="not JSON"):
        decode(broken)


def test_all_types_in_one_batch() -> None:
    messages = decode(orjson.dumps([sample(type_) for type_ in DATA]))
    assert [message.type for message in messages if isinstance(message, Event)] == list(DATA)
