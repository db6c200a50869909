"""What a server keeps of an event is the publisher's, ready for what only a server may say."""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.unit.protocol.growth import ALLOWED, growth
from tests.unit.protocol.samples import DATA, sample
from tests.unit.protocol.strategies import EVENT_MESSAGES, JSON, LOCKED_EVENTS
from tui.protocol.codec import decode_message
from tui.protocol.envelope import compressed, conflated, keep, replayed, with_offset
from tui.protocol.errors import ProtocolError
from tui.protocol.models import Event

RELAXED = settings(max_examples=300)
SERVERS = ("offset", "replayed", "conflated", "compressed")
"""What only a server may say."""
WRITERS: list[Callable[[Any], bytes]] = [
    orjson.dumps,
    lambda value: json.dumps(value).encode(),
    lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(),
    lambda value: b"\n" + json.dumps(value, indent=1).encode() + b" \r\n",
]


def written(envelope: dict[str, Any], order: list[str], writer: Callable[[Any], bytes]) -> bytes:
    """The event as some publisher writes it, the fields it names in an order of its own."""
    return writer(
        {name: envelope[name] for name in order if name in envelope}
        | {name: value for name, value in envelope.items() if name not in order}
    )


def expected(envelope: dict[str, Any]) -> dict[str, Any]:
    metadata = envelope.get("metadata") or {}
    return envelope | {
        "metadata": {name: value for name, value in metadata.items() if name not in SERVERS}
    }


def check(raw: bytes, envelope: dict[str, Any]) -> None:
    """All forms of an event say what they should, and no more."""
    kept = keep(raw)
    assert keep(kept) == kept
    assert kept.endswith(b"}}")
    said = orjson.loads(kept)
    assert said == expected(envelope)
    assert list(said)[-1] == "metadata"
    metadata = said["metadata"]
    v1 = with_offset(kept, 7)
    forms = {
        v1: {"offset": 7},
        replayed(v1): {"offset": 7, "replayed": True},
        conflated(v1, 3): {"offset": 7, "conflated": 3},
        compressed(kept): {"compressed": True},
        compressed(v1): {"offset": 7, "compressed": True},
        compressed(replayed(v1)): {"offset": 7, "replayed": True, "compressed": True},
    }
    for form, added in forms.items():
        assert orjson.loads(form) == said | {"metadata": metadata | added}
        assert isinstance(decode_message(form), Event)


@given(
    EVENT_MESSAGES | LOCKED_EVENTS,
    st.permutations(["id", "type", "timestamp", "data", "metadata"]),
    st.sampled_from(WRITERS),
)
@RELAXED
def test_whoever_wrote_it_it_is_kept_whole_but_for_what_only_a_server_may_say(
    envelope: dict[str, Any], order: list[str], writer: Callable[[Any], bytes]
) -> None:
    check(written(envelope, order, writer), envelope)


@given(st.sampled_from(sorted(DATA)), JSON, st.sampled_from(WRITERS))
@RELAXED
@example(type_="agent_log", extra={"metadata": {}}, writer=orjson.dumps)
@example(type_="agent_log", extra={"a": 1, "metadata": {"version": "1.0"}}, writer=orjson.dumps)
@example(type_="agent_log", extra=',"metadata":{}}', writer=orjson.dumps)
@example(type_="agent_log", extra={',"metadata":{': '"}}'}, writer=orjson.dumps)
def test_what_is_in_the_data_is_nobodys_metadata(
    type_: str, extra: Any, writer: Callable[[Any], bytes]
) -> None:
    for metadata in ({}, {"metadata": {"version": "1.0"}}, {"metadata": {"x": extra}}):
        envelope = sample(type_, extra=extra) | metadata
        check(writer(envelope), envelope)


@pytest.mark.parametrize(
    "source",
    [
        "plain",
        'with "quotes"',
        "with {braces}",
        "}}",
        ',"metadata":{',
        "\\",
        "\\\\",
        "\\u007d",
        "ä",
    ],
)
@pytest.mark.parametrize("writer", WRITERS)
def test_any_source_is_kept(source: str, writer: Callable[[Any], bytes]) -> None:
    metadata = {"version": "1.0", "source": source, "correlationId": source, "encrypted": False}
    envelope = sample("system_notification") | {"metadata": metadata}
    check(writer(envelope), envelope)


def test_what_is_as_it_should_be_is_not_copied() -> None:
    metadata = {"version": "1.0", "source": "me", "correlationId": "evt-0", "encrypted": False}
    for given_ in ({}, {"version": "1.0"}, metadata):
        raw = orjson.dumps(sample("agent_log") | {"metadata": given_})
        assert keep(raw) is raw


@pytest.mark.parametrize("id_", ["evt-3e456789-e89b", "3e456", "a:1E999", "x 3e4567"])
def test_an_id_that_looks_like_a_huge_number_costs_no_copy(id_: str) -> None:
    raw = orjson.dumps(sample("agent_log") | {"id": id_, "metadata": {}})
    assert orjson.loads(keep(raw)) == orjson.loads(raw)
    if " " not in id_ and ":" not in id_:
        assert keep(raw) is raw


@pytest.mark.parametrize("before", ["", " ", "\n", "[", "[0,", "[ -", "-"])
@pytest.mark.parametrize("number", ["1e999", "1E+999", "12.5e0400", "1e0000001000"])
def test_a_number_that_overflows_is_found_wherever_it_stands(before: str, number: str) -> None:
    value = before + number + ("]" if "[" in before else "")
    raw = orjson.dumps(sample("agent_log") | {"metadata": {}})
    raw = raw.replace(b'"data":{', b'"data":{"x":%b,' % value.encode(), 1)
    with pytest.raises(ProtocolError):
        keep(raw)


@pytest.mark.parametrize("name", SERVERS)
@pytest.mark.parametrize("last", [True, False])
def test_a_publisher_may_not_say_what_only_a_server_may(name: str, last: bool) -> None:
    more = {"version": "1.0"} if last else {}
    envelope = sample("agent_log") | {"metadata": more | {name: 5 if name != "replayed" else True}}
    if not last:
        envelope["metadata"] |= {"version": "1.0"}
    assert orjson.loads(keep(orjson.dumps(envelope)))["metadata"] == {"version": "1.0"}


@pytest.mark.parametrize(
    "twice",
    [
        b'{"metadata":{"offset":5},%b,"metadata":{}}',
        b'{"metadata":{},%b,"metadata":{"offset":5}}',
        b'{%b,"metadata":{},"m\\u0065tadata":{"offset":5}}',
        b'{"m\\u0065tadata":{"offset":5},%b,"metadata":{}}',
    ],
)
def test_of_metadata_that_come_twice_the_last_count(twice: bytes) -> None:
    raw = twice % orjson.dumps(sample("agent_log"))[1:-1]
    kept = keep(raw)
    assert orjson.loads(kept)["metadata"] == {}
    assert orjson.loads(with_offset(kept, 7))["metadata"] == {"offset": 7}


LONG = [2**63, 2**64, -(2**70), 10**18 + 1, 10**200, 12345678901234567]


@pytest.mark.parametrize("number", LONG)
@pytest.mark.parametrize("metadata", [b"", b',"metadata":{}', b',"metadata":{"version":"1.0"}'])
def test_whole_numbers_of_any_length_stay_exact(number: int, metadata: bytes) -> None:
    digits = str(number).encode()
    raw = orjson.dumps(sample("agent_log", context="HERE")).replace(b'"HERE"', digits)
    kept = keep(raw[:-1] + metadata + b"}")
    assert b'"context":%b}' % digits in kept
    assert isinstance(decode_message(with_offset(kept, 1)), Event)


@pytest.mark.parametrize(
    "number",
    [
        *(b"1e999", b"-1E999", b"1e+999", b"9.9e0999", b"[1e400]", b"1e309"),
        *(b"1" * 400, b"-" + b"9" * 5000, b"1" * 300 + b"e50"),
    ],
)
@pytest.mark.parametrize("metadata", [b"", b',"metadata":{}', b',"metadata":{"offset":1}'])
@pytest.mark.parametrize("beside", [b"1", b"99999999999999999999"])
def test_numbers_that_break_readers_are_refused(
    number: bytes, metadata: bytes, beside: bytes
) -> None:
    raw = orjson.dumps(sample("agent_log", context="HERE", x="BESIDE"))
    raw = raw.replace(b'"HERE"', number).replace(b'"BESIDE"', beside)
    with pytest.raises(ProtocolError):
        keep(raw[:-1] + metadata + b"}")


@pytest.mark.parametrize("number", [b"1e-999", b"1e5", b"1.5e308", b"-0.0", b"1E+2", b"1e99"])
def test_other_numbers_are_none_of_our_business(number: bytes) -> None:
    raw = orjson.dumps(sample("agent_log", context="HERE")).replace(b'"HERE"', number)
    kept = keep(raw[:-1] + b',"metadata":{}}')
    assert orjson.loads(kept)["data"]["context"] == float(number)


@pytest.mark.parametrize("writer", WRITERS)
def test_an_encrypted_event_is_kept_unread(writer: Callable[[Any], bytes]) -> None:
    envelope = sample("agent_log") | {"data": "c2VjcmV0", "metadata": {"encrypted": True}}
    check(writer(envelope), envelope)


@pytest.mark.parametrize(
    "make",
    [
        lambda n: orjson.dumps(sample("agent_log", context=',"metadata":{' * n)),
        lambda n: orjson.dumps(sample("agent_log", context=[{"a": 1, "metadata": {}}] * n)),
        lambda n: orjson.dumps(sample("agent_log") | {"metadata": {"source": "x" * n}}),
        lambda n: (
            orjson.dumps(sample("agent_log") | {"metadata": {}})[:-2]
            + b",".join([b'"version":"1.0"'] * n)
            + b"]}"
        ),
    ],
)
def test_it_takes_no_more_than_linear_time(make: Callable[[int], bytes]) -> None:
    def work(raw: bytes) -> None:
        with suppress(ProtocolError):
            keep(raw)

    assert growth(work, make, 4_000) < ALLOWED
