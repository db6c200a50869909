"""The newest event of each state key, as the journal's file holds it apart from history.

Written once in a while rather than with each commit: what came after is found again in the
segments from `saved` on.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from itertools import islice

from tui.protocol.catalog import EVENTS
from tui.protocol.topics import Topic
from tui.server.brokers import OVERHEAD, Stored
from tui.server.brokers.journal.file import transaction
from tui.server.limits.sizes import Limits

ROWS = 100
"""What is written with one statement; SQLite has room for 999 values at the least."""

_PRUNE = """
DELETE FROM state WHERE time < ? OR (stream, type, key) IN (
  SELECT stream, type, key FROM (
    SELECT stream, type, key, row_number() OVER newest AS keys,
      sum(length(plain) + ?) OVER newest AS size
    FROM state WINDOW newest AS (PARTITION BY stream, type ORDER BY "offset" DESC)
  ) WHERE keys > ? OR size > ?
)
"""


class StateTable:
    """What is to be written into it, and how it is kept as small as it is in memory."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._unsaved: dict[tuple[str, str, str], Stored] = {}
        self._rows = self._bytes = 0
        """Written since it was last pruned."""

    def note(self, events: Iterable[Stored]) -> None:
        """These were stored."""
        for event in events:
            if event.key is not None:
                self._unsaved[event.topic.resource, event.type, event.key] = event

    def save(self, db: sqlite3.Connection, upto: Mapping[str, int], now: float) -> None:
        """Write what was noted, which is everything up to some offset of each stream.

        Raises sqlite3.Error, and then it is still to be written.
        """
        rows = iter(self._unsaved.values())
        with transaction(db):
            while some := list(islice(rows, ROWS)):
                values = ",".join(["(?,?,?,?,?,?,?)"] * len(some))
                db.execute(
                    f"INSERT OR REPLACE INTO state VALUES {values}",  # noqa: S608 - placeholders
                    [field for event in some for field in _row(event)],
                )
            db.executemany(
                "UPDATE stream SET saved = ? WHERE name = ?",
                [(offset, name) for name, offset in upto.items()],
            )
        self._rows += len(self._unsaved)
        self._bytes += sum(event.size for event in self._unsaved.values())
        self._unsaved.clear()
        if self._rows > self._limits.state_keys or self._bytes > self._limits.state_size:
            self.prune(db, now)

    def prune(self, db: sqlite3.Connection, now: float) -> None:
        """Let go of what memory would not hold either. Raises sqlite3.Error."""
        limits = self._limits
        oldest = now - limits.state_age
        db.execute(_PRUNE, (oldest, OVERHEAD, limits.state_keys, limits.state_size))
        self._rows = self._bytes = 0


def saved(db: sqlite3.Connection, resource: str) -> list[Stored]:
    """The newest event of each key, by rising offset. Raises sqlite3.Error."""
    found = db.execute(
        'SELECT type, key, "offset", time, topic, plain FROM state WHERE stream = ? '
        'ORDER BY "offset"',
        (resource,),
    ).fetchall()
    return [
        Stored(offset, type_, Topic(resource, topic, EVENTS[type_].event), key, time, plain)
        for type_, key, offset, time, topic, plain in found
        if type_ in EVENTS
    ]


def _row(event: Stored) -> tuple[str, str, str | None, int, float, str, bytes]:
    topic = event.topic
    return (topic.resource, event.type, event.key, event.offset, event.time, topic.id, event.plain)
