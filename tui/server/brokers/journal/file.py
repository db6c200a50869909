"""The journal's file: whose it is, what is in it, and what becomes of it where it is broken.

Every commit is synced (`synchronous = FULL`), so that what was acknowledged survives a power cut as
far as the disk keeps its word, and not only a crash. It has to be so for the offsets' sake: were
the last of them handed out a second time in the same epoch, no reader could tell what it missed.
"""

import fcntl
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tui.server.brokers.journal.segment import MalformedError
from tui.server.config import ServerError

APPLICATION = 0x41534A4C
"""`ASJL`, by which SQLite's header tells our files from others'."""
VERSION = 1
TABLES = f"""
PRAGMA application_id = {APPLICATION};
PRAGMA user_version = {VERSION};
CREATE TABLE stream (
  name TEXT PRIMARY KEY,
  epoch TEXT NOT NULL,
  first INTEGER NOT NULL, -- the oldest offset that is still kept; one above the last where none is
  saved INTEGER NOT NULL  -- the offset up to which the newest of each key is in `state`
) WITHOUT ROWID;
CREATE TABLE segment (
  number INTEGER PRIMARY KEY, -- in the order of commits
  stream TEXT NOT NULL,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL,
  time REAL NOT NULL,     -- Unix seconds
  entries BLOB NOT NULL,  -- JSON: [[id, type, the topic's id, state key, bytes], ...]
  events BLOB NOT NULL    -- JSON: [{...}, ...]
);
CREATE INDEX segment_place ON segment (stream, last, time);
CREATE TABLE state (
  stream TEXT NOT NULL,
  type TEXT NOT NULL,
  key TEXT NOT NULL,
  "offset" INTEGER NOT NULL,
  time REAL NOT NULL,
  topic TEXT NOT NULL,    -- its id
  plain BLOB NOT NULL,
  PRIMARY KEY (stream, type, key)
) WITHOUT ROWID
"""
WAIT_SECONDS = 2.0
"""How long somebody else, `sqlite3` in a terminal perhaps, may hold the file up."""
WAL_PAGES = 1000
"""Pages of 4 KiB after which the write-ahead log is written back into the file."""
WAL_BYTES = 16 * 1024 * 1024
"""What is left of a write-ahead log that had to grow meanwhile."""
_SIDES = ("", "-wal", "-shm")
_HEAD = 4096
"""Bytes from which a file of text is told."""
_NOT_IN_TEXT = frozenset(map(chr, range(32))) - frozenset("\t\n\r\f\x1b")


def resolved(path: Path) -> Path:
    """Where it is, whatever links lead there. Raises ServerError."""
    try:
        return path.resolve()
    except (OSError, RuntimeError) as error:  # RuntimeError: they lead in a circle
        raise ServerError(f"the journal {path} cannot be opened: {error}") from error


def connect(path: Path) -> sqlite3.Connection:
    """Open it to write, with its tables.

    Raises ServerError where it is nothing that we may write to; sqlite3.Error, OSError and
    MalformedError where it cannot be used.
    """
    # SQLite gives the files beside it the same mode.
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _refuse_text(os.read(handle, _HEAD), path)
    finally:
        os.close(handle)
    db = _connect(path)
    try:
        _check(db, path)
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA secure_delete = OFF")
        db.execute(f"PRAGMA wal_autocheckpoint = {WAL_PAGES}")
        db.execute(f"PRAGMA journal_size_limit = {WAL_BYTES}")
    except BaseException:
        db.close()
        raise
    return db


def connect_reader(path: Path) -> sqlite3.Connection:
    """Open to read what another connection writes. Raises sqlite3.Error."""
    db = _connect(path)
    try:
        db.execute("PRAGMA query_only = ON")
    except BaseException:
        db.close()
        raise
    return db


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=WAIT_SECONDS, isolation_level=None)


def _refuse_text(head: bytes, path: Path) -> None:
    """No damage makes text of a journal: it is a file of somebody's, and the name was a slip."""
    text = head.decode("utf-8", "ignore")
    if head and len(text.encode()) > len(head) - 4 and not set(text) & _NOT_IN_TEXT:
        raise ServerError(f"{path} is a text file; name another file for the journal")


def _check(db: sqlite3.Connection, path: Path) -> None:
    names = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    [(application,)] = db.execute("PRAGMA application_id").fetchall()
    [(version,)] = db.execute("PRAGMA user_version").fetchall()
    if not names and application in (0, APPLICATION):
        db.execute("PRAGMA auto_vacuum = INCREMENTAL")  # which must come before all else
        db.execute("PRAGMA journal_mode = WAL")
        db.executescript(f"BEGIN; {TABLES}; COMMIT")
    elif application != APPLICATION:
        raise ServerError(
            f"{path} is another program's database; name another file for the journal"
        )
    elif version > VERSION:
        raise ServerError(
            f"the journal {path} was written by a newer version of autosdlc-tui; "
            "use that one, or name another file"
        )
    elif not names >= {"stream", "segment", "state"}:
        raise MalformedError("tables are missing")
    else:
        db.execute("PRAGMA journal_mode = WAL")


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """All of it or nothing."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def is_corrupt(error: BaseException) -> bool:
    """Whether the file is to blame, and not the disk, its room or the rights to it."""
    if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.ProgrammingError):
        # Text that is no UTF-8 is found by Python, which has no code for it.
        code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
        return code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
    return isinstance(error, MalformedError)


def set_aside(path: Path) -> Path:
    """Move the file away with what belongs to it, and return where. Raises OSError."""
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    aside = path.with_name(f"{path.name}.corrupt-{stamp}")
    count = 1
    while any(aside.with_name(aside.name + side).exists() for side in _SIDES):
        count += 1
        aside = path.with_name(f"{path.name}.corrupt-{stamp}-{count}")
    for side in reversed(_SIDES):
        with suppress(FileNotFoundError):
            path.with_name(path.name + side).rename(aside.with_name(aside.name + side))
    return aside


class Lock:
    """That one process has the journal, until it ends; a file beside it that says which."""

    def __init__(self, path: Path) -> None:
        self._journal = path
        self._path = path.with_name(f"{path.name}-lock")
        self._handle: int | None = None

    def acquire(self, patience: float, wait: Callable[[float], None] = time.sleep) -> None:
        """Wait up to `patience` seconds for the one that is perhaps about to end.

        Raises ServerError where that was not enough, and OSError.
        """
        for _ in range(max(1, round(patience / 0.05))):
            if self._try():
                return
            wait(0.05)
        if self._try():
            return
        holder = ""
        with suppress(OSError):  # it may let go of it at any moment
            holder = self._path.read_text("ascii", "replace").strip()
        raise ServerError(
            f"the journal {self._journal} is in use by process {holder or '?'}; "
            "stop that server, or name another file"
        )

    def release(self) -> None:
        if self._handle is not None:
            with suppress(OSError):
                self._path.unlink()
            os.close(self._handle)
            self._handle = None

    def _try(self) -> bool:
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Whoever had it may have removed it meanwhile, and then this one is nobody's.
            mine = os.fstat(handle).st_ino == self._path.stat().st_ino
        except (BlockingIOError, FileNotFoundError):
            mine = False
        except BaseException:
            os.close(handle)
            raise
        if not mine:
            os.close(handle)
            return False
        self._handle = handle
        os.ftruncate(handle, 0)
        os.write(handle, str(os.getpid()).encode())
        return True
