"""What is remembered between starts: a comfort, never a condition."""

import fcntl
import os
from concurrent.futures import ThreadPoolExecutor
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


def test_two_dashboards_keep_what_either_set_last(path: Path) -> None:
    start = Remembered(path)
    start.section("logs").update(filter="retry", level="warn", order="time")
    start.section("inbox")["acknowledged"] = {"old": 1.0, "older": 0.5}
    start.save()
    one, other = Remembered(path), Remembered(path)
    one.section("logs")["filter"] = "refund"
    one.section("inbox")["acknowledged"]["seen by one"] = 2.0
    del one.section("inbox")["acknowledged"]["older"]
    one.section("look")["theme"] = "autosdlc-light"
    one.save()
    other.section("logs")["level"] = "error"
    del other.section("logs")["order"]
    other.section("inbox")["acknowledged"]["seen by the other"] = 3.0
    other.save()
    one.section("agents")["order"] = "name"
    one.save()
    both = Remembered(path)
    assert both.section("logs") == {"filter": "refund", "level": "error"}
    assert both.section("inbox")["acknowledged"] == {
        "old": 1.0,
        "seen by one": 2.0,
        "seen by the other": 3.0,
    }
    assert both.section("look") == {"theme": "autosdlc-light"}
    assert both.section("agents") == {"order": "name"}


def test_what_one_dashboard_clears_is_not_what_another_has_put_there(path: Path) -> None:
    start = Remembered(path)
    start.section("snoozed")["old"] = 1.0
    start.save()
    one, other = Remembered(path), Remembered(path)
    other.section("snoozed")["new"] = 2.0
    other.save()
    one.section("snoozed").clear()
    one.save()
    assert Remembered(path).section("snoozed") == {"new": 2.0}


def test_a_file_that_was_spoilt_meanwhile_is_kept_aside_and_written_whole(path: Path) -> None:
    remembered = Remembered(path)
    remembered.section("agents")["order"] = "name"
    remembered.save()
    path.write_bytes(b"{")
    remembered.section("logs")["level"] = "error"
    remembered.save()
    assert path.with_name("dashboard.json.unreadable").read_bytes() == b"{"
    assert Remembered(path).section("agents") == {"order": "name"}
    assert Remembered(path).section("logs") == {"level": "error"}


def test_many_dashboards_that_save_at_once_lose_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.remembered.PATIENCE", 30.0)

    def save_often(name: str) -> None:
        remembered = Remembered(path)
        for number in range(20):
            remembered.section("inbox")[f"{name} {number}"] = number
            remembered.save()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(save_often, "abcdefgh"))
    assert len(Remembered(path).section("inbox")) == 8 * 20
    assert list(path.parent.iterdir()) == [path]


def test_a_file_that_another_holds_for_ever_is_written_the_next_time(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.remembered.PATIENCE", 0.1)
    path.parent.mkdir()
    remembered = Remembered(path)
    remembered.section("agents")["order"] = "name"
    other = os.open(path.parent, os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX)
    remembered.save()
    assert "another dashboard holds it" in remembered.trouble
    assert not list(path.parent.iterdir())
    os.close(other)
    remembered.save()
    assert remembered.trouble == ""
    assert Remembered(path).section("agents") == {"order": "name"}


def test_what_several_keep_together_is_never_more_than_is_read_again(path: Path) -> None:
    many = MAX_BYTES // 100
    start = Remembered(path)
    start.section("logs")["filter"] = "retry"
    start.save()
    one, other = Remembered(path), Remembered(path)
    for number, each in enumerate((one, other)):
        times = {f"{number} {n:05} ".ljust(150): n + number / 2 for n in range(many)}
        each.section("inbox")["acknowledged"] = times
        each.save()
        assert each.trouble == ""
        assert each.changed() is None
    again = Remembered(path)
    assert again.trouble == ""
    assert again.section("logs") == {"filter": "retry"}
    kept = again.section("inbox")["acknowledged"]
    assert max(kept.values()) == many - 0.5
    assert min(kept.values()) > many // 4, "the oldest went"
    other.section("logs")["filter"] = "x" * MAX_BYTES
    other.save()
    assert "more than" in other.trouble
    assert Remembered(path).section("logs") == {"filter": "retry"}


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
