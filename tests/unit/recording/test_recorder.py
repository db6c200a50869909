"""What a recorder writes is there, whatever has happened to the file or to the recorder."""

import fcntl
import gzip
import os
import stat
from pathlib import Path
from typing import IO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.disk import no_room_on_disk
from tests.unit.recording.files import NAMES, envelope, write
from tui.recording import Damage, Recorder, RecordingError, read


@pytest.fixture(params=NAMES)
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return tmp_path / str(request.param)


def record(path: Path, numbers: range) -> list[bytes]:
    lines = [envelope(number) for number in numbers]
    with Recorder(path) as recorder:
        for line in lines:
            recorder.write(line)
        assert recorder.events == len(lines)
    return lines


def text(path: Path) -> bytes:
    """The file as other programs read it."""
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def test_what_was_written_is_read_session_after_session(path: Path) -> None:
    lines = record(path, range(500)) + record(path, range(0)) + record(path, range(500, 1000))
    assert list(read(path)) == lines
    assert text(path) == b"".join(line + b"\n" for line in lines)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_after_a_flush_it_is_readable_though_the_recorder_never_ends(path: Path) -> None:
    with Recorder(path) as recorder:
        for number in range(3):
            recorder.write(envelope(number))
            recorder.flush()
            size = recorder.size
            recorder.flush()
            assert recorder.size == size, "a flush without news is not free"
            assert list(read(path)) == [envelope(n) for n in range(number + 1)]


def test_much_is_not_kept_in_memory_until_a_flush(path: Path) -> None:
    with Recorder(path) as recorder:
        for number in range(100):
            recorder.write(envelope(number, text=os.urandom(5_000).hex()))
        assert recorder.size > 300_000


SESSIONS = (range(10), range(10, 30))


@st.composite
def cuts(draw: st.DrawFn) -> tuple[str, int]:
    """A file's name, and how much of it is left, in thousandths."""
    return draw(st.sampled_from(NAMES)), draw(st.integers(0, 1000))


@given(cut=cuts())
def test_cut_anywhere_it_is_continued_without_losing_a_whole_line(
    tmp_path_factory: pytest.TempPathFactory, cut: tuple[str, int]
) -> None:
    name, thousandths = cut
    path = tmp_path_factory.mktemp("cut") / name
    for numbers in SESSIONS:
        record(path, numbers)
    content = path.read_bytes()
    _continue(path, content[: len(content) * thousandths // 1000])


@pytest.mark.parametrize("name", NAMES)
def test_cut_at_each_byte_it_is_continued_without_losing_a_whole_line(
    tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    record(path, range(2))
    with Recorder(path) as recorder:  # flushed line by line, as it is cut by `kill -9`
        for number in range(2, 4):
            recorder.write(envelope(number))
            recorder.flush()
    content = path.read_bytes()
    for left in range(len(content) + 1):
        _continue(path, content[:left])


def _continue(path: Path, content: bytes) -> None:
    """Record into a file of this content: all that could be read of it is there, and the new."""
    path.write_bytes(content)
    before = list(read(path))
    whole = text_of_whole_lines(path, content)
    assert [line + b"\n" for line in before][: len(whole)] == whole
    after = record(path, range(100, 103))
    damage = Damage()
    assert list(read(path, damage)) == before + after
    assert not damage
    assert text(path) == b"".join(line + b"\n" for line in before + after)
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def text_of_whole_lines(path: Path, content: bytes) -> list[bytes]:
    """What surely is there: the lines that are whole, by another reader's word."""
    if path.suffix != ".gz":
        return [line for line in content.splitlines(keepends=True) if line.endswith(b"\n")]
    found = b""
    with gzip.open(path) as file:
        try:
            while block := file.read1(64):
                found += block
        except (EOFError, gzip.BadGzipFile):
            pass
    return [line for line in found.splitlines(keepends=True) if line.endswith(b"\n")]


def test_a_repaired_file_keeps_its_mode_and_its_link(tmp_path: Path) -> None:
    path, link = tmp_path / "there" / "events.jsonl.gz", tmp_path / "events.jsonl.gz"
    path.parent.mkdir()
    lines = record(path, range(10))
    path.write_bytes(path.read_bytes()[:-3])
    path.chmod(0o640)
    link.symlink_to(path)
    lines += record(link, range(10, 20))
    assert link.is_symlink()
    assert list(read(path)) == lines
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_file_of_another_program_without_a_last_line_end_is_continued(path: Path) -> None:
    write(path, [envelope(1), envelope(2)], end=b"")
    record(path, range(3, 5))
    assert list(read(path)) == [envelope(number) for number in range(1, 5)]


@pytest.mark.parametrize("there", [b"# Notes\n", b'{"a": 1}', b"{\n1\n}\n", b"no line end"])
def test_a_file_that_is_something_else_is_left_alone(path: Path, there: bytes) -> None:
    there = gzip.compress(there) if path.suffix == ".gz" else there
    path.write_bytes(there)
    with pytest.raises(RecordingError, match="is no event"):
        record(path, range(1))
    assert path.read_bytes() == there


def test_a_file_whose_compression_is_broken_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl.gz"
    record(path, range(100))
    broken = path.read_bytes() + b"more"
    path.write_bytes(broken)
    with pytest.raises(RecordingError, match=r"broken from byte \d+ on; record into another"):
        record(path, range(1))
    assert path.read_bytes() == broken


def test_two_recorders_do_not_share_a_file(path: Path) -> None:
    record(path, range(1))
    path.write_bytes(path.read_bytes()[:-3])  # so that the first one puts another in its place
    with Recorder(path) as recorder:
        with pytest.raises(RecordingError, match="another program is recording into it"):
            record(path, range(1))
        recorder.write(envelope(7))
    record(path, range(8, 9))
    assert list(read(path))[-2:] == [envelope(7), envelope(8)]


def test_a_file_that_another_recorder_has_just_replaced_is_not_written_into(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = fcntl.flock
    repaired = path.with_name("repaired")
    record(path, range(1))
    repaired.write_bytes(path.read_bytes())

    def lock_late(file: IO[bytes], mode: int) -> None:
        if repaired.exists():
            repaired.replace(path)
        lock(file, mode)

    monkeypatch.setattr(fcntl, "flock", lock_late)
    assert list(read(path)) + record(path, range(1, 3)) == list(read(path))
    assert not repaired.exists()


def test_what_cannot_be_recorded_into_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"none/e: cannot be recorded into: No such file"):
        record(tmp_path / "none" / "e", range(1))
    with pytest.raises(RecordingError, match="no regular file"):
        record(tmp_path, range(1))
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with pytest.raises(RecordingError, match="no regular file"):
        record(fifo, range(1))


def test_on_a_full_disk_what_was_recorded_before_stays(path: Path) -> None:
    lines = record(path, range(1000))
    with pytest.raises(RecordingError, match=r"cannot be written: .* it can be recorded into"):
        _fill(path)
    damage = Damage()
    whole = list(read(path, damage))
    assert damage.cut == (path.suffix == ".gz")  # the session's member has no end
    assert whole[:1000] == lines
    lines = whole + record(path, range(5))
    damage = Damage()
    assert list(read(path, damage)) == lines
    assert not damage


def _fill(path: Path) -> None:
    """Record until there is no room; then nothing more is taken, nor lost."""
    with Recorder(path) as recorder, no_room_on_disk(recorder.size + 20_000):
        try:
            for number in range(10_000):
                recorder.write(envelope(number, text=os.urandom(50).hex()))
                recorder.flush()
        except RecordingError:
            assert number > 50
            with pytest.raises(RecordingError, match="nothing more"):
                recorder.flush()
            raise


def test_a_disk_too_full_for_a_repair_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl.gz"
    record(path, range(1000))
    cut = path.read_bytes()[:-3]
    path.write_bytes(cut)
    with no_room_on_disk(100), pytest.raises(RecordingError, match="cannot be recorded into"):
        record(path, range(1))
    assert path.read_bytes() == cut
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
