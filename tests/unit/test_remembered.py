"""What is remembered between starts: a comfort, never a condition."""

from pathlib import Path

import pytest

from tests.support.disk import no_room_on_disk
from tui.remembered import MAX_BYTES, Remembered


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "dashboard.json"


def test_values_are_there_at_the_next_start(path: Path) -> None:
    first = Remembered(path)
    first.section("agents")["order"] = "name"
    first.section("logs")
    first.save()
    again = Remembered(path)
    assert again.section("agents") == {"order": "name"}
    assert again.section("logs") == {}
    assert again.trouble == ""


def test_nothing_is_written_where_nothing_has_changed(path: Path) -> None:
    Remembered(path).save()
    assert not path.exists() or path.read_text("utf-8") == "{}"
    first = Remembered(path)
    first.section("agents")["order"] = "name"
    first.save()
    path.unlink()
    first.save()
    assert not path.exists()


@pytest.mark.parametrize(
    "content", [b"{", b"\xff\xfe", b"[]", b'{"a": 1}', b"[" * 100_000, b" " * (MAX_BYTES + 1)]
)
def test_a_file_that_is_not_ours_any_more_is_kept_aside(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    remembered = Remembered(path)
    assert "dashboard.json.unreadable" in remembered.trouble
    assert path.with_name("dashboard.json.unreadable").read_bytes() == content
    remembered.section("agents")["order"] = "name"
    remembered.save()
    assert Remembered(path).section("agents") == {"order": "name"}


def test_a_full_disk_is_said_and_leaves_the_file_as_it_was(path: Path) -> None:
    remembered = Remembered(path)
    remembered.section("agents")["order"] = "name"
    remembered.save()
    before = path.read_bytes()
    remembered.section("agents")["order"] = "state"
    with no_room_on_disk():
        remembered.save()
    assert "cannot be written" in remembered.trouble
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]
    remembered.save()
    assert remembered.trouble == ""


def test_a_folder_in_place_of_the_file_is_left_alone(path: Path) -> None:
    path.mkdir(parents=True)
    remembered = Remembered(path)
    assert "cannot be read" in remembered.trouble
    remembered.section("agents")["order"] = "name"
    remembered.save()
    assert path.is_dir()


def test_without_a_place_nothing_is_kept_and_nothing_fails() -> None:
    remembered = Remembered(None)
    remembered.section("agents")["order"] = "name"
    remembered.save()
    assert remembered.trouble == ""
