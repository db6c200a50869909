"""The journal on a disk that is full, stalls, or breaks its file."""

import asyncio
import os
import sqlite3
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from tests.functional.server.journals import WHOLE, ids, publish, refusal, until, until_stored
from tests.support.disk import no_room_on_disk
from tests.support.frames import draft, log, status
from tests.support.memory import drafts_in_memory
from tui.server.brokers import Outcome, Stored
from tui.server.brokers.journal import JournalBroker, file, writer
from tui.server.brokers.journal.segment import MalformedError


@pytest.fixture
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What failed is tried again at once."""
    monkeypatch.setattr(writer, "RETRY_SECONDS", 0.02)


@pytest.mark.usefixtures("_soon")
async def test_a_full_disk_refuses_for_now_and_is_forgotten_when_there_is_room(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with JournalBroker(path) as broker:
        assert await publish(broker, log("e-1")) == [None]
        with no_room_on_disk(100_000):
            for _ in range(20):
                why = refusal(await publish(broker, log("e-2", message="x" * 200_000), log("e-3")))
            assert "the journal cannot be written: " in why.message
            assert why.message_id == "e-2"
            assert not broker.healthy
            assert await ids(broker) == ["e-1"]
            assert len([one for one in caplog.records if one.levelname == "ERROR"]) == 1
            assert str(path) in caplog.text
        await until(lambda: broker.healthy)  # though nobody publishes
        assert await publish(broker, log("e-1"), log("e-3"), log("e-2")) == [None] * 3
        assert await ids(broker) == ["e-1", "e-3", "e-2"]
    async with JournalBroker(path) as broker:
        assert await ids(broker) == ["e-1", "e-3", "e-2"]


async def test_a_disk_that_stalls_fills_the_queue_and_no_more(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.server.brokers.journal.QUEUE_BYTES", 20_000)
    before = sum(len(one.kept) for one in drafts_in_memory())
    async with JournalBroker(path) as broker:
        assert await publish(broker, log("e-0")) == [None]
        answers: dict[int, Sequence[Outcome]] = {}
        with closing(sqlite3.connect(path, isolation_level=None)) as person:
            person.execute("BEGIN IMMEDIATE")
            for n in range(1, 101):
                drafts = [draft(log(f"e-{n}", message="x" * 1000))]
                broker.publish(drafts, partial(answers.__setitem__, n))
            await until(lambda: broker.lag > 0.05)
            assert answers == {}
            del drafts
            assert sum(len(one.kept) for one in drafts_in_memory()) - before < 20_000
            assert broker.position("agent").offset == 1
            assert await ids(broker) == ["e-0"]
            person.execute("ROLLBACK")
        await until(lambda: len(answers) == 100)
        assert list(answers) == list(range(1, 101))
        stored = [n for n, outcomes in answers.items() if list(outcomes) == [None]]
        assert stored == list(range(1, len(stored) + 1))
        assert 5 < len(stored) < 20
        assert "more is published" in refusal(answers[100]).message
        assert await ids(broker) == [f"e-{n}" for n in (0, *stored)]
        assert broker.lag == 0
        again = [publish(broker, log(f"e-{n}", message="x" * 5000)) for n in (99, 100)]
        assert await asyncio.gather(*again) == [[None], [None]]


async def test_a_journal_that_closes_waits_once_for_a_disk_that_fails(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file, "WAIT_SECONDS", 0.3)
    monkeypatch.setattr(writer, "GROUP_BYTES", 1000)
    answers: dict[int, Sequence[Outcome]] = {}
    with closing(sqlite3.connect(path, isolation_level=None)) as person:
        async with JournalBroker(path) as broker:
            person.execute("BEGIN IMMEDIATE")
            for n in range(30):
                drafts = [draft(log(f"e-{n}", message="x" * 1000))]
                broker.publish(drafts, partial(answers.__setitem__, n))
            begun = time.monotonic()
        assert time.monotonic() - begun < 6  # and not thirty times as long
        assert list(answers) == list(range(30))
        assert all("cannot be written" in refusal(one).message for one in answers.values())
        person.execute("ROLLBACK")


async def test_a_journal_that_is_not_done_in_time_is_left_and_everyone_told(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    answers: list[Sequence[Outcome]] = []
    with closing(sqlite3.connect(path, isolation_level=None)) as person:
        broker = JournalBroker(path)
        await broker.open()
        person.execute("BEGIN IMMEDIATE")
        broker.publish([draft(log("e-1"))], answers.append)
        await broker.aclose(0.05)
        assert "takes too long" in refusal(answers[0]).message
        assert f"{path} is not done in time" in caplog.text
        person.execute("ROLLBACK")
    await until(lambda: not [one for one in threading.enumerate() if "autosdlc" in one.name])
    await asyncio.sleep(0)  # what the writer had to say reaches nobody
    assert len(answers) == 1


def _break(path: Path) -> None:
    """Let everything in the file be wrong that is not in its write-ahead log."""
    with path.open("r+b") as file:
        file.write(os.urandom(path.stat().st_size))


def _checkpoint(path: Path) -> None:
    with closing(sqlite3.connect(path)) as person:
        person.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


@pytest.mark.usefixtures("_soon")
@pytest.mark.parametrize("who", ["writer", "reader"])
async def test_a_file_that_breaks_meanwhile_is_replaced_and_nobody_loses_their_place(
    path: Path, who: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with JournalBroker(path, ring_bytes=3000) as broker:
        epoch = broker.position("agent").epoch
        delivered: list[Stored] = []
        broker.deliver = delivered.extend
        for n in range(20):
            await publish(broker, status(f"e-{n}", f"a-{n % 3}"))
        assert len(await ids(broker)) == 20
        _checkpoint(path)
        _break(path)
        if who == "reader":
            page = await broker.read("agent", 0, WHOLE)
            assert page.first > 10  # what is left in memory
            await until(lambda: bool(list(path.parent.glob("*.corrupt-*[0-9]"))))
        await until_stored(broker, status("e-20", "a-9"))
        assert (await publish(broker, status("e-3", "a-0"))) == [None]
        assert broker.healthy
        assert [one.offset for one in delivered] == list(range(1, 22))
        assert broker.position("agent") == (epoch, 21)
        assert [one.offset for one in broker.snapshot("agent")] == [18, 19, 20, 21]
        after = (await broker.read("agent", 0, WHOLE)).first - 1
        assert 0 < after < 21
        assert (await ids(broker, after))[-1] == "e-20"
        for n in range(21, 40):
            await publish(broker, log(f"e-{n}"))
        assert await ids(broker, 20) == [f"e-{n}" for n in range(20, 40)]
    [aside] = path.parent.glob("*.corrupt-*[0-9]")
    assert f"{path} is broken" in caplog.text
    assert str(aside) in caplog.text
    async with JournalBroker(path) as broker:
        assert broker.position("agent") == (epoch, 40)
        assert (await broker.read("agent", 0, WHOLE)).first == 21
        assert [one.offset for one in broker.snapshot("agent")] == [18, 19, 20, 21]


async def test_nobody_opens_a_broken_file_again_before_there_is_another(path: Path) -> None:
    async with JournalBroker(path, ring_bytes=0) as broker:
        await publish(broker, log("e-1"))
        broker.broken(ValueError("by the writer's word"))
        assert (await broker.read("agent", 0, WHOLE)).events == []
        assert await broker.since("agent", 0) == 1
        await publish(broker, log("e-2"))
        assert await ids(broker) == ["e-1", "e-2"]


async def test_late_word_of_a_file_that_was_replaced_is_not_heeded(path: Path) -> None:
    async with JournalBroker(path) as broker:
        assert broker._writer is not None
        number = broker._writer.files
        broker._writer.report(MalformedError("the first"), number)
        await until(lambda: bool(list(path.parent.glob("*.corrupt-*"))))
        await until_stored(broker, log("e-1"))
        broker._writer.report(MalformedError("the first, too"), number)
        assert await publish(broker, log("e-2")) == [None]
        assert await publish(broker, log("e-3")) == [None]
    assert len(list(path.parent.glob("*.corrupt-*"))) == 1
