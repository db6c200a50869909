"""The server's log: JSON or human lines, no secret in them, and no fault of the disk that harms."""

import io
import json
import logging
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.server import logs
from tui.server.config import ServerError
from tui.server.logs import HumanFormatter, JsonFormatter, logging_to
from tui.server.rotation import RotatingFile

SECRET = "s3cr3t-Value"
log = logging.getLogger("tui.server.test")


class Screen(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _levels() -> Iterator[None]:
    before = logging.getLogger().level
    yield
    assert logging.getLogger().level == before


def record(message: str, *args: object, **extra: Any) -> logging.LogRecord:
    fields = {"name": "tui.x", "levelname": "INFO", "levelno": 20, "msg": message, "args": args}
    return logging.makeLogRecord(fields | {"created": 0.25, "msecs": 250.0} | extra)


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_record_is_one_json_line_with_its_fields() -> None:
    told = record("client %s\n gone", "c-1", client="c-1", code=4008, key="Jörg")
    [line] = JsonFormatter().format(told).splitlines()
    assert json.loads(line) == {
        "time": "1970-01-01T00:00:00.250Z",
        "level": "info",
        "logger": "tui.x",
        "message": "client c-1\n gone",
        "client": "c-1",
        "code": 4008,
        "key": "Jörg",
    }


def test_a_record_is_one_harmless_line_for_people() -> None:
    told = record("gone\x1b[31m", client="c-1", reason="reading\ntoo slowly", code=4008)
    [line] = HumanFormatter().format(told).splitlines()
    assert line[8:] == r' gone  client=c-1  reason="reading\ntoo slowly"  code=4008'
    assert (
        HumanFormatter().format(record("x", levelno=30, levelname="WARNING")).endswith(" WARNING x")
    )


@pytest.mark.parametrize("formatter", [JsonFormatter(), HumanFormatter()])
def fault(error: Exception, message: str = "it failed", **extra: Any) -> logging.LogRecord:
    """What `log.exception` makes of an error."""
    try:
        raise error
    except type(error):
        return record(message, exc_info=sys.exc_info(), **extra)


@pytest.mark.parametrize("formatter", [JsonFormatter(), HumanFormatter()])
def test_no_part_of_a_line_has_a_secret(formatter: logging.Formatter) -> None:
    told = fault(
        RuntimeError(f"GET /?token={SECRET}"),
        f"Bearer {SECRET} " + str({"token": SECRET}),
        path=f"/ws?token={SECRET}",
        headers={"Authorization": f"Bearer {SECRET}"},
    )
    assert "RuntimeError" in formatter.format(told)
    assert SECRET not in formatter.format(told)


_PIECES = (
    "'token': '",
    '"token": "',
    "cookie=",
    "token",
    '"',
    "'",
    ":",
    " ",
    "\\",
    "://",
    "@",
    "x",
)


@given(st.lists(st.sampled_from(_PIECES)).map("".join))
def test_nothing_that_is_said_breaks_a_line_or_costs_it_another_field(said: str) -> None:
    told = record("%s", said, reason=said, client="client-1", code=1000, address="10.0.0.9")
    line = json.loads(JsonFormatter().format(told))
    assert line["level"] == "info"
    assert (line["client"], line["code"], line["address"]) == ("client-1", 1000, "10.0.0.9")
    shown = HumanFormatter().format(told)
    assert shown.endswith("  client=client-1  code=1000  address=10.0.0.9")


def test_a_fault_of_ours_has_a_traceback_and_one_of_the_machine_has_none() -> None:
    ours, refused, late = (
        json.loads(JsonFormatter().format(fault(error)))
        for error in (KeyError("k"), OSError(24, "Too many open files"), TimeoutError("late"))
    )
    assert "Traceback" in ours["traceback"]
    assert refused["error"] == "OSError: [Errno 24] Too many open files"
    assert "traceback" not in refused | late


def test_a_terminal_gets_lines_for_people_and_a_pipe_json(tmp_path: Path) -> None:
    shown, piped = tmp_path / "screen", tmp_path / "pipe"
    with (
        Screen(shown.open("wb"), "ascii") as screen,
        logging_to(None, "info", screen),
    ):
        log.info("hello Jörg")
        log.debug("not this")
    with piped.open("w", encoding="utf-8") as pipe, logging_to(None, "debug", pipe):
        log.debug("this too", extra={"client": "c-1"})
        logging.getLogger().handlers[-1].handle(record("%d", "no number"))
    log.warning("nobody hears this")
    assert shown.read_text("ascii").endswith(" hello J\\xf6rg\n")
    said = lines(piped.read_text("utf-8"))
    assert (said[0]["message"], said[0]["client"]) == ("this too", "c-1")
    assert said[1]["message"] == "what tui.x says here does not fit its arguments"
    assert len(said) == 2


def test_a_file_is_the_owners_alone_and_is_changed_when_it_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "MAX_FILE", 1000)
    path = tmp_path / "server.log"
    with logging_to(path, "info"):
        for number in range(200):
            log.info("line %d of many", number)
    files = sorted(tmp_path.iterdir())
    assert [one.name for one in files] == ["server.log"] + [f"server.log.{n}" for n in range(1, 6)]
    for one in files:
        assert stat.S_IMODE(one.stat().st_mode) == 0o600
        assert one.stat().st_size <= 1000
    assert lines(path.read_text())[-1]["message"] == "line 199 of many"


def test_where_a_full_file_cannot_be_moved_away_it_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(logs, "MAX_FILE", 1000)
    path, in_the_way = tmp_path / "server.log", tmp_path / "server.log.5"
    in_the_way.mkdir()
    (tmp_path / "server.log.4").touch()
    with logging_to(path, "info"):
        for number in range(100):
            log.info("line %d of many", number)
    assert len(lines(path.read_text())) == 100
    [said] = capfd.readouterr().err.splitlines()
    assert str(path) in said
    in_the_way.rmdir()
    with logging_to(path, "info"):
        log.info("the first of another")
    assert [line["message"] for line in lines(path.read_text())] == ["the first of another"]
    assert len(lines((tmp_path / "server.log.1").read_text())) == 100


def test_a_pipe_is_never_full(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK)):
        file = RotatingFile(path, 10, 5)
        for _ in range(10):
            file.write(b"0123456789")
        file.close()
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_cannot_be_written_is_said_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "server.log"
    said = f"^--log-file {path}: cannot be written: No such"
    with pytest.raises(ServerError, match=said), logging_to(path, "info"):
        pass


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a disk that is always full")
def test_a_full_disk_is_said_once_and_harms_nobody(capfd: pytest.CaptureFixture[str]) -> None:
    with logging_to(Path("/dev/full"), "info"):
        for number in range(100):
            log.info("line %d", number)
    said = capfd.readouterr().err
    assert said.count("No space left") == 1
    assert len(said.splitlines()) == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a disk that is always full")
def test_once_there_is_room_again_lines_are_written_again(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "server.log"
    path.symlink_to("/dev/full")
    file = logs._File(path)
    file.write(["lost"])
    path.unlink()
    file.write(["kept"])
    file.close()
    assert path.read_text() == "kept\n"
    assert "No space left" in capfd.readouterr().err


def test_a_pipe_that_nobody_reads_stops_nobody() -> None:
    reading, writing = os.pipe()
    stream = os.fdopen(writing, "w", closefd=False)
    with os.fdopen(reading) as other, logging_to(None, "info", stream):
        for number in range(300):
            log.info("line %d %s", number, "x" * 1000)
        first = [json.loads(other.readline()) for _ in range(10)]
        other.close()
    assert [one["message"][:8] for one in first] == [f"line {n} x" for n in range(10)]
    with suppress(BrokenPipeError):
        stream.close()
    os.close(writing)
