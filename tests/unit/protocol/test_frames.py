"""What is split off, with a parser for the rest, comes out as from the parser alone.

The parser is `websockets`'s own.
"""

from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from websockets.frames import Close, CloseCode, Frame, Opcode
from websockets.frames import apply_mask as unmask  # type: ignore[attr-defined]
from websockets.protocol import CLIENT, SERVER, Protocol, State

from tui.protocol.frames import Splitter

LIMIT = 70_000
TEXT, BINARY, CONT = Opcode.TEXT, Opcode.BINARY, Opcode.CONT
PING, PONG, CLOSE = Opcode.PING, Opcode.PONG, Opcode.CLOSE


@dataclass
class Heard:
    """What came of a stream: data and control frames in order, what was answered, how it ended."""

    frames: list[tuple[Opcode | None, bool, bytes]] = field(default_factory=list)
    answered: int = 0
    """Bytes: a client's are masked with a random key."""
    closed: Close | None = None
    state: State = State.OPEN


def alone(pieces: list[bytes], *, masked: bool) -> Heard:
    parser, heard = Protocol(SERVER if masked else CLIENT, max_size=LIMIT), Heard()
    for piece in pieces:
        parse(parser, piece, heard)
    return heard


def split(pieces: list[bytes], *, masked: bool) -> tuple[Heard, int]:
    """And how many bytes needed no parser."""
    parser, heard = Protocol(SERVER if masked else CLIENT, max_size=LIMIT), Heard()
    splitter, spared = Splitter(masked=masked, handshake=False), 0
    for piece in pieces:
        for data, start, payload, end in splitter.split(piece, LIMIT):
            if payload and parser.state is State.OPEN:
                message = data[payload:end]
                if masked:
                    message = unmask(message, data[payload - 4 : payload])
                heard.frames.append((Opcode(data[start] & 0x0F), True, message))
                spared += end - start
            else:
                parse(parser, data[start:end], heard)
    return heard, spared


def parse(parser: Protocol, piece: bytes, heard: Heard) -> None:
    parser.receive_data(piece)
    for event in parser.events_received():
        assert isinstance(event, Frame)
        heard.frames.append((event.opcode, event.fin, bytes(event.data)))
    heard.answered += sum(map(len, parser.data_to_send()))
    heard.closed = parser.close_sent
    heard.state = parser.state


SIZES = st.sampled_from([0, 1, 4, 124, 125, 126, 127, 128, 300, 65_535, 65_536, LIMIT, LIMIT + 1])
DATA = st.builds(
    Frame, st.sampled_from([TEXT, TEXT, TEXT, BINARY, CONT]), SIZES.map(bytes), st.booleans()
)
CONTROL = st.builds(Frame, st.sampled_from([PING, PONG]), st.binary(max_size=125))
CLOSING = st.builds(Frame, st.just(CLOSE), st.just(b"\x03\xe8bye"))


@st.composite
def streams(draw: st.DrawFn) -> tuple[bool, list[bytes]]:
    """Whether it is masked, and it in pieces; now and then with a byte that is wrong."""
    masked = draw(st.booleans())
    frames = draw(st.lists(st.one_of(DATA, DATA, DATA, CONTROL, CLOSING), max_size=8))
    stream = bytearray(b"".join(frame.serialize(mask=masked) for frame in frames))
    if stream and draw(st.integers(0, 3)) == 0:
        stream[draw(st.integers(0, len(stream) - 1))] ^= draw(st.integers(1, 255))
    return masked, pieces_of(bytes(stream), draw(st.lists(st.integers(0, len(stream)), max_size=8)))


def pieces_of(stream: bytes, cuts: list[int]) -> list[bytes]:
    bounds = [0, *sorted(cuts), len(stream)]
    return [stream[a:b] for a, b in pairwise(bounds) if b > a]


@given(streams())
def test_any_stream_cut_anywhere(stream: tuple[bool, list[bytes]]) -> None:
    masked, pieces = stream
    assert split(pieces, masked=masked)[0] == alone(pieces, masked=masked)


@given(st.booleans(), st.binary(max_size=40), st.lists(st.integers(0, 40), max_size=4))
@example(masked=True, noise=b"\x83\x00", cuts=[])
@example(masked=True, noise=b"\x81\x05", cuts=[])
@example(masked=False, noise=b"\x81\xff", cuts=[])
def test_noise_fails_as_early_as_from_the_parser_alone(
    masked: bool, noise: bytes, cuts: list[int]
) -> None:
    pieces = pieces_of(noise, [cut for cut in cuts if cut <= len(noise)])
    assert split(pieces, masked=masked)[0] == alone(pieces, masked=masked)


@pytest.mark.parametrize("masked", [True, False])
@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, LIMIT])
def test_whole_messages_need_no_parser(size: int, masked: bool) -> None:
    stream = Frame(TEXT, b"x" * size).serialize(mask=masked) * 3
    heard, spared = split([stream], masked=masked)
    assert spared == len(stream)
    assert heard.frames == [(TEXT, True, b"x" * size)] * 3


def test_after_a_message_in_parts_the_next_ones_need_no_parser_again() -> None:
    fragments = [Frame(TEXT, b"a", False), Frame(PING, b""), Frame(CONT, b"b"), Frame(TEXT, b"c")]
    stream = b"".join(frame.serialize(mask=False) for frame in fragments)
    whole = Frame(TEXT, b"whole").serialize(mask=False)
    for cut in range(len(stream)):
        heard, spared = split([stream[:cut], stream[cut:] + whole], masked=False)
        assert spared >= len(whole)
        assert [data for _, _, data in heard.frames] == [b"a", b"", b"b", b"c", b"whole"]


@pytest.mark.parametrize("between", [[], [Frame(PING, b"")]])
def test_a_message_within_another_one_is_the_parsers_to_refuse(between: list[Frame]) -> None:
    frames = [Frame(TEXT, b"begun", False), *between, Frame(TEXT, b"within")]
    heard, _ = split([frame.serialize(mask=False) for frame in frames], masked=False)
    assert heard.frames[-1][2] != b"within"
    assert heard.closed is not None
    assert heard.closed.code == CloseCode.PROTOCOL_ERROR


def test_the_handshake_is_the_parsers_wherever_it_is_cut() -> None:
    answer = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
    stream = answer + Frame(TEXT, b"\r\n\r\n").serialize(mask=False)
    for cut in range(len(stream)):
        splitter = Splitter(masked=False)
        parsed, messages = b"", []
        for piece in (stream[:cut], stream[cut:]):
            for data, start, payload, end in splitter.split(piece, LIMIT):
                if payload:
                    messages.append(data[payload:end])
                else:
                    parsed += data[start:end]
        if cut <= len(answer):
            assert (parsed, messages) == (answer, [b"\r\n\r\n"])
        else:
            assert (parsed, messages) == (stream, [])
