"""What is read of a recording, and what is said of the rest."""

import gzip
import os
from pathlib import Path

import pytest

from tests.unit.recording.files import NAMES, envelope, write
from tui.protocol.limits import MAX_CLIENT_RECEIVE
from tui.recording import Damage, RecordingError, read

GOOD = [envelope(number) for number in range(3)]


@pytest.fixture(params=NAMES)
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return tmp_path / str(request.param)


def test_every_envelope_comes_as_it_stands_in_the_file(path: Path) -> None:
    write(path, GOOD)
    damage = Damage()
    assert list(read(path, damage)) == GOOD
    assert not damage


def test_an_empty_file_is_an_empty_recording(path: Path) -> None:
    path.touch()
    assert list(read(path)) == []


def test_a_last_line_without_its_end_is_read_and_line_ends_of_windows_too(path: Path) -> None:
    write(path, [GOOD[0] + b"\r", b"", GOOD[1]], end=b"")
    damage = Damage()
    assert list(read(path, damage)) == GOOD[:2]
    assert not damage


def test_what_is_no_event_is_skipped_and_counted(path: Path) -> None:
    broken = [b"no JSON", b"[1]", b'{"type": 3}', b"\xff\xfe", b"[" * 100_000]
    write(path, [GOOD[0], *broken, GOOD[1]])
    damage = Damage()
    assert list(read(path, damage)) == GOOD[:2]
    assert str(damage) == "5 lines cannot be read (the first is line 2)"


@pytest.mark.parametrize("over", [1, MAX_CLIENT_RECEIVE])
def test_a_line_over_the_limit_is_skipped_and_counted(path: Path, over: int) -> None:
    longest = envelope(7, text="x" * (MAX_CLIENT_RECEIVE - len(envelope(7, text=""))))
    assert len(longest) == MAX_CLIENT_RECEIVE
    too_long = longest.replace(b"xx", b"x" * (2 + over), 1)
    write(path, [too_long, longest, GOOD[0], too_long])
    damage = Damage()
    assert list(read(path, damage)) == [longest, GOOD[0]]
    assert (damage.skipped, damage.first, damage.cut) == (2, 1, False)


def test_a_file_larger_than_memory_allows_is_read_line_by_line(tmp_path: Path) -> None:
    import tracemalloc

    path = tmp_path / "bomb.jsonl.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(GOOD[0] + b"\n")
        for _ in range(64):
            file.write(b" " * MAX_CLIENT_RECEIVE)
        file.write(b"\n" + GOOD[1] + b"\n")
    tracemalloc.start()
    try:
        assert list(read(path)) == GOOD[:2]
        assert tracemalloc.get_traced_memory()[1] < 8 * MAX_CLIENT_RECEIVE
    finally:
        tracemalloc.stop()


def test_a_cut_end_is_told_and_all_before_it_is_read(path: Path) -> None:
    write(path, GOOD)
    content = path.read_bytes()
    path.write_bytes(content[:-6])  # of a gzipped one, its trailer alone
    damage = Damage()
    assert list(read(path, damage)) == (GOOD if path.suffix == ".gz" else GOOD[:2])
    assert str(damage) == "its end is cut off"


def test_broken_compression_is_told_and_all_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl.gz"
    write(path, GOOD)
    whole = path.stat().st_size
    path.write_bytes(path.read_bytes() + bytes(100))
    damage = Damage()
    assert list(read(path, damage)) == GOOD
    assert str(damage) == f"its compression is broken from byte {whole} on"


def test_nothing_wrong_is_false_and_one_line_is_named() -> None:
    assert not Damage()
    assert str(Damage(line=9, skipped=1, first=4)) == "line 4 cannot be read"


@pytest.mark.parametrize(
    "text", [b"# Notes\n", b"{\n  1\n}", b'{"a": 1}', b"\x00" * 3_000, b"x\n" * 200]
)
def test_a_file_that_is_something_else_is_refused(path: Path, text: bytes) -> None:
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    with pytest.raises(
        RecordingError, match=r"line 1 is no event.*`autosdlc-tui record`"
    ) as caught:
        list(read(path))
    assert str(path) in str(caught.value)


def test_a_large_file_that_is_something_else_is_not_read_to_its_end(path: Path) -> None:
    write(path, [b"prose"] * 10_000 + GOOD)
    damage = Damage()
    with pytest.raises(RecordingError):
        list(read(path, damage))
    assert damage.line == 100


def test_a_name_that_promises_something_else_is_said(tmp_path: Path) -> None:
    plain, packed = tmp_path / "a.jsonl", tmp_path / "b.jsonl.gz"
    write(packed, GOOD)
    packed.rename(plain)
    with pytest.raises(RecordingError, match=r"a\.jsonl: is gzipped; .* ends in \.gz"):
        list(read(plain))
    packed.write_bytes(b"\n".join(GOOD))
    with pytest.raises(RecordingError, match=r"b\.jsonl\.gz: is not gzipped"):
        list(read(packed))


def test_what_cannot_be_opened_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"none: no such file"):
        list(read(tmp_path / "none"))
    with pytest.raises(RecordingError, match="is a directory"):
        list(read(tmp_path))


@pytest.mark.skipif(os.geteuid() == 0, reason="who is root may read everything")
def test_a_file_of_somebody_else_is_said(path: Path) -> None:
    write(path, GOOD)
    path.chmod(0)
    with pytest.raises(RecordingError, match="no permission"):
        list(read(path))
