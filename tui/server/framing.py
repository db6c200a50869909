"""Messages as whole WebSocket frames (RFC 6455 section 5.2).

A server's frames are not masked, so one made once is the same bytes for everyone: that is what
lets an event be framed once, and a connection's share of a moment be written as one piece.
"""

from collections.abc import Iterable
from functools import lru_cache

from tui.protocol import codec, envelope
from tui.protocol.frames import BINARY, TEXT
from tui.protocol.limits import COMPRESS_FROM, MAX_SEND


def text_frame(payload: bytes) -> bytes:
    """A whole text message in one frame."""
    return _head(TEXT, len(payload)) + payload


def gzip_frame(message: bytes) -> bytes:
    """One message for a reader who asked for compression; the short ones stay text."""
    if len(message) < COMPRESS_FROM:
        return text_frame(message)
    return _binary_frame(codec.deflate(envelope.compressed(message)))


def batch_frames(messages: Iterable[bytes], *, gzip: bool, limit: int = MAX_SEND) -> bytes:
    """Messages as frames one behind the other, each a JSON array of at most `limit` bytes.

    A message that is alone in its frame is no array.
    """
    frames = []
    batch: list[bytes] = []
    size = 0
    for message in messages:
        if batch and size + len(message) + 2 > limit:
            frames.append(_batch_frame(batch, gzip=gzip))
            batch, size = [], 0
        batch.append(message)
        size += len(message) + 1
    if batch:
        frames.append(_batch_frame(batch, gzip=gzip))
    return frames[0] if len(frames) == 1 else b"".join(frames)


def _batch_frame(batch: list[bytes], *, gzip: bool) -> bytes:
    payload = codec.join(batch)
    if not gzip or len(payload) < COMPRESS_FROM:
        return text_frame(payload)
    return _binary_frame(codec.deflate(codec.join([envelope.compressed(one) for one in batch])))


def _binary_frame(payload: bytes) -> bytes:
    return _head(BINARY, len(payload)) + payload


@lru_cache(maxsize=4096)
def _head(first: int, length: int) -> bytes:
    if length < 126:
        return bytes((first, length))
    if length < 65_536:
        return bytes((first, 126, length >> 8, length & 255))
    return bytes((first, 127)) + length.to_bytes(8, "big")
