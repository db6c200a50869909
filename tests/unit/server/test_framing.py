"""Messages become frames that any reader of RFC 6455 reads, within the limits, in order."""

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.websocket import BINARY, TEXT, all_messages
from tui.protocol.envelope import compressed
from tui.protocol.errors import ErrorCode, ProtocolError
from tui.protocol.limits import COMPRESS_FROM, MAX_CLIENT_RECEIVE, MAX_SEND
from tui.server.brokers import Position
from tui.server.framing import batch_frames, gzip_frame, text_frame
from tui.server.replies import Replies


def event(size: int, metadata: str = "{}") -> bytes:
    """A message of so many bytes, its metadata last."""
    head, tail = b'{"id":"', b'","metadata":%b}' % metadata.encode()
    return head + b"x" * (size - len(head) - len(tail)) + tail


@pytest.mark.parametrize(
    ("size", "head"),
    [
        (0, "8100"),
        (125, "817d"),
        (126, "817e007e"),
        (65_535, "817effff"),
        (65_536, "817f0000000000010000"),
        (500_000, "817f000000000007a120"),
    ],
)
def test_the_head_says_the_length_in_its_shortest_form(size: int, head: str) -> None:
    assert text_frame(b"x" * size) == bytes.fromhex(head) + b"x" * size


def test_what_is_short_of_the_limit_is_not_compressed() -> None:
    short = event(COMPRESS_FROM - 1)
    assert gzip_frame(short) == text_frame(short)
    [one] = all_messages(batch_frames([short], gzip=True))
    assert one == (TEXT, short)


@pytest.mark.parametrize("metadata", ["{}", '{"version":"1.0"}'])
@pytest.mark.parametrize("batched", [False, True])
def test_what_is_compressed_says_so(metadata: str, batched: bool) -> None:
    long = event(COMPRESS_FROM, metadata)
    frames = batch_frames([long], gzip=True) if batched else gzip_frame(long)
    [(head, payload)] = all_messages(frames)
    assert head == BINARY
    assert payload.startswith(b"\x1f\x8b")
    expected = json.loads(long)
    expected["metadata"]["compressed"] = True
    assert json.loads(gzip.decompress(payload)) == expected


def test_short_messages_are_compressed_where_they_are_many() -> None:
    [(head, payload)] = all_messages(batch_frames([event(100)] * 11, gzip=True))
    assert head == BINARY
    assert all(one["metadata"]["compressed"] for one in json.loads(gzip.decompress(payload)))
    [(head, payload)] = all_messages(batch_frames([event(100)] * 10, gzip=True))
    assert head == TEXT
    assert json.loads(payload) == [json.loads(event(100))] * 10


@given(st.lists(st.integers(0, 30)), st.integers(12, 60), st.booleans())
def test_batches_hold_everything_in_order_within_the_limit(
    sizes: list[int], limit: int, zipped: bool
) -> None:
    written = [json.dumps(f"{n}{'x' * size}").encode() for n, size in enumerate(sizes)]
    read: list[str] = []
    for frame in all_messages(batch_frames(written, gzip=zipped, limit=limit)):
        content = json.loads(frame.plain)
        # One message that is larger than a frame may be goes out alone, as it is.
        assert len(frame.plain) <= limit or isinstance(content, str)
        read += content if isinstance(content, list) else [content]
    assert read == [json.loads(one) for one in written]


@pytest.mark.parametrize("size", [1_000, 65_000, 262_142, 262_143, 262_144])
def test_a_batch_is_never_larger_than_a_server_sends(size: int) -> None:
    frames = all_messages(batch_frames([event(size)] * 10, gzip=False))
    assert max(len(one.payload) for one in frames) <= MAX_SEND
    found = [json.loads(one.payload) for one in frames]
    assert sum(len(one) if isinstance(one, list) else 1 for one in found) == 10


def test_gzipped_batches_can_be_read_by_clients() -> None:
    frames = all_messages(batch_frames([event(60)] * 20_000, gzip=True))
    assert max(len(one.plain) for one in frames) <= MAX_CLIENT_RECEIVE


def test_all_that_a_server_says_can_be_marked_as_compressed() -> None:
    replies = Replies("client-1", lambda: 1.0, lambda *_: None, v1=True)
    at = Position("epoch", 1)
    error = ProtocolError(ErrorCode.INVALID_MESSAGE, "no", field="data", message_id="m-1")
    for said in (
        replies.connect(10),
        replies.auth_success(10, "m-1"),
        replies.auth_failure("unauthenticated", "no", None),
        replies.error(error),
        replies.pong({}, "m-1"),
        replies.pong({"agent": at}, None),
        replies.publish_ack(["e-1"]),
        replies.active(["s"], {}, {}, "m-1", recovered=False),
        replies.denied(["s"], "no", None),
        replies.closed("s", None),
        replies.gap("agent", None),
        replies.gap("agent", (1, 2)),
        replies.snapshot("agent", at, [])[0],
    ):
        marked = json.loads(compressed(said))
        assert marked["metadata"].pop("compressed") is True
        assert marked == json.loads(said)
