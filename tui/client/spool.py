"""What was published, in a file until the server has it, for publishers that may crash.

SQLite in WAL, a commit for each event: it survives the process. What was committed within the last
moments before a power cut may be missing, since waiting for the disk would hold up the caller.
"""

import logging
import os
import sqlite3
from collections.abc import Iterable
from pathlib import Path

from tui.client.outbox import OutboxError, Waiting

log = logging.getLogger(__name__)

APPLICATION = 0x41534F42
"""`ASOB`, by which SQLite's header tells our files from others'."""
WAIT = 0.5
"""Seconds for another process to let go of the file."""
_TABLE = """
CREATE TABLE IF NOT EXISTS waiting (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  added REAL NOT NULL, -- Unix seconds
  event BLOB NOT NULL
)
"""


class SpoolFile:
    """`Spool` in one file, which belongs to one process from `load` to `close`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._is_stuck = False

    def load(self) -> list[tuple[str, Waiting]]:
        try:
            rows = self._db().execute("SELECT id, event, added FROM waiting ORDER BY number")
            return [(id_, Waiting(bytes(event), added)) for id_, event, added in rows]
        except sqlite3.Error as error:
            self.close()
            raise self._failure(error) from error

    def add(self, id_: str, event: Waiting) -> None:
        try:
            self._db().execute(
                "INSERT INTO waiting (id, added, event) VALUES (?, ?, ?)"
                " ON CONFLICT (id) DO UPDATE SET added = excluded.added, event = excluded.event",
                (id_, event.added, event.encoded),
            )
        except sqlite3.Error as error:
            raise self._failure(error) from error

    def forget(self, ids: Iterable[str]) -> None:
        try:
            db = self._db()
            db.execute("BEGIN")
            db.executemany("DELETE FROM waiting WHERE id = ?", [(id_,) for id_ in ids])
            db.execute("COMMIT")
            self._is_stuck = False
        except (sqlite3.Error, OutboxError) as error:
            if self._connection is not None and self._connection.in_transaction:
                self._connection.rollback()
            if not self._is_stuck:
                self._is_stuck = True
                log.warning("%s: what was delivered stays in it: %s", self._path, error)

    def close(self) -> None:
        """Let go of the file; whatever comes next opens it again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _db(self) -> sqlite3.Connection:
        if self._connection is None:
            try:
                self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                # Event text may be private; SQLite gives the files beside it the same mode.
                os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            except OSError as error:
                raise OutboxError(
                    f"the outbox {self._path} cannot be opened: {error.strerror}; name a file in a "
                    "directory of yours"
                ) from error
            self._connection = _connect(self._path)
        return self._connection

    def _failure(self, error: sqlite3.Error) -> OutboxError:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return OutboxError(f"the outbox {self._path} is in use by another process")
        if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
            return OutboxError(
                f"the outbox {self._path} is no outbox, or broken ({error}); move it away, or name "
                "another file"
            )
        return OutboxError(f"the outbox {self._path} cannot be written: {error}")


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=WAIT, isolation_level=None)
    try:
        _prepare(db, path)
    except BaseException:
        db.close()
        raise
    return db


def _prepare(db: sqlite3.Connection, path: Path) -> None:
    [(application,)] = db.execute("PRAGMA application_id").fetchall()
    tables = db.execute("SELECT name FROM sqlite_master").fetchall()
    if tables and application != APPLICATION:
        raise OutboxError(f"{path} is another program's database; name another file")
    db.execute("PRAGMA locking_mode = EXCLUSIVE")
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = NORMAL")
    db.execute(f"PRAGMA application_id = {APPLICATION}")
    db.execute(_TABLE)
