"""The journal as its one writer knows it. Everything here may wait for the disk."""

import logging
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

from tui.protocol.catalog import RESOURCES
from tui.protocol.express import Draft
from tui.server.brokers import Stored
from tui.server.brokers.journal import file, state
from tui.server.brokers.journal.retention import Retention, trim
from tui.server.brokers.journal.segment import MalformedError, Segment, pieces
from tui.server.brokers.journal.state import StateTable
from tui.server.brokers.recent import RecentIds
from tui.server.config import ServerError
from tui.server.limits.sizes import Limits

PATIENCE_SECONDS = 3.0
"""How long the server before us may take to let go of the file."""
UPKEEP_SECONDS = 60.0
"""How often what is too old is looked for."""

_log = logging.getLogger(__name__)
_COLUMNS = "stream, first, last, time, entries, events"


class Restored(NamedTuple):
    """One stream, as the file has it."""

    epoch: str
    first: int
    """The oldest offset that is still kept; one above `last` where none is."""
    last: int
    state: list[Stored]
    """The newest of each key, by rising offset."""


class Log:
    """Appends, each whole or not at all. `clock` gives Unix seconds, `steady` is never set.

    For one thread only. `path` is no link, since what lies beside the file is named after it.
    """

    def __init__(
        self,
        path: Path,
        *,
        limits: Limits,
        retention: Retention,
        clock: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path = path
        self._limits = limits
        self._retention = retention
        self._clock = clock
        self._steady = steady
        self._lock = file.Lock(self._path)
        self._ids = RecentIds(limits.dedupe_age, limits.dedupe_ids)
        self._state = StateTable(limits)
        self._epochs: dict[str, str] = {}
        self._last: dict[str, int] = {}
        self._db: sqlite3.Connection | None = None
        """None before it is open, and where a broken one was set aside."""
        self._written = 0
        self._looked_after = steady()

    def open(self) -> Mapping[str, Restored]:
        """Every stream, as it was left. Raises ServerError.

        A file that is broken is set aside, and a new one begun.
        """
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock.acquire(PATIENCE_SECONDS)
            try:
                return self._open()
            except (sqlite3.Error, MalformedError) as error:
                if not file.is_corrupt(error):
                    raise
                self._set_aside(error)
                return self._open()
        except (OSError, sqlite3.Error, MalformedError) as error:
            self._lock.release()
            why = (isinstance(error, OSError) and error.strerror) or error
            raise ServerError(
                f"the journal {self._path} cannot be opened: {why}; "
                "name a file in a directory of yours, on a disk with room"
            ) from error
        except BaseException:
            self._lock.release()
            raise

    def append(self, drafts: Iterable[Draft]) -> list[Stored]:
        """Store those whose id is new, all with one commit, and return them.

        Raises sqlite3.Error, and then none is stored.
        """
        steady = self._steady()
        new = [draft for draft in drafts if self._ids.add(draft.id, steady)]
        if not new:
            return []
        try:
            stored, segments = self._cut(new, self._clock())
            self._insert(segments)
        except BaseException:
            self._ids.discard(draft.id for draft in new)
            raise
        for segment in segments:
            self._last[segment.stream] = segment.last
            self._written += len(segment.entries) + len(segment.events)
        self._ids.forget(steady, len(new))
        self._state.note(stored)
        return stored

    @property
    def wants_upkeep(self) -> bool:
        return (
            self._written >= self._retention.slice
            or self._steady() - self._looked_after >= UPKEEP_SECONDS
        )

    def upkeep(self) -> bool:
        """Save the newest state, and let go of some of the past; whether there is more to do.

        Raises sqlite3.Error.
        """
        now = self._clock()
        self._looked_after = self._steady()
        if self._written:
            self._state.save(self._open_db, self._last, now)
            self._written = 0
        return trim(self._open_db, self._retention, now)

    def probe(self) -> None:
        """Write something, to see whether that is possible again. Raises sqlite3.Error."""
        with file.transaction(self._open_db):
            self._open_db.execute("UPDATE stream SET saved = saved")

    def begin_anew(self, newest: Iterable[Stored], error: BaseException) -> None:
        """Set a file that turned out to be broken aside, and go on with an empty one.

        With the same epochs and offsets, and the `newest` state, which others have kept. Raises
        sqlite3.Error and OSError, and then it is to be tried again.
        """
        if self._db:
            with suppress(sqlite3.Error):
                self._db.close()
            self._set_aside(error)
            self._db = None
        db = file.connect(self._path)
        try:
            self._add_streams(db, {name: last + 1 for name, last in self._last.items()})
            self._state = StateTable(self._limits)
            self._state.note(newest)
            self._state.save(db, self._last, self._clock())
        except BaseException:
            db.close()
            raise
        self._db = db

    def close(self) -> None:
        """Leave nothing behind but the file."""
        with suppress(sqlite3.Error):
            self._state.save(self._open_db, self._last, self._clock())
        with suppress(sqlite3.Error):
            self._open_db.close()
        self._db = None
        self._lock.release()

    @property
    def _open_db(self) -> sqlite3.Connection:
        if self._db is None:
            raise sqlite3.ProgrammingError("no file is open")
        return self._db

    def _cut(self, drafts: list[Draft], now: float) -> tuple[list[Stored], list[Segment]]:
        """The drafts with their offsets, in their order; and as rows, stream by stream."""
        last = dict(self._last)
        streams: dict[str, list[Draft]] = {}
        stored = []
        for draft in drafts:
            kept, _, type_, topic, key = draft
            resource = topic.resource
            offset = last[resource] = last[resource] + 1
            stored.append(Stored(offset, type_, topic, key, now, kept))
            streams.setdefault(resource, []).append(draft)
        segments = []
        for resource, its in streams.items():
            first = self._last[resource] + 1
            for piece in pieces(its):
                segments.append(Segment.of(resource, first, now, piece))
                first += len(piece)
        return stored, segments

    def _insert(self, segments: list[Segment]) -> None:
        # One statement is a transaction by itself. Each more would be one more wait for Python's
        # lock, which under load is what takes longest.
        values = ",".join(["(?,?,?,?,?,?)"] * len(segments))
        self._open_db.execute(
            f"INSERT INTO segment ({_COLUMNS}) VALUES {values}",  # noqa: S608 - placeholders
            [field for segment in segments for field in segment],
        )

    def _open(self) -> Mapping[str, Restored]:
        self._epochs, self._last = {}, {}
        self._ids = RecentIds(self._limits.dedupe_age, self._limits.dedupe_ids)
        self._state = StateTable(self._limits)
        db = file.connect(self._path)
        try:
            self._add_streams(db, dict.fromkeys(RESOURCES, 1))
            self._state.prune(db, self._clock())
            self._restore_ids(db)
            restored = {name: self._restore(db, name) for name in RESOURCES}
        except (TypeError, ValueError) as error:
            db.close()
            raise MalformedError(f"a value of another kind: {error}") from error
        except BaseException:
            db.close()
            raise
        self._db = db
        return restored

    def _add_streams(self, db: sqlite3.Connection, first: Mapping[str, int]) -> None:
        """Let those that the file has not yet begin with these offsets."""
        known = {name for (name,) in db.execute("SELECT name FROM stream").fetchall()}
        new = [name for name in first if name not in known]
        if new:
            for name in new:
                self._epochs.setdefault(name, secrets.token_hex(8))
            with file.transaction(db):
                db.executemany(
                    "INSERT INTO stream VALUES (?, ?, ?, ?)",
                    [(name, self._epochs[name], first[name], first[name] - 1) for name in new],
                )

    def _restore(self, db: sqlite3.Connection, name: str) -> Restored:
        [(epoch, first, saved)] = db.execute(
            "SELECT epoch, first, saved FROM stream WHERE name = ?", (name,)
        ).fetchall()
        [(last,)] = db.execute("SELECT max(last) FROM segment WHERE stream = ?", (name,)).fetchall()
        last = max(first - 1, last or 0)
        newest = state.saved(db, name)
        since = db.execute(
            f"SELECT {_COLUMNS} FROM segment WHERE stream = ? AND last > ? ORDER BY last",  # noqa: S608
            (name, saved),
        )
        for row in since:
            events = Segment(*row).stored()
            self._state.note(events)
            newest += [event for event in events if event.key is not None]
        self._epochs[name], self._last[name] = epoch, last
        return Restored(epoch, first, last, newest)

    def _restore_ids(self, db: sqlite3.Connection) -> None:
        """What is within its window; what seems to be of a time to come was stored just now."""
        now, steady = self._clock(), self._steady()
        found: list[tuple[float, list[str]]] = []
        count = 0
        rows = db.execute(
            "SELECT stream, first, last, time, entries, x'' FROM segment ORDER BY number DESC"
        )
        with closing(rows):
            for row in rows:
                segment = Segment(*row)
                age = max(0.0, now - segment.time)
                if age >= self._limits.dedupe_age or count >= self._limits.dedupe_ids:
                    break
                ids = segment.ids()
                found.append((steady - age, ids))
                count += len(ids)
        for stored, ids in reversed(found):
            # Where the clock was set back an id may be there twice, and the later time counts.
            self._ids.discard(ids)
            for id_ in ids:
                self._ids.add(id_, stored)
        self._ids.forget(steady, count)

    def _set_aside(self, error: BaseException) -> None:
        _log.warning(
            "the journal %s is broken (%s); it is kept as %s, and a new one begun",
            self._path,
            error,
            file.set_aside(self._path),
        )
