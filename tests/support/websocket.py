"""What a server writes, read strictly by RFC 6455 section 5.2."""

import gzip
from typing import NamedTuple

TEXT, BINARY = 0x81, 0x82


class WholeMessage(NamedTuple):
    """A message in one frame, as it came: text, or gzipped."""

    head: int
    payload: bytes

    @property
    def plain(self) -> bytes:
        return gzip.decompress(self.payload) if self.head == BINARY else self.payload


def first_message(data: bytes | bytearray) -> tuple[WholeMessage, int] | None:
    """The first message and its length in all; None where it has not all come."""
    if len(data) < 2:
        return None
    head, size, at = data[0], data[1], 2
    assert head in (TEXT, BINARY), f"neither text nor binary, or not whole: {head:#x}"
    assert size < 128, "a server masks nothing"
    if size > 125:
        at = 4 if size == 126 else 10
        if len(data) < at:
            return None
        size = int.from_bytes(data[2:at], "big")
        assert size > (125 if at == 4 else 0xFFFF), "the length is not in its shortest form"
    if len(data) < at + size:
        return None
    return WholeMessage(head, bytes(data[at : at + size])), at + size


def all_messages(data: bytes) -> list[WholeMessage]:
    """Everything written, which ends with a whole message."""
    found = []
    while data:
        first = first_message(data)
        assert first is not None, "half a frame"
        found.append(first[0])
        data = data[first[1] :]
    return found
