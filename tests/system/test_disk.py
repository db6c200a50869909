"""A journal on a disk that is full, and one that is broken."""

import asyncio
import resource
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from tests.support.frames import TOKEN, frame, log, messages
from tests.support.history import positions, read_streams
from tests.support.raw import RawSocket, open_raw
from tests.support.served import Served

MIB = 1024 * 1024


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    (tmp_path / "journal").mkdir()
    return tmp_path / "journal" / "events.db"


@pytest.fixture
def served(tmp_path: Path, journal: Path) -> Iterator[Served]:
    options = ["--journal", str(journal), "--rate-limits", "off"]
    with Served(tmp_path, *options, http=True) as one:
        yield one


def limit_files(served: Served, size: int) -> None:
    """Let no file of the server's grow beyond so many bytes, as on a disk without more room."""
    resource.prlimit(served.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


async def answers(raw: RawSocket, *ids: str) -> list[dict[str, Any]]:
    """Publish events of 10 KB, and hear what becomes of them."""
    raw.send(b"[" + b",".join(log(id_, message="x" * 10_000) for id_ in ids) + b"]")
    heard: list[dict[str, Any]] = []
    answered = 0
    while answered < len(ids):
        payload = await raw.frame()
        assert payload is not None, f"closed: {raw.ending}"
        for message in messages([payload]):
            if message["type"] in ("publish_ack", "error"):
                heard.append(message)
                answered += len(message["data"].get("ids", [1]))
    return heard


async def status(served: Served, path: str) -> int:
    def get() -> int:
        try:
            with urlopen(f"{served.http_url}{path}", timeout=10) as answer:  # noqa: S310 - http
                return int(answer.status)
        except HTTPError as error:
            return error.code

    return await asyncio.to_thread(get)


@pytest.mark.skipif(sys.platform != "linux", reason="no limit for a process that already runs")
async def test_a_full_disk_is_said_and_got_over(served: Served) -> None:
    stored: list[str] = []
    assert await status(served, "/readyz") == 200
    limit_files(served, 2 * MIB)
    async with await open_raw(served.url, TOKEN, v1=True) as raw:
        refused = await publish_until_refused(raw, stored)
        assert {one["data"]["code"] for one in refused} == {"unavailable"}
        assert all(one["data"]["retryAfterMs"] > 0 for one in refused)
        assert await status(served, "/readyz") == 503
        assert await status(served, "/healthz") == 200
        raw.send(frame("ping"))
        [pong] = messages([await raw.frame() or b""])
        assert pong["type"] == "pong"

        limit_files(served, resource.RLIM_INFINITY)
        again = [one["metadata"]["correlationId"] for one in refused]
        async with asyncio.timeout(30):
            while again:
                heard = await answers(raw, *again)
                stored += ids_of(heard)
                again = [id_ for id_ in again if id_ not in stored]
                if again:  # as every publisher does
                    await asyncio.sleep(heard[-1]["data"]["retryAfterMs"] / 1000)
    assert await status(served, "/readyz") == 200
    assert (await read_streams(served.url))["agent"].ids == stored
    served.kill()
    served.start()
    assert (await read_streams(served.url))["agent"].ids == stored
    assert "Traceback" not in served.said


async def publish_until_refused(raw: RawSocket, stored: list[str]) -> list[dict[str, Any]]:
    for number in range(1_000):
        ids = [f"e-{number}-{n}" for n in range(10)]
        heard = await answers(raw, *ids)
        stored += ids_of(heard)
        if refused := [one for one in heard if one["type"] == "error"]:
            # After the first of a frame the rest is refused likewise, so that order is kept.
            assert [one["metadata"]["correlationId"] for one in refused] == ids[-len(refused) :]
            return refused
    raise AssertionError("the disk never became full")


def ids_of(heard: list[dict[str, Any]]) -> list[str]:
    """What was acknowledged."""
    return [id_ for one in heard for id_ in one["data"].get("ids", ())]


def spoil(journal: Path, harm: str) -> bytes:
    """Do the journal harm; what is in the file then."""
    broken = bytearray(journal.read_bytes())
    if harm == "overwritten":
        broken[100 : len(broken) // 2] = bytes(len(broken) // 2 - 100)
    elif harm == "cut short":
        del broken[len(broken) // 3 :]
    else:
        broken = bytearray(bytes(range(256)) * 100)
    journal.write_bytes(broken)
    for beside in journal.parent.glob(f"{journal.name}-*"):
        beside.unlink()
    return bytes(broken)


@pytest.mark.parametrize("harm", ["overwritten", "cut short", "no journal at all"])
async def test_a_broken_journal_is_moved_aside_and_said(
    served: Served, journal: Path, harm: str
) -> None:
    async with await open_raw(served.url, TOKEN, v1=True) as raw:
        for number in range(20):
            await answers(raw, *(f"e-{number}-{n}" for n in range(10)))
        before = await positions(raw)
    served.terminate()
    broken = spoil(journal, harm)
    told = len(served.said)
    served.start()
    said = served.said[told:]
    [kept] = (one for one in journal.parent.iterdir() if one.read_bytes() == broken)
    assert kept != journal
    assert str(journal) in said
    assert str(kept) in said
    assert "Traceback" not in said
    async with await open_raw(served.url, TOKEN, v1=True) as raw:
        raw.send(frame("subscribe", {"subscriptionId": "s", "resume": before}))
        has_gap = False
        while not has_gap:
            heard = messages([await raw.frame() or b"[]"])
            assert heard, f"closed: {raw.ending}"
            has_gap = any(one["data"].get("status") == "gap" for one in heard)
    after = await read_streams(served.url)
    assert after["agent"].epoch != before["agent"]["epoch"]
    assert after["agent"].ids == []
