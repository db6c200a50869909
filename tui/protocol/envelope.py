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
    ord("0") if char in "0123456789" else ord("e") if char in "eE" else ord(" ")
    for char in map(chr, range(256))
)
_LONG_NUMBER = b"0" * 19
_HUGE_NUMBER = b"0" * 64
_LARGE_EXPONENT = re.compile(rb"[\[:,\s]-?[0-9]++(?:\.[0-9]++)?[eE]\+?[0-9]{3}")
"""Which many an id seems to hold (`evt-3e456789-…`), were it not for what stands before."""


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
            digits.find(b"0e000") < 0 or not _LARGE_EXPONENT.search(raw)
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


def _open(message: bytes) -> bytes:
    """The message up to where more can be said in its metadata."""
    return message[:-2] if message.endswith(b"{}}") else message[:-2] + b","
