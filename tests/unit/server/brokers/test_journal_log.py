"""The journal's file as its writer knows it: appends, and what is kept of them."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.frames import log, status
from tests.unit.server.brokers.journals import DAY, MIB, Journal, append, fill, look_after
from tests.unit.server.brokers.test_conformance import alert
from tui.server.brokers.journal import retention
from tui.server.brokers.journal.log import UPKEEP_SECONDS
from tui.server.brokers.journal.retention import Retention
from tui.server.limits.sizes import Limits


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


def test_a_file_to_which_nothing_is_added_is_not_written(journal: Journal) -> None:
    with journal.log() as (log_, _):
        append(log_, status("e-1"))
        look_after(log_)
        changes = log_._open_db.total_changes
        for _ in range(10):
            journal.times.go_on(UPKEEP_SECONDS)
            look_after(log_)
        assert log_._open_db.total_changes == changes


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
    journal.limits = Limits(state_keys=50, state_size=60_000, state_age=DAY)

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
