"""A recording on the screen, by its own clock, without a server."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.support.dashboard import Screen
from tests.support.events import START, event, log, status
from tui.app import AutosdlcApp
from tui.feed import Plan
from tui.protocol.codec import encode
from tui.protocol.models import Message
from tui.recording import Playback, Recorder
from tui.widgets.rows import RowView

DEMO = Path(__file__).parents[2] / "recordings" / "demo.jsonl.gz"
"""The demo's first story, which takes 72 seconds."""


pytestmark = pytest.mark.usefixtures("utc")


@asynccontextmanager
async def shown(playback: Playback, **options: int) -> AsyncIterator[Screen]:
    app = AutosdlcApp(Plan(replay=playback))
    size = (options.get("columns", 120), options.get("rows", 40))
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield Screen(app, pilot)


class Time:
    """Seconds that pass only when they are slept through, up to a moment; there they stand."""

    def __init__(self, upto: float) -> None:
        self.now = 0.0
        self.upto = upto
        self.stands = asyncio.Event()

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        if self.now + seconds > self.upto:
            self.now = self.upto
            self.stands.set()
            await asyncio.Event().wait()
        self.now += seconds
        await asyncio.sleep(0)


def recorded(path: Path, *events: Message | bytes) -> Path:
    """A recording of these events, and whatever other lines."""
    with Recorder(path) as recorder:
        for one in events:
            recorder.write(one if isinstance(one, bytes) else encode(one))
    return path


async def test_a_recorded_demo_is_told_to_its_end() -> None:
    async with shown(Playback(DEMO, 1000)) as screen:
        await screen.shows("■ REPLAY ended 2026-11-28", "coder-001", "○5", "nobody needs you")
        await screen.shows("maintenance 1/3 failed", "✗ Contract tests", "PR#213")
        await screen.lacks("stale")
        assert not screen.app.screen.query_one("#agents", RowView).stale
        ended = screen.app.store.agents.by_id["tester-001"]
        assert (ended.status, screen.app.store.tdd.failing()) == ("idle", 0)
        await screen.press("q")
    assert screen.app.return_code == 0


async def test_half_way_it_shows_what_was_so_then_by_the_recorded_clock() -> None:
    clock = Time(upto=13.0)
    async with shown(Playback(DEMO, 2, monotonic=clock, sleep=clock.sleep)) as screen:
        await clock.stands.wait()
        begun = next(iter(screen.app.store.logs.lines)).at
        asked = screen.app.store.agents.by_id["coder-001"]
        await screen.shows("▶ REPLAY 2x 2026-11-28", "‼1 needs you", "alembic upgrade head")
        waited = screen.app._clock() - asked.since
        assert screen.app._clock() - begun == pytest.approx(26_000, abs=1_500)
        shown_time = time.strftime("%H:%M:%S", time.gmtime(screen.app._clock() / 1000))
        await screen.shows(shown_time, f"{int(waited / 1000)}s")
        await screen.press("q")
    assert screen.app.return_code == 0


async def test_before_its_first_event_the_clock_stands_where_the_recording_begins(
    tmp_path: Path,
) -> None:
    path = recorded(tmp_path / "e.jsonl", status("coder-7", "busy"), log("coder-7", "late", 3600))
    clock = Time(upto=1.0)
    async with shown(Playback(path, monotonic=clock, sleep=clock.sleep)) as screen:
        await clock.stands.wait()
        await screen.shows("▶ REPLAY 1x 2023-11-14", "coder-7")
        # An hour without events takes five seconds, so one of them is twelve minutes.
        assert screen.app._clock() == START + 720_000
        await screen.shows("22:25:20", "12m")
        await screen.lacks("late")


async def test_what_cannot_be_read_is_skipped_and_said_in_the_logs(tmp_path: Path) -> None:
    lines = (
        status("coder-7", "busy"),
        b"no event",
        b'{"type":"agent_status","id":"x","timestamp":1,"data":{}}',
        b'{"type":"pong","id":"x","timestamp":1,"data":{}}',
        b'{"type":"agent_dream","id":"x","timestamp":1,"data":{"of":"sheep"}}',
        b'{"type":"agent_log","id":"cut',
    )
    path = recorded(tmp_path / "events.jsonl", *lines)
    path.write_bytes(path.read_bytes()[:-1])
    async with shown(Playback(path, 1000)) as screen:
        await screen.shows("■ REPLAY ended", "coder-7", "agent_dream", "sheep")
        await screen.press("5", "5")
        await screen.shows("2 lines cannot be read (the first is line 2); its end is cut off")
        assert screen.app.store.events == 2


async def test_hostile_text_in_a_recording_does_no_harm(tmp_path: Path) -> None:
    evil = "[/x]\x1b]0;owned\x07\x1b[2J\u202edone"
    path = recorded(
        tmp_path / "events.jsonl",
        status("coder-7", "busy", reason=evil),
        event("agent_log", {"agentId": "a", "level": "info", "message": evil, "timestamp": 8e15}),
        b'{"type":"agent_log","id":"y","timestamp":-8e15,"metadata":{"recorded":8.6e15},'
        b'"data":{"agentId":"a","level":"info","message":"far","timestamp":-8e15}}',
    )
    async with shown(Playback(path, 1000)) as screen:
        await screen.shows("■ REPLAY ended", "[/x]", "done", "far")
        assert "\x1b" not in screen.text


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (60, 20), (200, 60)])
async def test_the_top_line_says_that_it_is_a_replay_at_every_size(columns: int, rows: int) -> None:
    async with shown(Playback(DEMO, 1000), columns=columns, rows=rows) as screen:
        await screen.shows("REPLAY ended")
        assert "REPLAY ended" in screen.text.splitlines()[0]


async def test_left_half_way_it_leaves_nothing_open() -> None:
    clock = Time(upto=5.0)
    playback = Playback(DEMO, monotonic=clock, sleep=clock.sleep)
    async with shown(playback) as screen:
        await clock.stands.wait()
        await screen.press("r", "q")
    assert screen.app.return_code == 0
    assert "replay" not in [task.get_name() for task in asyncio.all_tasks()]
    with pytest.raises(StopIteration):
        next(playback._read)
