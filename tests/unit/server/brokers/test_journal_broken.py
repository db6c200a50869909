"""A journal's file that is broken, or another's: what is done with it, and what goes on."""

import fcntl
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.disk import no_room_on_disk
from tests.support.frames import draft, log, status
from tests.unit.server.brokers.journals import DAY, Journal, append
from tests.unit.server.brokers.kinds import WHOLE
from tests.unit.server.brokers.test_conformance import alert
from tui.server.brokers.journal import file
from tui.server.config import ServerError


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


@pytest.mark.parametrize("text", ["# My notes\n", "größer\t→\n" * 1000, "a"])
def test_somebodys_text_is_left_where_it_is(journal: Journal, text: str) -> None:
    journal.path.write_text(text, "utf-8")
    with pytest.raises(ServerError, match=r"journal\.db is a text file"), journal.log():
        pass
    assert journal.path.read_text("utf-8") == text
    assert list(journal.path.parent.iterdir()) == [journal.path]


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


def test_a_journal_that_is_let_go_of_at_the_last_moment_is_taken_over(tmp_path: Path) -> None:
    before = file.Lock(tmp_path / "journal.db")
    before.acquire(0)
    after = file.Lock(tmp_path / "journal.db")
    after.acquire(0.05, lambda _: before.release())
    after.release()
