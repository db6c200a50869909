"""The journal while it is used: what happens to its file, and who else wants it."""

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from tests.support.disk import no_room_on_disk
from tests.support.frames import draft, log, status
from tui.protocol.errors import ErrorCode, ProtocolError
from tui.server.brokers import Outcome, Stored
from tui.server.brokers.journal import JournalBroker, writer
from tui.server.brokers.journal import log as journal_log
from tui.server.brokers.journal.segment import MalformedError
from tui.server.config import ServerError

WHOLE = 10**9


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture(autouse=True)
def _nothing_is_left_behind() -> Iterator[None]:
    yield
    assert [one.name for one in threading.enumerate() if one.name.startswith("autosdlc")] == []


@pytest.fixture
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What failed is tried again at once."""
    monkeypatch.setattr(writer, "RETRY_SECONDS", 0.02)


async def publish(broker: JournalBroker, *raws: bytes) -> list[Outcome]:
    answered: asyncio.Future[Sequence[Outcome]] = asyncio.get_running_loop().create_future()
    broker.publish([draft(raw) for raw in raws], answered.set_result)
    return list(await answered)


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what happens in other threads, and tells nobody."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def ids(broker: JournalBroker, after: int = 0) -> list[str]:
    found: list[Stored] = []
    while (at := found[-1].offset if found else after) < broker.position("agent").offset:
        page = await broker.read("agent", at, 64 * 1024)
        if not page.events:
            break
        found += page.events
    offsets = [one.offset for one in found]
    assert offsets == list(range(offsets[0], offsets[0] + len(offsets))) if offsets else True
    return [json.loads(one.plain)["id"] for one in found]


def refusal(outcomes: Sequence[Outcome]) -> ProtocolError:
    """Why all of them were refused, for now."""
    assert all(isinstance(one, ProtocolError) for one in outcomes)
    [(code, why)] = {(one.code, one.message) for one in outcomes if one}
    assert code is ErrorCode.UNAVAILABLE
    first = outcomes[0]
    assert first is not None
    assert first.message == why
    assert first.retry_after_ms
    return first


# Whose the file is


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


# The end


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


async def test_a_broker_that_was_never_opened_can_be_closed(path: Path) -> None:
    await JournalBroker(path).aclose()
    assert list(path.parent.iterdir()) == []


def test_a_journal_survives_being_killed_again_and_again(path: Path) -> None:
    acknowledged: list[str] = []
    for round_ in range(4):
        command = [sys.executable, "-m", "tests.support.publisher", str(path), f"r{round_}"]
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


# The disk


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
        again = [publish(broker, log(f"e-{n}")) for n in (99, 100)]
        assert await asyncio.gather(*again) == [[None], [None]]


# A file that breaks


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


async def until_stored(broker: JournalBroker, raw: bytes) -> None:
    """As a publisher does: what is refused for now is sent again."""
    async with asyncio.timeout(10):
        while (outcomes := await publish(broker, raw)) != [None]:
            refusal(outcomes)
            await asyncio.sleep(0.005)


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
