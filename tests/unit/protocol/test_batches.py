"""A batch whose bad members do not spoil the rest."""

from typing import get_args

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.protocol.samples import DATA, sample
from tui.protocol import codec, express
from tui.protocol.codec import (
    decode,
    decode_frames,
    decode_message,
    decode_state,
    deflate,
    inflate,
    split,
)
from tui.protocol.envelope import keep, replayed, with_offset
from tui.protocol.errors import ErrorCode, ProtocolError
from tui.protocol.models import (
    AgentLogEvent,
    AgentStatusEvent,
    AnyControl,
    AnyEvent,
    Event,
    LockedEvent,
    SubscriptionUpdateMessage,
    UnknownMessage,
)

GOOD = orjson.dumps(sample("agent_log", message='a \\ and a " and [ ] { } ,'))
OTHER = orjson.dumps(sample("agent_status"))
NOT_A_NUMBER = orjson.dumps(sample("agent_log", context="X")).replace(b'"X"', b"NaN")


def batch(*members: bytes) -> bytes:
    return b"[" + b", ".join(members) + b"]"


BAD = [
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
    GOOD.replace(b"agentId", b"agent_id"),
    NOT_A_NUMBER,
    b'{"type":"ping","timestamp":1e999}',
    b'{"type":"ping","timestamp":-Infinity}',
    b'{"type":"ping","data":"\\ud800"}',
    b'{"type":"novelty","data":' + b"[" * 300 + b"]" * 300 + b"}",
    b'{"type":"novelty","data":' + b"[" * 3000 + b"]" * 3000 + b"}",
    b'{"type":"ping" "id":"a"}',
    b"",
]


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad[:60].decode())
def test_a_bad_member_is_an_error_in_its_place(bad: bytes) -> None:
    first, refused, last = decode(batch(GOOD, bad, GOOD))
    assert isinstance(first, Event)
    assert first == last
    assert isinstance(refused, ProtocolError)
    assert (refused.code, refused.index) == (ErrorCode.INVALID_MESSAGE, 1)
    assert len(split(batch(GOOD, bad, GOOD))) == 3


@given(st.lists(st.sampled_from([GOOD, GOOD, OTHER, batch(GOOD, OTHER), deflate(OTHER), *BAD])))
def test_frames_that_came_together_say_what_each_says_alone(frames: list[bytes]) -> None:
    alone = []
    for frame in frames:
        try:
            alone += decode(frame)
        except ProtocolError as error:
            alone.append(error)
    together, size = decode_frames(frames)
    assert list(map(said, together)) == list(map(said, alone))
    assert size == sum(len(inflate(frame)) for frame in frames)


def said(message: object) -> object:
    return str(message) if isinstance(message, ProtocolError) else message


def test_single_frames_that_came_together_are_not_joined_unless_each_is_whole() -> None:
    """These are one array of three once they are joined, and so none of two messages."""
    cut = [GOOD + b"," + GOOD, OTHER]
    first, second = decode_frames(cut)[0]
    assert isinstance(first, ProtocolError)
    assert isinstance(second, Event)


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


def page(*entries: bytes) -> SubscriptionUpdateMessage:
    """A snapshot's page, as it comes from the wire."""
    raw = b'{"type":"subscription_update","data":{"status":"snapshot","state":%b}}'
    message = decode_message(raw % batch(*entries))
    assert isinstance(message, SubscriptionUpdateMessage)
    return message


def test_a_snapshot_of_any_numbers_is_decoded() -> None:
    huge = GOOD.replace(b'"id"', b'"x":18446744073709551616,"id"')
    good, refused, endless, exact = decode_state(
        page(GOOD, b'{"type":"agent_log"}', GOOD.replace(b'"id"', b'"x":1e999,"id"'), huge)
    )
    assert good == decode_message(GOOD)
    for error, index in ((refused, 1), (endless, 2)):
        assert isinstance(error, ProtocolError)
        assert error.index == index
    assert isinstance(exact, Event)
    assert exact.model_extra == {"x": 2**64}


def test_a_page_without_state_is_empty() -> None:
    message = decode_message(b'{"type":"subscription_update","data":{"status":"snapshot"}}')
    assert isinstance(message, SubscriptionUpdateMessage)
    assert decode_state(message) == []


@pytest.mark.parametrize("number", [2**63, 2**64, -(2**70), 10**200])
def test_whole_numbers_beyond_64_bits_stay_exact(number: int) -> None:
    digits = str(number).encode()
    raw = orjson.dumps(sample("agent_log", context="HERE")).replace(b'"HERE"', digits)
    first, second = split(batch(raw, GOOD))
    assert (first.strip(), second.strip()) == (raw, GOOD)
    kept = keep(first)
    v1 = with_offset(kept, 1)
    for sent in (kept, v1, replayed(v1)):
        assert b'"context":%b}' % digits in sent
        assert isinstance(decode_message(sent), Event)


def test_batches_are_read_whichever_models_were_built_before() -> None:
    for message in (*get_args(AnyEvent), *get_args(AnyControl)):
        message.model_rebuild(force=True)
    for made in (codec._known, codec._validator, codec._batch_validator, express._validator):
        made.cache_clear()
    assert [type(each) for each in decode(batch(GOOD, OTHER))] == [AgentLogEvent, AgentStatusEvent]
    draft = express.accept(OTHER, max_depth=64)
    assert draft is not None
    assert draft.type == "agent_status"
