"""The journal's file as its writer knows it: appends, upkeep, and what cannot be written."""

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.support.disk import no_room_on_disk
from tests.support.frames import draft, log, status
from tests.unit.server.brokers.kinds import WHOLE, Times
from tests.unit.server.brokers.test_conformance import alert
from tui.server.brokers import Page
from tui.server.brokers.journal import file, retention
from tui.server.brokers.journal.history import History
from tui.server.brokers.journal.log import UPKEEP_SECONDS, Log, Restored
from tui.server.brokers.journal.retention import Retention
from tui.server.brokers.stream import DEFAULTS, Limits
from tui.server.config import ServerError

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


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path)


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


def test_what_cannot_be_written_has_no_offset_and_its_ids_are_new(journal: Journal) -> None:
    with journal.log() as (log_, _):
        assert append(log_, log("e-1")) == [1]
        log_._open_db.execute("PRAGMA max_page_count = 1")
        with pytest.raises(sqlite3.OperationalError, match="full"):
            append(log_, log("e-2", message="x" * 100_000), alert("e-3"))
        log_._open_db.execute("PRAGMA max_page_count = 1000000")
        assert append(log_, log("e-1"), log("e-2"), alert("e-3"), log("e-4")) == [2, 1, 3]
        assert journal.offsets() == [1, 2, 3]


def test_a_large_append_is_one_commit_in_small_segments(journal: Journal) -> None:
    with journal.log() as (log_, _):
        append(log_, *(log(f"e-{n}", message="x" * 1000) for n in range(500)), alert("e-a"))
        with closing(sqlite3.connect(journal.path)) as db:
            sizes = [size for (size,) in db.execute("SELECT length(events) FROM segment")]
            changes = db.execute("SELECT count(DISTINCT time) FROM segment").fetchall()
        assert len(sizes) > 5
        assert max(sizes) <= 64 * 1024 + 1000
        assert changes == [(1,)]
        assert journal.offsets() == list(range(1, 501))


def test_the_file_is_its_owners_alone(journal: Journal) -> None:
    with journal.log() as (log_, _):
        append(log_, log("e-1"))
        names = {path.name: path.stat().st_mode & 0o777 for path in journal.path.parent.iterdir()}
        assert {"journal.db", "journal.db-wal", "journal.db-lock"} <= set(names)
        assert set(names.values()) == {0o600}
    assert [path.name for path in journal.path.parent.iterdir()] == ["journal.db"]


def test_what_is_too_old_is_let_go_of(journal: Journal) -> None:
    journal.kept = Retention(seconds=7 * DAY)
    with journal.log() as (log_, _):
        append(log_, log("e-1"), alert("a-1"))
        journal.times.go_on(4 * DAY)
        append(log_, log("e-2"), log("e-3"))
        journal.times.go_on(4 * DAY)
        append(log_, log("e-4"))
        look_after(log_)
        assert journal.offsets() == [2, 3, 4]
        assert journal.read(resource="system") == ([], 2)
        journal.times.go_on(100 * DAY)
        look_after(log_)
        assert journal.read() == ([], 5)
    with journal.log() as (log_, restored):
        assert (restored["agent"].first, restored["agent"].last) == (5, 4)
        assert append(log_, log("e-5")) == [5]


def test_upkeep_is_wanted_once_a_minute_and_after_much_was_written(journal: Journal) -> None:
    journal.kept = Retention(size=16 * MIB)
    with journal.log() as (log_, _):
        assert not log_.wants_upkeep
        journal.times.go_on(UPKEEP_SECONDS)
        assert log_.wants_upkeep
        look_after(log_)
        assert not log_.wants_upkeep
        fill(log_, "a", MIB // 2)
        assert not log_.wants_upkeep
        fill(log_, "b", MIB)
        assert log_.wants_upkeep
        look_after(log_)
        assert not log_.wants_upkeep


def test_the_file_stays_within_its_bound_and_holds_the_newest(journal: Journal) -> None:
    journal.kept = Retention(size=4 * MIB)
    with journal.log() as (log_, _):
        for n in range(24):
            fill(log_, str(n), MIB // 2)
            if log_.wants_upkeep:
                look_after(log_)
            assert journal.size() <= 4 * MIB
        offsets = journal.offsets()
        assert offsets == list(range(offsets[0], log_._last["agent"] + 1))
        assert len(offsets) * 1200 > 2 * MIB
        assert journal.read(after=5).first == offsets[0] > 1000


def test_a_file_that_is_too_large_from_before_gives_room_back_little_by_little(
    journal: Journal,
) -> None:
    with journal.log() as (log_, _):
        fill(log_, "a", 24 * MIB)
    assert journal.size() > 20 * MIB
    journal.kept = Retention(size=4 * MIB)
    with journal.log() as (log_, _):
        assert look_after(log_) > 10
        assert look_after(log_) == 1
    assert journal.size() <= 4 * MIB
    with journal.log():
        assert len(journal.offsets()) * 1200 > 2 * MIB


def test_little_is_let_go_of_at_a_time(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "SLICE_SEGMENTS", 10)
    journal.kept = Retention(seconds=DAY)
    with journal.log() as (log_, _):
        for n in range(35):
            append(log_, log(f"e-{n}"))
        journal.times.go_on(2 * DAY)
        left = []
        while log_.upkeep():
            left.append(len(journal.offsets()))
        assert left == [25, 15, 5, 0]


@pytest.mark.parametrize("set_back", [2 * DAY, 1000 * DAY])
def test_a_clock_that_was_set_back_neither_loses_everything_nor_keeps_it_for_ever(
    journal: Journal, set_back: float
) -> None:
    journal.kept = Retention(seconds=DAY)
    with journal.log() as (log_, _):
        append(log_, log("e-1"), log("e-2"))
        journal.times.wall.now -= set_back
        look_after(log_)
        assert journal.offsets() == [1, 2]
        append(log_, log("e-3"))
        look_after(log_)
        assert journal.offsets() == [1, 2, 3]
        journal.times.go_on(DAY / 2)
        append(log_, log("e-4"))
        look_after(log_)
        assert journal.offsets() == [1, 2, 3, 4]
        journal.times.go_on(DAY / 2 + 1)
        look_after(log_)
        assert journal.offsets() == [4]


def test_state_outlives_the_history_it_came_from(journal: Journal) -> None:
    journal.kept = Retention(seconds=3600)
    with journal.log() as (log_, _):
        append(log_, status("e-1", "a"), status("e-2", "b"), alert("e-3"))
        journal.times.go_on(2 * 3600)
        append(log_, status("e-4", "b"), log("e-5"))
        look_after(log_)
        assert journal.offsets() == [3, 4]
    with journal.log() as (log_, restored):
        newest = [(one.key, one.offset, one.topic.id) for one in restored["agent"].state]
        assert newest == [("a", 1, "a"), ("b", 3, "b")]
        assert [one.key for one in restored["system"].state] == ["a"]


def test_state_is_found_whether_or_not_it_was_saved_before_the_end(
    journal: Journal, tmp_path: Path
) -> None:
    with journal.log() as (log_, _):
        append(log_, status("e-1", "a"), status("e-2", "b"))
        log_.upkeep()
        append(log_, status("e-3", "b"), status("e-4", "c"))
        for side in ("", "-wal"):  # what a kill would leave
            content = journal.path.with_name(f"journal.db{side}").read_bytes()
            (tmp_path / f"killed.db{side}").write_bytes(content)
    other = Journal(tmp_path)
    other.path = tmp_path / "killed.db"
    for one in (journal, other, other):
        with one.log() as (_, restored):
            newest = {event.key: event.offset for event in restored["agent"].state}
            assert newest == {"a": 1, "b": 3, "c": 4}
            assert restored["agent"].last == 4


def test_saved_state_is_as_bounded_as_it_is_in_memory(journal: Journal) -> None:
    journal.limits = Limits(state_keys=50, state_bytes=60_000, state_seconds=DAY)

    def kept() -> dict[str, int]:
        with closing(sqlite3.connect(journal.path)) as db:
            return dict(db.execute('SELECT key, length(plain) FROM state ORDER BY "offset"'))

    with journal.log() as (log_, _):
        for n in range(120):
            append(log_, status(f"e-{n}", f"a-{n}"))
            log_.upkeep()
            assert len(kept()) <= 101
        assert len(kept()) >= 50
        assert "a-119" in kept()
        for n in range(45):
            append(log_, status(f"l-{n}", f"l-{n}", "x" * 5000))
            log_.upkeep()
            assert sum(kept().values()) <= 130_000
        assert len(kept()) >= 10
        assert "l-44" in kept()
    journal.times.go_on(2 * DAY)
    with journal.log():
        assert kept() == {}


def test_a_file_that_broke_is_set_aside_and_the_next_goes_on_where_memory_stands(
    journal: Journal, caplog: pytest.LogCaptureFixture
) -> None:
    with journal.log() as (log_, restored):
        stored = log_.append([draft(status("e-1", "a")), draft(log("e-2")), draft(alert("e-3"))])
        log_.begin_anew([stored[0], stored[2]], ValueError("what was wrong"))
        assert journal.read() == ([], 3)
        assert append(log_, log("e-2"), log("e-4")) == [3]
        assert journal.offsets() == [3]
    assert "what was wrong" in caplog.text
    [aside] = journal.path.parent.glob("journal.db.corrupt-*")
    assert str(journal.path) in caplog.text
    assert str(aside) in caplog.text
    with closing(sqlite3.connect(aside)) as db:
        assert db.execute("SELECT count(*) FROM segment").fetchall() == [(2,)]
    with journal.log() as (_, again):
        assert again["agent"].epoch == restored["agent"].epoch
        assert (again["agent"].first, again["agent"].last) == (3, 3)
        assert [one.key for one in again["agent"].state] == ["a"]
        assert [one.offset for one in again["system"].state] == [1]


def test_several_broken_files_are_all_kept(journal: Journal) -> None:
    with journal.log() as (log_, _):
        for n in range(3):
            append(log_, log(f"e-{n}"))
            log_.begin_anew([], ValueError())
    assert len(list(journal.path.parent.glob("journal.db.corrupt-*"))) == 3


def test_a_new_file_that_cannot_be_made_yet_is_tried_again(
    journal: Journal,
) -> None:
    with journal.log() as (log_, _):
        append(log_, log("e-1"))
        for _ in range(2):
            with no_room_on_disk(), pytest.raises(sqlite3.OperationalError):
                log_.begin_anew([], ValueError())
            with pytest.raises(sqlite3.Error):
                append(log_, log("e-2"))
        log_.begin_anew([], ValueError())
        [aside] = journal.path.parent.glob("journal.db.corrupt-*[0-9]")
        assert aside.with_name(f"{aside.name}-wal").exists()
        with closing(sqlite3.connect(aside)) as db:
            assert db.execute("SELECT count(*) FROM segment").fetchall() == [(1,)]
        assert append(log_, log("e-2")) == [2]


def test_history_is_read_up_to_an_offset(journal: Journal) -> None:
    with journal.log() as (log_, _):
        append(log_, *(log(f"e-{n}") for n in range(6)))
        append(log_, *(log(f"f-{n}") for n in range(6)))
        for upto in range(13):
            page = journal.history.read("agent", 0, upto, WHOLE)
            assert [one.offset for one in page.events] == list(range(1, upto + 1))


def test_a_hole_in_the_history_is_not_passed_over(journal: Journal) -> None:
    with journal.log() as (log_, _):
        for n in range(6):
            append(log_, log(f"e-{n}"))
        log_._open_db.execute("DELETE FROM segment WHERE first IN (3, 4)")
        assert [one.offset for one in journal.read().events] == [1, 2]
        page = journal.read(after=2)
        assert ([one.offset for one in page.events], page.first) == ([5, 6], 5)
        assert journal.read(after=6).events == []


Damage = Callable[[bytearray], object]


def _zero(at: float) -> Damage:
    def damage(content: bytearray) -> None:
        begin = int(len(content) * at) // 4096 * 4096
        content[begin : begin + 4096] = bytes(4096)

    return damage


DAMAGES: dict[str, Damage] = {
    "garbage": lambda content: content.__setitem__(slice(None), os.urandom(5000)),
    "text": lambda content: content.__setitem__(slice(None), b"this is no journal\n" * 500),
    "a zeroed head": _zero(0.0),
    "a zeroed tail": lambda content: content.__setitem__(slice(-8192, None), bytes(8192)),
    "cut in the middle": lambda content: content.__delitem__(slice(len(content) // 2, None)),
    "cut in its first page": lambda content: content.__delitem__(slice(1000, None)),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_set_aside(
    journal: Journal, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    with journal.log() as (log_, before):
        for n in range(300):
            append(log_, status(f"e-{n}", f"a-{n}", "x" * 500))
    content = bytearray(journal.path.read_bytes())
    DAMAGES[damage](content)
    journal.path.write_bytes(content)
    with journal.log() as (log_, restored):
        found = restored["agent"]
        assert "is broken" in caplog.text
        [aside] = journal.path.parent.glob("journal.db.corrupt-*")
        assert aside.read_bytes() == content
        assert found.epoch != before["agent"].epoch
        assert found.last == 0
        assert append(log_, status("new")) == [1]
        assert journal.offsets() == [1]


@pytest.mark.parametrize("page", [0.2, 0.5, 0.8])
def test_a_damaged_page_is_found_where_it_is_read(journal: Journal, page: float) -> None:
    with journal.log() as (log_, _):
        for n in range(300):
            append(log_, log(f"e-{n}", message="x" * 3000))
    content = bytearray(journal.path.read_bytes())
    _zero(page)(content)
    journal.path.write_bytes(content)
    journal.times.go_on(DAY)
    try:
        with journal.log():
            with pytest.raises(sqlite3.DatabaseError) as caught:
                journal.offsets()
            assert caught.value.sqlite_errorcode & 0xFF == sqlite3.SQLITE_CORRUPT
    finally:
        assert journal.path.exists()


def test_an_empty_file_is_a_new_journal(journal: Journal) -> None:
    journal.path.touch()
    with journal.log() as (log_, restored):
        assert restored["agent"].last == 0
        assert append(log_, log("e-1")) == [1]
    assert not list(journal.path.parent.glob("*.corrupt-*"))


WRONG = {
    "no table": "DROP TABLE segment",
    "a segment that is none": "UPDATE segment SET entries = '7' WHERE stream = 'system'",
    "no UTF-8": "UPDATE state SET topic = CAST(x'ff' AS TEXT) WHERE stream = 'system'",
    "text for a number": "UPDATE stream SET first = 'one' WHERE name = 'system'",
}


@pytest.mark.parametrize("what", WRONG)
def test_a_file_with_something_else_in_it_is_set_aside(journal: Journal, what: str) -> None:
    with journal.log() as (log_, before):
        append(log_, log("e-1"), alert("e-2"))
    with closing(sqlite3.connect(journal.path, isolation_level=None)) as db:
        db.execute("UPDATE stream SET saved = 0")
        db.execute(WRONG[what])
    with journal.log() as (log_, restored):
        assert {one.epoch for one in before.values()}.isdisjoint(
            one.epoch for one in restored.values()
        )
        assert {one.last for one in restored.values()} == {0}
        assert append(log_, log("e-1")) == [1]
    assert len(list(journal.path.parent.glob("*.corrupt-*"))) == 1


def test_a_lock_that_its_holder_removed_meanwhile_is_nobodys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = file.Lock(tmp_path / "journal.db")
    flock = fcntl.flock

    def let_go_before(handle: int, operation: int) -> None:
        (tmp_path / "journal.db-lock").unlink()
        monkeypatch.undo()
        flock(handle, operation)

    monkeypatch.setattr(fcntl, "flock", let_go_before)
    waits: list[float] = []
    lock.acquire(1, waits.append)
    assert len(waits) == 1
    assert (tmp_path / "journal.db-lock").read_text() == str(os.getpid())
    with pytest.raises(ServerError, match=f"in use by process {os.getpid()}"):
        file.Lock(tmp_path / "journal.db").acquire(0.1, waits.append)
    lock.release()
