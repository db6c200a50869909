"""How the journal lets go of its oldest events, a little at a time."""

import sqlite3
from dataclasses import dataclass

from tui.server.brokers.journal.file import transaction

SLICE_BYTES = 4 * 1024 * 1024
SLICE_SEGMENTS = 1000
"""How much is let go at a time."""
MIN_BYTES = 4 * SLICE_BYTES
"""The smallest size that leaves room for events, beside what the file has without any."""
VACUUM_PAGES = 256
"""How many pages are given back to the disk at a time."""

_FRONT = """
SELECT max(number) FROM (
  SELECT number, sum(size) OVER (ORDER BY number) - size AS before FROM (
    SELECT number, length(entries) + length(events) AS size
    FROM segment NOT INDEXED ORDER BY number LIMIT ?
  )
) WHERE before < ? AND number <= ?
"""
"""The last of the oldest segments, as many as begin within some bytes."""


@dataclass(frozen=True, slots=True)
class Retention:
    """How long, and how much of it, the past is kept."""

    seconds: float = 7 * 24 * 3600.0
    size: int = 1024**3
    """Bytes of the file. The write-ahead log beside it takes some 4 MiB more."""

    @property
    def slice(self) -> int:
        """After how many bytes written it is looked after."""
        return min(SLICE_BYTES, self.size // 16)


RETENTION = Retention()


def trim(db: sqlite3.Connection, retention: Retention, now: float) -> bool:
    """Let go of some of what is too old or too much; whether there may be more of it.

    Raises sqlite3.Error, and then nothing is gone.
    """
    if (stale := _stale(db, now, retention.seconds)) is not None:
        number = _front(db, SLICE_BYTES, stale)
    elif (excess := _used(db) + 2 * retention.slice - retention.size) > 0:
        number = _front(db, min(SLICE_BYTES, excess), _NEWEST)
    else:
        return _shrink(db, retention.size)
    if number is None:
        return False
    with transaction(db):
        gone = db.execute(
            "SELECT max(last) + 1, stream FROM segment NOT INDEXED "
            "WHERE number <= ? GROUP BY stream",
            (number,),
        ).fetchall()
        db.executemany("UPDATE stream SET first = ? WHERE name = ?", gone)
        db.execute("DELETE FROM segment WHERE number <= ?", (number,))
    return True


_NEWEST = 2**63 - 1


def _stale(db: sqlite3.Connection, now: float, seconds: float) -> int | None:
    """The newest segment that is too old; what was stored before it is older still.

    Whatever it says: a clock that was set back leaves segments from times that are to come.
    """
    oldest = db.execute("SELECT time FROM segment ORDER BY number LIMIT 1").fetchall()
    if not oldest or now - seconds <= oldest[0][0] <= now:
        return None
    [(number,)] = db.execute(
        "SELECT max(number) FROM segment INDEXED BY segment_place WHERE time < ?",
        (now - seconds,),
    ).fetchall()
    return number if number is None else int(number)


def _front(db: sqlite3.Connection, size: int, upto: int) -> int | None:
    [(number,)] = db.execute(_FRONT, (SLICE_SEGMENTS, size, upto)).fetchall()
    return number if number is None else int(number)


def _used(db: sqlite3.Connection) -> int:
    """Bytes of the file that hold something."""
    return (_number(db, "page_count") - _number(db, "freelist_count")) * _number(db, "page_size")


def _shrink(db: sqlite3.Connection, size: int) -> bool:
    """Give some of what is free back to the disk, where the file is larger than it may be."""
    pages = _number(db, "page_count")
    if pages * _number(db, "page_size") <= size or not _number(db, "freelist_count"):
        return False
    db.execute(f"PRAGMA incremental_vacuum({VACUUM_PAGES})").fetchall()
    return _number(db, "page_count") < pages


def _number(db: sqlite3.Connection, pragma: str) -> int:
    [(number,)] = db.execute(f"PRAGMA {pragma}").fetchall()
    return int(number)
