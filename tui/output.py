"""The terminal as it is written to: one that has gone takes what comes, and says nothing."""

import io
import sys
from contextlib import suppress


class Lenient(io.TextIOWrapper):
    """Textual writes in a thread, which would end at the first error; then all others wait for it.

    A dashboard whose terminal was closed would so never end, and its server with it.
    """

    def write(self, text: str, /) -> int:
        with suppress(OSError):
            return super().write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            super().flush()


def outlive_the_terminal() -> None:
    """Let what Textual writes to, standard error as it was at the start, never fail."""
    if (error := sys.__stderr__) is not None:
        # Not closed at the end: it is another's descriptor.
        file = open(error.fileno(), "wb", closefd=False)  # noqa: SIM115
        sys.__stderr__ = Lenient(file, error.encoding, error.errors)  # type: ignore[misc]
