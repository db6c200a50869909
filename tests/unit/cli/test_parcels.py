"""Lines of a file as events to be sent again."""

import asyncio
import gzip
import os
from pathlib import Path
from typing import Any

import orjson
import pytest

from tui.cli.parcels import Parcel, count_after, parcels
from tui.protocol.limits import MAX_CLIENT_RECEIVE

EVENT = {
    "id": "old",
    "type": "agent_log",
    "timestamp": 5,
    "data": {"x": 1},
    "metadata": {"source": "s", "correlationId": "c", "offset": 7, "replayed": True},
}


def written(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    return str(path)


async def read(path: Path, content: bytes, *, keep_time: bool = False) -> dict[int, Any]:
    found = parcels(written(path, content), keep_time=keep_time)
    return {number: one async for number, one in found}


async def test_what_an_event_says_is_kept_and_what_it_was_is_not(tmp_path: Path) -> None:
    line = orjson.dumps(EVENT)
    path = tmp_path / "events"
    assert await read(path, line) == {1: Parcel("agent_log", {"x": 1}, "s", "c", None)}
    assert (await read(path, line, keep_time=True))[1].timestamp == 5


async def test_an_event_of_one_of_several_servers_is_taken_out_of_its_line(
    tmp_path: Path,
) -> None:
    """As `tail --json` prints it."""
    line = orjson.dumps({"server": "ws://a/ws", "event": EVENT})
    found = await read(tmp_path / "events", line)
    assert found == {1: Parcel("agent_log", {"x": 1}, "s", "c", None)}


@pytest.mark.parametrize("name", ["events", "events.GZ"])
async def test_lines_are_numbered_as_an_editor_does(tmp_path: Path, name: str) -> None:
    line = orjson.dumps(EVENT)
    content = b"\n" + line + b"\r\n\n  \nrubbish\n" + line
    if name.endswith("GZ"):
        content = gzip.compress(content)
    found = await read(tmp_path / name, content)
    assert [number for number, one in found.items() if isinstance(one, Parcel)] == [2, 6]
    assert found[5].startswith("not JSON: ")
    assert found.keys() == {2, 5, 6}
    assert count_after(str(tmp_path / name), 2) == 2
    assert count_after("-", 2) == 0


async def test_that_a_compressed_file_is_cut_off_is_said_after_all_that_is_in_it(
    tmp_path: Path,
) -> None:
    lines = (orjson.dumps(EVENT) + b"\n") * 3
    name = written(tmp_path / "events.gz", gzip.compress(lines)[:-8])
    *events, last = [one async for one in parcels(name, keep_time=False)]
    assert [number for number, _ in events] == [1, 2, 3]
    assert last == (3, "its end is cut off")


async def test_a_named_pipe_is_read_from_its_first_writer_on(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    found = parcels(str(path), keep_time=False)
    first = asyncio.ensure_future(anext(found))
    async with asyncio.timeout(10):
        writer = await opened(path)
        os.write(writer, orjson.dumps(EVENT) + b"\n")
        assert await first == (1, Parcel("agent_log", {"x": 1}, "s", "c", None))
        os.close(writer)
        assert [one async for one in found] == []
    with pytest.raises(OSError, match="No such device"):  # nobody has it open for reading
        os.open(path, os.O_WRONLY | os.O_NONBLOCK)


async def opened(fifo: Path) -> int:
    """Its writing end, once there is a reader."""
    while True:
        try:
            return os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            await asyncio.sleep(0.001)


@pytest.mark.parametrize("line", [b"", b"rubbish"])
async def test_lines_without_an_event_do_not_keep_the_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: bytes
) -> None:
    monkeypatch.setattr("tui.cli.parcels.SLICE", 0)
    reading = asyncio.create_task(read(tmp_path / "events", (line + b"\n") * 100))
    for _ in range(50):
        await asyncio.sleep(0)
    assert not reading.done()
    await reading


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b'{"type":"agent_log"', "not JSON"),
        (b'[{"type":"agent_log"}]', "no event"),
        (b"3", "no event"),
        (b'{"data":{}}', "no event"),
        (b'{"type":7}', "no event"),
        (b'{"type":"agent_log","data":"?","metadata":{"encrypted":true}}', "encrypted"),
        (b'{"type":"agent_log","data":{"x":NaN}}', "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b'{"type":"agent_log","data":{"x":' + b"9" * 5000 + b"}}", "a number or a nesting"),
        (b'{"type":"' + b"x" * MAX_CLIENT_RECEIVE + b'"}', "longer than 1,048,576 bytes"),
    ],
)
async def test_what_holds_no_event_is_told_why(tmp_path: Path, line: bytes, said: str) -> None:
    assert said in (await read(tmp_path / "events", line))[1]


async def test_no_digit_is_lost_in_silence(tmp_path: Path) -> None:
    """What cannot be published is refused later on, rather than changed here."""
    line = b'{"type":"agent_log","data":{"x":123456789012345678901234567890}}'
    found = await read(tmp_path / "events", line)
    assert found[1].data == {"x": 123456789012345678901234567890}
