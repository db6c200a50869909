"""Lines of a file as events to be sent again."""

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


async def test_lines_are_numbered_as_an_editor_does(tmp_path: Path) -> None:
    line = orjson.dumps(EVENT)
    found = await read(tmp_path / "events", b"\n" + line + b"\r\n\n  \nrubbish\n" + line)
    assert [number for number, one in found.items() if isinstance(one, Parcel)] == [2, 6]
    assert found[5].startswith("not JSON: ")
    assert count_after(str(tmp_path / "events"), 2) == 2
    assert count_after("-", 2) == 0


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
