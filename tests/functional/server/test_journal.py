"""The journal's file: who may have it, and what is in it after the end."""

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.functional.server.journals import WHOLE, ids, publish, refusal, until
from tests.support.disk import no_room_on_disk
from tests.support.frames import draft, log
from tui.server.brokers import Outcome
from tui.server.brokers.journal import JournalBroker
from tui.server.brokers.journal import log as journal_log
from tui.server.brokers.journal.retention import Retention
from tui.server.config import ServerError


async def test_a_journal_in_use_is_not_opened_by_another(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_log, "PATIENCE_SECONDS", 0.1)
    link = path.with_name("link.db")
    async with JournalBroker(path) as broker:
        link.symlink_to(path)
        for name in (path, link):
            with pytest.raises(
                ServerError, match=f"{path} is in use by process {os.getpid()}; stop"
            ):
                await JournalBroker(name).open()
        assert await publish(broker, log("e-1")) == [None]
    async with JournalBroker(link) as broker:
        assert await ids(broker) == ["e-1"]


async def test_the_next_server_waits_for_the_one_that_is_about_to_end(path: Path) -> None:
    first = JournalBroker(path)
    await first.open()
    await publish(first, log("e-1"))
    second = JournalBroker(path)
    opening = asyncio.create_task(second.open())
    await asyncio.sleep(0)
    await first.aclose()
    await opening
    assert await ids(second) == ["e-1"]
    await second.aclose()


def _newer(path: Path) -> None:
    asyncio.run(_touch(path))
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 99")


async def _touch(path: Path) -> None:
    async with JournalBroker(path):
        pass


def _others(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE photo (name TEXT)")


UNUSABLE: dict[str, tuple[Callable[[Path], object], str]] = {
    "a directory": (Path.mkdir, "cannot be opened: Is a directory; name a file"),
    "of a newer version": (_newer, "newer version of autosdlc-tui; use that one, or"),
    "of another program": (_others, "another program's database; name another file"),
    "locked by a person": (Path.exists, "database is locked"),
}


@pytest.mark.parametrize("what", UNUSABLE)
def test_a_file_that_is_not_to_be_used_is_named_and_left_as_it_is(
    path: Path, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.server.brokers.journal.file.WAIT_SECONDS", 0.1)
    prepare, said = UNUSABLE[what]
    prepare(path)
    with closing(sqlite3.connect(":memory:")) as person:
        if what == "locked by a person":
            person.execute("ATTACH ? AS journal", (str(path),))
            person.execute("BEGIN EXCLUSIVE")
        before = path.read_bytes() if path.is_file() else None
        with pytest.raises(ServerError, match=said) as caught:
            asyncio.run(_touch(path))
        assert str(path) in str(caught.value)
        assert (path.read_bytes() if path.is_file() else None) == before
    assert list(path.parent.glob("*.corrupt-*")) == []
    assert list(path.parent.glob("*-lock")) == []


async def test_a_place_where_nothing_can_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ServerError, match=r"file/journal\.db cannot be opened: .*directory"):
        await JournalBroker(tmp_path / "file" / "journal.db").open()


async def test_a_directory_that_is_missing_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "state" / "autosdlc" / "journal.db"
    async with JournalBroker(path) as broker:
        assert await publish(broker, log("e-1")) == [None]
    assert path.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
@pytest.mark.parametrize("what", ["directory", "file"])
async def test_what_may_not_be_written_is_named(path: Path, what: str) -> None:
    await _touch(path)
    target, mode = (path, 0o400) if what == "file" else (path.parent, 0o500)
    target.chmod(mode)
    try:
        with pytest.raises(ServerError, match=f"{path} cannot be opened: .*ermission"):
            await JournalBroker(path).open()
    finally:
        target.chmod(0o700)


async def test_no_room_for_a_new_journal_is_said(path: Path) -> None:
    with no_room_on_disk(), pytest.raises(ServerError, match=f"{path} cannot be opened: .*disk"):
        await JournalBroker(path).open()


async def test_what_was_published_before_the_end_is_answered_and_then_nothing_more(
    path: Path,
) -> None:
    broker = JournalBroker(path, ring_bytes=1000)
    await broker.open()
    await publish(broker, log("e"), log("f"), log("g"))
    assert await ids(broker) == ["e", "f", "g"]  # some of them from the file
    answers: list[list[Outcome]] = []
    for n in range(200):
        drafts = [draft(log(f"e-{n}-{m}")) for m in range(10)]
        broker.publish(drafts, lambda outcomes: answers.append(list(outcomes)))
    assert broker.lag >= 0
    await broker.aclose()
    assert answers == [[None] * 10] * 200
    assert broker.lag == 0
    assert "going away" in refusal(await publish(broker, log("late"))).message
    page = await broker.read("agent", 0, WHOLE)
    assert [one.offset for one in page.events] == [2003]  # what is left in memory
    assert await broker.since("agent", 0) == page.first - 1
    await broker.aclose()
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    async with JournalBroker(path) as again:
        assert len(await ids(again)) == 2003


async def test_a_file_that_is_smaller_than_memory_loses_nothing_that_is_in_memory(
    path: Path,
) -> None:
    def kept() -> int:
        with closing(sqlite3.connect(path)) as db:
            [(first,)] = db.execute("SELECT first FROM stream WHERE name = 'agent'").fetchall()
        return int(first)

    small = Retention(size=200_000)
    async with JournalBroker(path, ring_bytes=400_000, retention=small) as broker:
        for n in range(500):
            await publish(broker, log(f"e-{n}", message="x" * 1000))
        await until(lambda: kept() > 350)
        first = (await broker.read("agent", 0, 1)).first
        assert 1 < first < 300
        assert await ids(broker) == [f"e-{n}" for n in range(first - 1, 500)]
        assert await broker.since("agent", 0) == first - 1
    async with JournalBroker(path) as broker:
        page = await broker.read("agent", 0, WHOLE)
        assert page.first == page.events[0].offset == kept()


async def test_a_broker_that_was_never_opened_can_be_closed(path: Path) -> None:
    await JournalBroker(path).aclose()
    assert list(path.parent.iterdir()) == []


def test_a_journal_survives_being_killed_again_and_again(path: Path) -> None:
    acknowledged: list[str] = []
    for round_ in range(4):
        command = [sys.executable, "-m", "tests.support.journalling", str(path), f"r{round_}"]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            for _ in range(20 + 37 * round_):
                acknowledged += json.loads(child.stdout.readline())
            child.kill()
            for line in child.stdout.read().splitlines(keepends=True):
                if line.endswith(b"\n"):  # the last may be cut
                    acknowledged += json.loads(line)
    asyncio.run(_holds(path, acknowledged))


async def _holds(path: Path, acknowledged: list[str]) -> None:
    async with JournalBroker(path) as broker:
        found = await ids(broker)
        assert len(found) == len(set(found)) == broker.position("agent").offset
        assert set(acknowledged) <= set(found)
        # Each killed process leaves a few that were stored, and not yet acknowledged.
        assert len(found) - len(acknowledged) <= 4 * 5 * 20
        for round_ in range(4):
            its = [one for one in found if one.startswith(f"r{round_}-")]
            assert its == [f"r{round_}-{n}" for n in range(len(its))]
        newest: dict[str, str] = {}
        for one in found:
            number = int(one.partition("-")[2])
            if number % 2 == 0:
                newest[f"coder-{number % 7}"] = one
        state = {one.key: json.loads(one.plain)["id"] for one in broker.snapshot("agent")}
        assert state == newest
