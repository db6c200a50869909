"""The outbox's file: what it keeps, and what is said where it cannot."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.disk import no_room_on_disk
from tui.client.outbox import OutboxError, Waiting
from tui.client.spool import SpoolFile


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outbox.db"


@pytest.fixture
def spool(path: Path) -> Iterator[SpoolFile]:
    with closing(SpoolFile(path)) as spool:
        yield spool


def waiting(text: str, added: float = 1.5) -> Waiting:
    return Waiting(text.encode(), added)


def test_what_waits_is_there_for_the_next_process_in_its_order(
    spool: SpoolFile, path: Path
) -> None:
    for name in "cab":
        spool.add(name, waiting(name))
    spool.add("c", waiting("c again", 2.5))
    spool.forget(["a", "never heard of"])
    spool.close()
    with closing(SpoolFile(path)) as next_:
        assert next_.load() == [("c", waiting("c again", 2.5)), ("b", waiting("b"))]
    assert path.stat().st_mode & 0o077 == 0


def test_it_goes_on_after_it_was_closed(spool: SpoolFile) -> None:
    spool.add("a", waiting("a"))
    spool.close()
    spool.close()
    spool.add("b", waiting("b"))
    assert [id_ for id_, _ in spool.load()] == ["a", "b"]


def test_two_processes_cannot_have_the_same(spool: SpoolFile, path: Path) -> None:
    spool.load()
    with pytest.raises(OutboxError, match=r"outbox\.db is in use by another process"):
        SpoolFile(path).load()


@pytest.mark.parametrize("content", [b"# a text of mine\n" * 100, bytes(range(256)) * 40])
def test_what_is_no_outbox_is_left_as_it_is(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(OutboxError, match=r"outbox\.db is no outbox, or broken.*; move it away"):
        SpoolFile(path).load()
    assert path.read_bytes() == content


def test_another_programs_database_is_left_as_it_is(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE theirs (x)")
    before = path.read_bytes()
    with pytest.raises(OutboxError, match="another program's database"):
        SpoolFile(path).load()
    assert path.read_bytes() == before


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutboxError, match=r"file/outbox\.db cannot be opened: .*; name a file"):
        SpoolFile(tmp_path / "file" / "outbox.db").load()


def test_a_full_disk_is_said_and_over_once_there_is_room(
    spool: SpoolFile, caplog: pytest.LogCaptureFixture
) -> None:
    spool.add("a", waiting("a"))
    with no_room_on_disk():
        with pytest.raises(OutboxError, match=r"outbox\.db cannot be written: "):
            spool.add("b", waiting("b"))
        spool.forget(["a"])
        spool.forget(["a"])
    assert caplog.text.count("what was delivered stays in it") == 1
    assert [id_ for id_, _ in spool.load()] == ["a"]
    spool.add("b", waiting("b"))
    spool.forget(["a"])
    assert [id_ for id_, _ in spool.load()] == ["b"]
