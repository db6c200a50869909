"""An event's bytes on their way through a server: the publisher's own, wherever they can be.

What is kept ends with the metadata, and with nothing in it that only a server may say; so that
what the server does say (PROTOCOL.md, Envelope) is put in before the two closing braces.
"""

import json
import re

import orjson

from tui.protocol.errors import ErrorCode, ProtocolError

_METADATA = b',"metadata":{'
_SERVER_FIELDS = ("offset", "replayed", "conflated", "compressed")
_PUBLISHERS_END = re.compile(
    rb'(?:,?"(?:version|source|correlationId|encrypted)":(?:"[^"\\{}]*"|true|false))*+\}\}'
)
_MARKS = bytes(
    ord("0" if char in "0123456789" else "e" if char in "eE" else "+" if char == "+" else " ")
    for char in map(chr, range(256))
)
_LONG_NUMBER = b"0" * 19
_HUGE_NUMBER = b"0" * 64
_BEFORE = frozenset((b"[", b":", b",", b" ", b"\t", b"\n", b"\r", b""))
"""What may stand before a number."""


def keep(raw: bytes) -> bytes:
    """A valid event as it is kept. Unknown fields stay, as does a whole number of any size.

    Raises ProtocolError where an opaque part of it holds what JSON readers break on (`1e999`).
    """
    # Mostly an event is as it should be already, and then nothing is copied. In valid JSON a quote
    # behind a comma opens a string, so `,"metadata":{` is a key. With no bracket in what it holds,
    # the brace behind it closes the envelope: the key is the envelope's.
    start = raw.rfind(_METADATA)
    if start >= 0 and _PUBLISHERS_END.fullmatch(raw, start + len(_METADATA)):
        # Large numbers stay as they are, unless they overflow what others read numbers into.
        digits = raw.translate(_MARKS, b"+")
        # `find`, since `in` first tries to read what it looks for as a number.
        if digits.find(_HUGE_NUMBER) < 0 and (
            digits.find(b"0e000") < 0 or not _has_large_exponent(raw)
        ):
            return raw
    try:
        envelope = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise ProtocolError(ErrorCode.INVALID_MESSAGE, f"not JSON: {error}") from error
    if has_long_number(raw):
        envelope = json.loads(raw)  # which is slower, and keeps whole numbers of any size
    metadata = envelope.pop("metadata", None) or {}
    for name in _SERVER_FIELDS:
        metadata.pop(name, None)
    envelope["metadata"] = metadata
    try:
        return exact(orjson.dumps(envelope))
    except orjson.JSONEncodeError:
        return json.dumps(envelope, ensure_ascii=False, separators=(",", ":")).encode()


def exact(written: bytes) -> bytes:
    """A copy to keep, since orjson takes 4 KiB for each small answer and gives none of it back."""
    return bytes(memoryview(written))


def with_offset(kept: bytes, offset: int) -> bytes:
    """A kept event as v1 readers get it."""
    return b'%b"offset":%d}}' % (_open(kept), offset)


def replayed(v1: bytes) -> bytes:
    """A v1 event as a resume sends it again."""
    return v1[:-2] + b',"replayed":true}}'


def conflated(v1: bytes, count: int) -> bytes:
    """A v1 event that stands for `count` older ones of its state key, too."""
    return b'%b,"conflated":%d}}' % (v1[:-2], count)


def compressed(message: bytes) -> bytes:
    """A message of the server's, with its metadata last, as it is in a frame that is gzipped."""
    return _open(message) + b'"compressed":true}}'


def has_long_number(raw: bytes) -> bool:
    """Whether there may be a whole number beyond 64 bits, which orjson reads as a fraction."""
    return _LONG_NUMBER in raw.translate(_MARKS)


def _has_large_exponent(raw: bytes) -> bool:
    """Whether there may be a number with one, where none has as many digits as `_HUGE_NUMBER`.

    Many an id looks as if it had one (`evt-3e456789-…`), but for what stands before.
    """
    digits = raw.translate(_MARKS)
    for exponent in (b"0e000", b"0e+000"):
        at = digits.find(exponent)
        while at >= 0:
            # So many digits it may have before its point, and behind.
            start = max(0, at - 2 * len(_HUGE_NUMBER))
            before = raw[start : at + 1].rstrip(b"0123456789.").removesuffix(b"-")
            if before[-1:] in _BEFORE:
                return True
            at = digits.find(exponent, at + 1)
    return False


def _open(message: bytes) -> bytes:
    """The message up to where more can be said in its metadata."""
    return message[:-2] if message.endswith(b"{}}") else message[:-2] + b","
