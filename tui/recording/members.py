"""The text of a gzip file, member by member, and where it stops to be one.

The standard library's reader does not tell where the last whole member ends, which is where a file
that was cut off can be continued.
"""

import zlib
from collections.abc import Iterator
from typing import BinaryIO

MAGIC = b"\x1f\x8b"
GZIP = 31
"""zlib's `wbits` for a gzip header and trailer."""
_READ = 4096
"""Bytes read at once, which are 4 MiB of text at most; what precedes a fault in them is lost."""


class Members:
    """Iterated once, the pieces of text; then the rest is known. The file is read from where it is.

    Raises nothing for what is wrong with it: what could be read is given.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._taken = file.tell()
        self.whole = self._taken
        """The byte behind the last whole member."""
        self.cut = False
        """Whether the file ends amid a member."""
        self.broken = False
        """Whether what comes from `whole` on is no gzip, or none any more."""

    def __iter__(self) -> Iterator[bytes]:
        data = self._more()
        while data:
            stream = zlib.decompressobj(wbits=GZIP)
            try:
                while not stream.eof:
                    if piece := stream.decompress(data):
                        yield piece
                    data = stream.unused_data or self._more()
                    if not (data or stream.eof):
                        self.cut = True
                        return
            except zlib.error:
                self.broken = True
                return
            self.whole = self._taken - len(data)

    def _more(self) -> bytes:
        data = self._file.read(_READ)
        self._taken += len(data)
        return data
