"""What the journal's file holds beyond memory. Everything here may wait for the disk."""

import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import TypeVar

from tui.server.brokers import Page, Stored
from tui.server.brokers.journal import file
from tui.server.brokers.journal.segment import Segment

SEGMENTS = 256
"""What is read at most for one page, however small."""

T = TypeVar("T")
_READ = f"""
SELECT stream.first, name, segment.first, last, time, entries, events
FROM stream LEFT JOIN segment ON stream = name AND last > ?
WHERE name = ? ORDER BY last LIMIT {SEGMENTS}
"""  # noqa: S608 - a constant
_SINCE = """
SELECT last FROM segment INDEXED BY segment_place
WHERE stream = ? AND time < ? ORDER BY last DESC LIMIT 1
"""


class History:
    """A reader beside the writer, on a connection of its own; for one thread at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db: sqlite3.Connection | None = None

    def read(self, resource: str, after: int, upto: int, limit: int) -> Page:
        """Events after an offset and up to another, of some `limit` bytes in all.

        Raises sqlite3.Error and MalformedError.
        """
        return self._ask(lambda db: _read(db, resource, after, upto, limit))

    def since(self, resource: str, moment: float) -> int:
        """The newest offset from before `moment` (Unix seconds), or what was kept before all.

        Raises sqlite3.Error.
        """
        return self._ask(lambda db: _since(db, resource, moment))

    def close(self) -> None:
        """Let go of the file; the next question opens it again."""
        if self._db is not None:
            with suppress(sqlite3.Error):
                self._db.close()
            self._db = None

    def _ask(self, question: Callable[[sqlite3.Connection], T]) -> T:
        try:
            self._db = self._db or file.connect_reader(self._path)
            return question(self._db)
        except BaseException:
            self.close()
            raise


def _read(db: sqlite3.Connection, resource: str, after: int, upto: int, limit: int) -> Page:
    events: list[Stored] = []
    first = upto + 1
    size = 0
    with closing(db.execute(_READ, (after, resource))) as rows:
        for first, *row in rows:
            if row[1] is None:
                break
            for event in Segment(*row).stored():
                if event.offset <= after:
                    continue
                size += len(event.plain)
                is_next = not events or event.offset == events[-1].offset + 1
                if event.offset > upto or not is_next or (events and size > limit):
                    return Page(events, _first(events, first, after))
                events.append(event)
    return Page(events, _first(events, first, after))


def _first(events: list[Stored], first: int, after: int) -> int:
    """The oldest offset that can be read: not before a hole, should there be one."""
    if events and events[0].offset > max(after + 1, first):
        return events[0].offset
    return first


def _since(db: sqlite3.Connection, resource: str, moment: float) -> int:
    [(first,)] = db.execute("SELECT first FROM stream WHERE name = ?", (resource,)).fetchall()
    found = db.execute(_SINCE, (resource, moment)).fetchall()
    return int(found[0][0]) if found else int(first) - 1
