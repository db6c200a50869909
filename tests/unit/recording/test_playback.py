"""When the events of a recording are due, and what its clock says meanwhile."""

import json
from pathlib import Path

import pytest

from tests.unit.recording.files import envelope, write
from tui.recording import Playback, RecordingError
from tui.recording.playback import IDLE, Schedule, moment

NOON = 1_700_000_000.0


class Time:
    """A clock that sleeping moves, and nothing else."""

    def __init__(self) -> None:
        self.now = 50.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def dues(schedule: Schedule, *moments: float | None) -> list[float]:
    """When events of these moments (seconds) are due."""
    return [schedule.due(None if one is None else one * 1000) for one in moments]


@pytest.mark.parametrize("speed", [0.01, 0.5, 1.0, 2.0, 1000.0])
def test_events_are_due_as_they_came_so_much_faster(speed: float) -> None:
    due = dues(Schedule(speed), NOON, NOON + 1, NOON + 1, NOON + 4.5)
    assert due == pytest.approx([0, 1 / speed, 1 / speed, 4.5 / speed])


def test_a_stretch_without_events_is_shortened_and_the_clock_hurries_through_it() -> None:
    schedule = Schedule(2.0)
    assert dues(schedule, NOON, NOON + 7200) == pytest.approx([0, IDLE / 2])
    assert schedule.clock(IDLE / 4) == pytest.approx((NOON + 3600) * 1000)
    assert schedule.clock(IDLE / 2) == pytest.approx((NOON + 7200) * 1000)
    assert dues(schedule, NOON + 7201) == pytest.approx([IDLE / 2 + 0.5])


def test_the_clock_runs_between_events_and_not_beyond_the_next() -> None:
    schedule = Schedule(2.0)
    dues(schedule, NOON, NOON + 4)
    seconds = [schedule.clock(elapsed) / 1000 - NOON for elapsed in (-1, 0, 0.5, 1.5, 2, 60)]
    assert seconds == pytest.approx([0, 0, 1, 3, 4, 4])


def test_an_event_that_is_a_little_older_is_due_at_once_and_moves_no_clock() -> None:
    schedule = Schedule(1.0)
    assert dues(schedule, NOON, NOON + 2, NOON + 1) == pytest.approx([0, 2, 2])
    assert schedule.clock(2) == (NOON + 2) * 1000
    assert dues(schedule, NOON + 3) == pytest.approx([3])


def test_one_wrong_clock_hurries_nothing_that_comes_after_it() -> None:
    due = dues(Schedule(1.0), NOON, NOON + 1e8, NOON + 1, NOON + 2)
    assert due == pytest.approx([0, IDLE, IDLE, IDLE + 1])


def test_a_clock_that_was_set_back_is_followed() -> None:
    schedule = Schedule(1.0)
    assert dues(schedule, NOON, NOON - 3600) == pytest.approx([0, 0])
    assert schedule.clock(0) == (NOON - 3600) * 1000
    assert dues(schedule, NOON - 3599) == pytest.approx([1])


def test_what_has_no_moment_is_due_at_once() -> None:
    schedule = Schedule(1.0)
    assert schedule.clock(3) == 0
    assert dues(schedule, None, NOON, None, NOON + 1) == pytest.approx([0, 0, 0, 1])


@pytest.mark.parametrize(
    ("fields", "when"),
    [
        ({"timestamp": 5, "metadata": {"recorded": 7.5}}, 7.5),
        ({"timestamp": 5, "metadata": {"offset": 3}}, 5),
        ({"timestamp": 5, "metadata": None}, 5),
        ({"timestamp": 5, "metadata": {"recorded": "7"}}, 5),
        ({"timestamp": 5, "metadata": {"recorded": 1e300}}, 5),
        ({"timestamp": 10**400, "metadata": {"recorded": True}}, None),
        ({"timestamp": float("nan")}, None),
        ({}, None),
    ],
)
def test_a_moment_is_when_it_was_recorded_or_else_its_timestamp(
    fields: dict[str, object], when: float | None
) -> None:
    assert moment(fields) == when


async def played(path: Path, time: Time, speed: float) -> list[tuple[float, str, float]]:
    """Each event's time since the beginning, its id, and what the recorded clock said (seconds)."""
    playback = Playback(path, speed, monotonic=time, sleep=time.sleep)
    begun = time.now
    return [
        (time.now - begun, json.loads(raw)["id"], playback.clock() / 1000 - NOON)
        async for raw in playback
    ]


async def test_a_recording_is_played_on_time(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    moments = [0.0, 0.0, 3.0, 2.9, 10_000.0, 10_001.0]
    write(path, [envelope(n, at=NOON + at) for n, at in enumerate(moments)])
    assert await played(path, Time(), 2.0) == [
        (0, "e-0", 0),
        (0, "e-1", 0),
        (1.5, "e-2", 3),
        (1.5, "e-3", 3),
        (1.5 + IDLE / 2, "e-4", 10_000),
        (2 + IDLE / 2, "e-5", 10_001),
    ]


async def test_who_is_late_catches_up_and_lets_others_work_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    write(path, [envelope(n, at=NOON + n / 100) for n in range(1000)])
    time = Time()
    playback = Playback(path, monotonic=time, sleep=time.sleep)
    async for raw in playback:
        if json.loads(raw)["id"] == "e-0":
            time.now += 5.0
        elif time.now < 55.3:
            time.now += 0.002
    assert time.slept.count(0.0) > 30
    assert time.now == pytest.approx(50 + 9.99)


def test_the_clock_stands_at_the_first_event_until_it_begins(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    write(path, [envelope(1, at=NOON), envelope(2, at=NOON + 9)])
    playback = Playback(path)
    assert playback.clock() == NOON * 1000
    playback.close()


def test_what_cannot_be_replayed_is_said_at_once(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with pytest.raises(RecordingError, match="no such file"):
        Playback(path)
    path.touch()
    with pytest.raises(RecordingError, match="no event in it"):
        Playback(path)
