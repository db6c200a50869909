"""Nothing that comes in raises anything but `ProtocolError`, nor costs more than linear time."""

import gzip
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.unit.protocol.growth import ALLOWED, growth
from tests.unit.protocol.samples import sample
from tests.unit.protocol.strategies import JSON, MESSAGES
from tui.protocol.codec import decode, decode_message, deflate, encode, inflate
from tui.protocol.envelope import keep
from tui.protocol.errors import ErrorCode, ProtocolError
from tui.protocol.limits import MAX_CLIENT_RECEIVE, MAX_DEPTH
from tui.protocol.models import Control, Event

RELAXED = settings(max_examples=200)


def read(frame: bytes) -> None:
    """Take a frame apart, and write again what could be read: any other error is a test's end."""
    with suppress(ProtocolError):
        for message in decode(frame):
            if isinstance(message, Event | Control):
                with suppress(ProtocolError):
                    encode(message)


def refusal(frame: bytes) -> ProtocolError:
    with pytest.raises(ProtocolError) as caught:
        decode(frame)
    return caught.value


@given(st.binary(max_size=200))
@example(b"")
@example(b"\x1f\x8b")
@example(b"\xef\xbb\xbf{}")
@example(b'{"type":[],"id":"x","timestamp":1,"data":{},"metadata":{"encrypted":true}}')
@RELAXED
def test_any_bytes(frame: bytes) -> None:
    read(frame)
    read(b"[" + frame + b"]")


@given(JSON)
@RELAXED
def test_any_json(value: Any) -> None:
    read(orjson.dumps(value))
    read(orjson.dumps([value, {"type": "agent_status", "data": value}]))
    read(orjson.dumps(sample("agent_status") | {"data": value}))
    read(orjson.dumps(sample("agent_status") | {"metadata": {"encrypted": value}}))


@given(st.binary(max_size=200), st.binary(max_size=20))
@RELAXED
def test_any_gzip(payload: bytes, tail: bytes) -> None:
    read(deflate(payload))
    read(deflate(payload)[:-3] + tail)
    read(b"\x1f\x8b" + payload)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A valid frame with one thing wrong: bytes replaced, put in or taken out, or its end lost."""
    frame = orjson.dumps(draw(st.lists(MESSAGES, min_size=1, max_size=2) | MESSAGES))
    at = draw(st.integers(0, len(frame) - 1))
    length = draw(st.integers(0, 8))
    return frame[:at] + draw(st.binary(max_size=8)) + frame[at + length :]


@given(damaged())
@RELAXED
def test_damaged_frames(frame: bytes) -> None:
    read(frame)


@st.composite
def spoiled(draw: st.DrawFn) -> dict[str, Any]:
    """A valid message in which one field, somewhere, holds any other value."""
    envelope = draw(MESSAGES)
    spot = envelope
    while True:
        name = draw(st.sampled_from(sorted(spot)))
        inner = spot[name]
        if not isinstance(inner, dict) or not inner or draw(st.booleans()):
            spot[name] = draw(JSON)
            return envelope
        spot = inner


@given(spoiled())
@RELAXED
def test_spoiled_fields(envelope: dict[str, Any]) -> None:
    read(orjson.dumps(envelope))


def log_with(context: bytes) -> bytes:
    return orjson.dumps(sample("agent_log", context="HERE")).replace(b'"HERE"', context)


@pytest.mark.parametrize("value", [b"NaN", b"Infinity", b"-Infinity"])
def test_no_number_is_refused_everywhere(value: bytes) -> None:
    assert refusal(log_with(value)).code == ErrorCode.INVALID_MESSAGE
    assert refusal(b'{"type":"ping","timestamp":' + value + b"}").code == ErrorCode.INVALID_MESSAGE
    assert refusal(b'{"type":"novelty","data":' + value + b"}").code == ErrorCode.INVALID_MESSAGE


def test_words_that_look_like_no_number_are_text() -> None:
    raw = orjson.dumps(sample("agent_log", message="NaN is not a number, Infinity neither"))
    assert isinstance(decode_message(raw), Event)


def test_a_number_beyond_all_bounds_is_not_stored() -> None:
    assert refusal(b'{"type":"ping","timestamp":1e999}').field == "timestamp"
    with pytest.raises(ProtocolError):
        keep(log_with(b"1e999"))


@pytest.mark.parametrize("digits", [20, 30, 400, 5000])
def test_huge_whole_numbers(digits: int) -> None:
    huge = b"9" * digits
    issue = orjson.dumps(sample("github_issue_update")).replace(b'"number":12', b'"number":' + huge)
    assert huge in issue
    error = refusal(issue)
    assert error.field == "data.number" or "not JSON" in error.message
    read(log_with(huge))
    read(b'{"type":"ping","timestamp":' + huge + b"}")


def test_whole_numbers_of_64_bits_pass() -> None:
    for number in (2**63 - 1, -(2**63)):
        message = decode_message(orjson.dumps(sample("github_issue_update", number=number)))
        assert isinstance(message, Event)
        assert orjson.loads(encode(message))["data"]["number"] == number


def nested(levels: int) -> bytes:
    """An event of so many levels: the envelope and its data are the first two."""
    return log_with(b"[" * (levels - 2) + b"]" * (levels - 2))


def test_depth_is_bounded_where_a_bound_is_given() -> None:
    assert isinstance(decode_message(nested(32), max_depth=MAX_DEPTH), Event)
    with pytest.raises(ProtocolError, match="deeper than 32"):
        decode_message(nested(33), max_depth=MAX_DEPTH)
    assert isinstance(decode_message(nested(33)), Event)


@pytest.mark.parametrize("levels", [200, 300, 2000, 100_000])
def test_any_depth_is_survived(levels: int) -> None:
    read(nested(levels))
    read(b"[" + nested(levels) + b"]")
    read(b"[" * levels)
    read(b'{"a":' * levels)


def test_brackets_in_text_are_no_depth() -> None:
    text = '[{"' * 100 + '\\"' + "\\" * 7
    raw = orjson.dumps(sample("agent_log", message=text, context={text: [text]}))
    assert isinstance(decode_message(raw, max_depth=4), Event)


@pytest.mark.parametrize(
    "text", [b'"\\ud800"', b'"\\udc00"', b'"a\\udfff\\ud800b"', b'"\xed\xa0\x80"']
)
def test_lone_surrogates_are_refused(text: bytes) -> None:
    assert refusal(log_with(text)).code == ErrorCode.INVALID_MESSAGE


def test_of_a_key_that_comes_twice_the_last_counts_everywhere() -> None:
    raw = orjson.dumps(sample("agent_log"))[:-1] + b',"id":"second"}'
    message = decode_message(raw)
    assert isinstance(message, Event)
    assert message.id == "second"
    assert orjson.loads(keep(raw))["id"] == "second"


@pytest.mark.parametrize(
    ("length", "accepted"), [(0, False), (1, True), (128, True), (129, False), (60_000, False)]
)
def test_ids_have_1_to_128_characters(length: int, accepted: bool) -> None:
    raw = orjson.dumps(sample("agent_log") | {"id": "ä" * length})
    if accepted:
        assert isinstance(decode_message(raw), Event)
    else:
        assert refusal(raw).field == "id"


def test_what_is_sent_back_does_not_grow_with_what_was_said() -> None:
    long = "x" * 50_000
    for raw in (
        orjson.dumps({"type": "subscribe", "data": {"resume": {long: "?"}}}),
        orjson.dumps(sample("agent_log") | {"id": long}),
    ):
        error = refusal(raw)
        assert error.field is not None
        assert max(map(len, (error.message, str(error), error.field))) <= 256
        assert error.message_id is None


def test_a_bomb_is_inflated_up_to_the_limit_only() -> None:
    bomb = deflate(b" " * 50_000_000)
    tracemalloc.start()
    try:
        error = refusal(bomb)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert error.code == ErrorCode.TOO_LARGE
    assert peak < 4 * MAX_CLIENT_RECEIVE
    with pytest.raises(ProtocolError) as caught:
        inflate(deflate(b"x" * 1001), 1000)
    assert caught.value.code == ErrorCode.TOO_LARGE
    assert inflate(deflate(b"x" * 1000), 1000) == b"x" * 1000


def test_the_limit_holds_for_plain_frames_too() -> None:
    raw = orjson.dumps(sample("agent_log"))
    assert decode(raw, limit=len(raw))
    with pytest.raises(ProtocolError) as caught:
        decode(raw, limit=len(raw) - 1)
    assert caught.value.code == ErrorCode.TOO_LARGE


def test_gzip_that_is_cut_or_followed_by_more_is_refused() -> None:
    frame = gzip.compress(orjson.dumps(sample("agent_log")))
    assert decode(frame)
    for broken in (frame[:-1], frame[: len(frame) // 2], frame + b"x", frame + frame):
        assert "gzip" in refusal(broken).message


BATCH_END = orjson.dumps(sample("agent_log")) + b"]"
SHAPES: list[tuple[str, Callable[[int], bytes]]] = [
    ("open brackets", lambda n: b"[" * n),
    ("closed brackets", lambda n: b"[" + b"[]," * (n // 8) + b"[]]"),
    ("braces", lambda n: b'{"a":' * n),
    ("quotes", lambda n: b'["' + b'\\"' * n),
    ("backslashes", lambda n: b'["' + b"\\" * n),
    ("bad members", lambda n: b"[" + b"1," * (n // 8) + b"1]"),
    ("bad members and NaN", lambda n: b"[NaN," + b"{}," * (n // 8) + BATCH_END),
    ("faults", lambda n: orjson.dumps(sample("workflow_started", steps=[1] * (n // 2)))),
    (
        "unknown fields",
        lambda n: orjson.dumps(sample("agent_log", **{f"f{i}": i for i in range(n)})),
    ),
    ("digits", lambda n: b'{"type":"ping","timestamp":' + b"9" * n + b"}"),
    ("fraction", lambda n: b'{"type":"ping","timestamp":0.' + b"9" * n + b"}"),
    ("long date", lambda n: orjson.dumps(sample("agent_log", timestamp="2" * n))),
    ("long enum", lambda n: orjson.dumps(sample("agent_log", level="-" * n))),
    ("NaN text", lambda n: orjson.dumps(sample("agent_log", message="NaN" * n))),
    ("gzip", lambda n: deflate(b" " * n)),
]


@pytest.mark.parametrize(("name", "make"), SHAPES, ids=[name for name, _ in SHAPES])
def test_reading_takes_linear_time(name: str, make: Callable[[int], bytes]) -> None:
    assert growth(read, make, 8_000) < ALLOWED


@pytest.mark.parametrize(
    "make",
    [
        lambda n: log_with(b"[" + b"[]," * n + b"[]]"),
        lambda n: log_with(b'["' + b'[\\"{' * n + b'"]'),
        lambda n: log_with(b"[" + b'"{",' * n + b"0]"),
    ],
    ids=["flat", "one text", "many texts"],
)
def test_checking_the_depth_takes_linear_time(make: Callable[[int], bytes]) -> None:
    assert growth(lambda raw: decode_message(raw, max_depth=MAX_DEPTH), make, 8_000) < ALLOWED
