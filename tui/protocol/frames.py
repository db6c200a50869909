"""Where messages begin and end in a stream of WebSocket frames (RFC 6455, 5.2)."""

from collections.abc import Iterator

TEXT = 0x81
BINARY = 0x82
"""First bytes of a message that is one frame."""
_WHOLE = (TEXT, BINARY)
_HANDSHAKE_END = b"\r\n\r\n"


class Splitter:
    """Finds the messages that are one frame and came whole: most are, and need no parser.

    All else belongs to a parser, which gets every byte of it at once and in order: the handshake,
    control frames, fragments, what comes in parts, what is too large, what makes no sense. Once it
    has failed, or one side has closed, it is to be given all that follows, messages too.
    """

    def __init__(self, *, masked: bool, handshake: bool = True) -> None:
        self._mask, self._key = (0x80, 4) if masked else (0, 0)
        self._in_handshake = handshake
        self._tail = b""
        """The last bytes of the handshake: the blank line may come in parts."""
        self._header = b""
        """Of a frame, too little to tell where it ends; the parser has it."""
        self._owed = 0
        """Bytes yet to come of a frame that is the parser's."""
        self._in_message = False
        """Whether fragments of a message have come, but not its last one."""

    def split(self, data: bytes, limit: int | None) -> Iterator[tuple[bytes, int, int, int]]:
        """What was read, piece by piece, as `(data, start, payload, end)` with three indices.

        `payload` is 0 where the piece is the parser's, else a message of up to `limit` bytes, still
        masked where frames are, with the four bytes of its key before it.
        """
        parsed = len(self._header)
        if parsed:
            data = self._header + data
        mask, key, size = self._mask, self._key, len(data)
        start = self._continued(data)
        if start:
            yield data, 0, 0, start
        while start < size:
            payload = start + 2 + key
            if payload > size:
                break
            length = data[start + 1] ^ mask
            if length > 125:
                width = 2 if length == 126 else 8
                payload += width
                if payload > size:
                    break
                length = int.from_bytes(data[start + 2 : start + 2 + width], "big")
            end = payload + length
            if (
                data[start] in _WHOLE
                and end <= size
                and not (parsed or self._in_message)
                and (limit is None or length <= limit)
            ):
                yield data, start, payload, end
            else:
                end = self._leave(data[start], end, size)
                yield data, start + parsed, 0, end
                parsed = 0
            start = end
        self._header = data[start:]
        if start + parsed < size:
            yield data, start + parsed, 0, size

    def _continued(self, data: bytes) -> int:
        """How many of these bytes belong to what the parser has begun."""
        if self._in_handshake:
            seen = self._tail + data
            blank = seen.find(_HANDSHAKE_END)
            if blank < 0:
                self._tail = seen[-len(_HANDSHAKE_END) + 1 :]
                return len(data)
            self._in_handshake = False
            return blank + len(_HANDSHAKE_END) - len(self._tail)
        continued = min(self._owed, len(data))
        self._owed -= continued
        return continued

    def _leave(self, first: int, end: int, size: int) -> int:
        """Where the parser's piece ends, of a frame that would end at `end`."""
        if not first & 0x08:  # no control frame
            self._in_message = not first & 0x80
        self._owed = max(end - size, 0)
        return min(end, size)
