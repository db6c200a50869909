"""A journal's file, the log that writes it, and a reader beside it; all in the test's thread."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.frames import draft, log
from tests.unit.server.brokers.kinds import WHOLE, Times
from tui.server.brokers import Page
from tui.server.brokers.journal.history import History
from tui.server.brokers.journal.log import Log, Restored
from tui.server.brokers.journal.retention import Retention
from tui.server.limits.sizes import DEFAULTS

DAY = 24 * 3600.0
MIB = 1024 * 1024


class Journal:
    """A file, a log on it, and a reader beside it."""

    def __init__(self, place: Path) -> None:
        self.times = Times()
        self.path = place / "journal.db"
        self.kept = Retention()
        self.limits = DEFAULTS
        self.history = History(self.path)

    @contextmanager
    def log(self) -> Iterator[tuple[Log, dict[str, Restored]]]:
        opened = Log(
            self.path,
            limits=self.limits,
            retention=self.kept,
            clock=self.times.wall,
            steady=self.times.steady,
        )
        restored = dict(opened.open())
        try:
            yield opened, restored
        finally:
            self.history.close()
            opened.close()

    def read(self, after: int = 0, resource: str = "agent") -> Page:
        return self.history.read(resource, after, WHOLE, WHOLE)

    def offsets(self) -> list[int]:
        """All there are in the file."""
        page = self.read()
        offsets = [one.offset for one in page.events]
        assert offsets[:1] in ([], [page.first])
        while page.events:
            page = self.read(after=offsets[-1])
            offsets += [one.offset for one in page.events]
        return offsets

    def size(self) -> int:
        return self.path.stat().st_size


def append(log_: Log, *raws: bytes) -> list[int]:
    return [one.offset for one in log_.append([draft(raw) for raw in raws])]


def fill(log_: Log, name: str, size: int) -> None:
    """Events of 1 KiB and a bit, ten at a time."""
    for n in range(0, size // 1200, 10):
        log_.append([draft(log(f"{name}-{n}-{m}", message="x" * 1000)) for m in range(10)])


def look_after(log_: Log) -> int:
    """In how many steps all was done that was to be done."""
    steps = 1
    while log_.upkeep():
        steps += 1
    return steps
