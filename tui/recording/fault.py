"""What can be wrong with a recording: all of it, or some of its lines."""

from dataclasses import dataclass


class RecordingError(Exception):
    """A recording is of no use; the message names the file, what is wrong, and what to do."""


@dataclass(slots=True)
class Damage:
    """What of a recording could not be read so far; false while that is nothing."""

    line: int = 0
    """The line that was read last, from 1."""
    skipped: int = 0
    """Lines that are no events, or too long."""
    first: int = 0
    """The first of them."""
    cut: bool = False
    """Whether it ends amid a line, as after `kill -9`."""
    broken_from: int | None = None
    """The byte from which on it is no gzip, and so was not read."""

    def skip(self) -> None:
        """Count the line that was read last among those that are of no use."""
        self.skipped += 1
        self.first = self.first or self.line

    def __bool__(self) -> bool:
        return bool(self.skipped or self.cut or self.broken_from is not None)

    def __str__(self) -> str:
        said = []
        if self.skipped == 1:
            said.append(f"line {self.first} cannot be read")
        elif self.skipped:
            said.append(f"{self.skipped} lines cannot be read (the first is line {self.first})")
        if self.broken_from is not None:
            said.append(f"its compression is broken from byte {self.broken_from} on")
        if self.cut:
            said.append("its end is cut off")
        return "; ".join(said)
