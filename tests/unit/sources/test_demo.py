"""The demo's story: the same for a seed, valid, consistent with itself, and told on time."""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice, pairwise, takewhile
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.protocol.catalog import EVENTS
from tui.protocol.codec import build_event
from tui.protocol.models.base import Event
from tui.sources.demo.cast import CODER
from tui.sources.demo.mapping import Beat, dated, event_id, scenario
from tui.sources.demo.player import play
from tui.store.tdd.cycles import MINIMUM

SEEDS = st.integers(min_value=0, max_value=2**32)


def told(seed: int, seconds: float) -> list[Beat]:
    return list(takewhile(lambda beat: beat.at < seconds, scenario(seed)))


def of_type(beats: list[Beat], *types: str) -> list[Beat]:
    return [beat for beat in beats if beat.type in types]


def events(beats: list[Beat], seed: int) -> Iterator[Event]:
    for index, beat in enumerate(beats):
        yield build_event(
            beat.type,
            dated(beat.data, 1.7e12, 1.0),
            id_=event_id(seed, index),
            timestamp=1.7e12 + beat.at * 1000,
            source=beat.source,
        )


def test_the_same_seed_tells_the_same_story() -> None:
    assert told(7, 300) == told(7, 300)
    assert told(7, 300) != told(8, 300)


def test_ids_are_the_seeds_own_and_never_repeat() -> None:
    ids = [event_id(7, index) for index in range(1000)] + [event_id(8, i) for i in range(1000)]
    assert ids[:3] == [event_id(7, index) for index in range(3)]
    assert len(set(ids)) == 2000
    assert all(id_.startswith("evt-") for id_ in ids)


@given(SEEDS)
@settings(max_examples=10)
def test_all_event_types_come_early(seed: int) -> None:
    assert {beat.type for beat in told(seed, 75)} == set(EVENTS)


def test_the_first_moments_are_already_alive() -> None:
    start = told(0, 0.3)
    agents = {beat.data["agentId"]: beat.data for beat in of_type(start, "agent_status")}
    assert len(agents) == 5
    assert {data["agentType"] for data in agents.values()} == {
        "customer",
        "pm",
        "coder",
        "code-reviewer",
        "tester",
    }
    assert sum(data["status"] == "busy" for data in agents.values()) >= 3
    expected = {"agent_log", "tdd_phase_change", "test_result", "coverage_update"}
    assert expected | {"workflow_started", "deployment_status"} <= {beat.type for beat in start}
    assert all(beat.type == "agent_status" for beat in start[:5])


@given(SEEDS)
@settings(max_examples=5)
def test_ten_minutes_are_valid_small_and_in_order(seed: int) -> None:
    beats = told(seed, 600)
    assert [beat.at for beat in beats] == sorted(beat.at for beat in beats)
    for beat, event in zip(beats, events(beats, seed), strict=True):
        assert event.type == beat.type
        assert not event.model_extra
        assert len(orjson.dumps(beat.data)) < 16 * 1024


@pytest.mark.parametrize("seed", [0, 1, 99])
def test_the_rate_is_moderate_for_hours(seed: int) -> None:
    beats = told(seed, 7200)
    opening = len([beat for beat in beats if beat.at < 60]) / 60
    assert 4 <= opening <= 8
    for begin in range(60, 7200, 60):
        assert 2.5 <= len([b for b in beats if begin <= b.at < begin + 60]) / 60 <= 8
    assert max(Counter(int(beat.at) for beat in beats).values()) <= 40
    assert max(len(orjson.dumps(beat.data)) for beat in beats) < 16 * 1024


@given(SEEDS)
@settings(max_examples=5)
def test_test_totals_add_up(seed: int) -> None:
    files: dict[str, Mapping[str, Any]] = {}
    totals: list[int] = []
    for beat in of_type(told(seed, 900), "test_result", "tdd_phase_change"):
        if beat.type == "test_result":
            results = files[beat.data["testFile"]] = beat.data["results"]
            assert len(beat.data.get("failures", ())) == results["failing"]
        else:
            results = beat.data["testResults"]
            for name in ("total", "passing", "failing", "skipped"):
                assert results[name] == sum(file[name] for file in files.values())
            totals.append(results["total"])
        assert results["total"] == results["passing"] + results["failing"] + results["skipped"]
    assert totals == sorted(totals)
    assert totals[-1] > totals[0]


@given(SEEDS)
@settings(max_examples=5)
def test_phases_follow_each_other_and_mean_what_they_say(seed: int) -> None:
    following = {None: "refactor", "refactor": "red", "red": "green", "green": "refactor"}
    previous: Beat | None = None
    for beat in of_type(told(seed, 900), "tdd_phase_change"):
        data = beat.data
        assert data["agentId"] == CODER
        assert data["previousPhase"] == (previous.data["currentPhase"] if previous else None)
        assert data["currentPhase"] == following[data["previousPhase"]]
        assert (data["testResults"]["failing"] > 0) == (data["currentPhase"] == "red")
        if previous:
            assert data["duration"] == pytest.approx((beat.at - previous.at) * 1000, abs=1)
            assert data["duration"] > 1000
        previous = beat


@given(SEEDS)
@settings(max_examples=5)
def test_coverage_rises_in_the_first_minute_and_fits_its_files(seed: int) -> None:
    updates = of_type(told(seed, 900), "coverage_update")
    first_minute = [b.data["coverage"]["lines"] for b in updates if b.at < 60]
    assert first_minute == sorted(first_minute)
    assert first_minute[0] == pytest.approx(71, abs=1)
    assert first_minute[-1] == pytest.approx(94, abs=1)
    for beat in updates:
        assert all(0 <= figure <= 100 for figure in beat.data["coverage"].values())
        assert beat.data["files"][0]["path"] == beat.data["file"]
        assert beat.data["files"][0]["uncoveredLines"] == beat.data["uncoveredLines"]
        for file in beat.data["files"]:
            assert 0 <= file["lines"] <= 100
            assert (file["lines"] == 100) == (file["uncoveredLines"] == [])
            assert file["uncoveredLines"] == sorted(set(file["uncoveredLines"]))


@given(SEEDS)
@settings(max_examples=5)
def test_workflows_end_and_their_durations_are_the_storys(seed: int) -> None:
    beats = told(seed, 1500)
    open_runs: dict[str, list[str]] = {}
    started: dict[str, float] = {}
    step_started: dict[str, float] = {}
    ends: Counter[str] = Counter()
    for beat in beats:
        if not beat.type.startswith("workflow_"):
            continue
        run, data = beat.data["workflowId"], beat.data
        if beat.type == "workflow_started":
            assert run not in started
            open_runs[run] = [step["id"] for step in data["steps"]]
            assert all(step["name"] and step["agent"] for step in data["steps"])
            started[run] = step_started[run] = beat.at
        elif beat.type == "workflow_step_complete":
            assert data["stepId"] == open_runs[run].pop(0)
            assert data.get("nextStep") == (open_runs[run][0] if open_runs[run] else None)
            assert data["duration"] == pytest.approx((beat.at - step_started[run]) * 1000, abs=1)
            step_started[run] = beat.at
        else:
            ends[beat.type] += 1
            left = open_runs.pop(run)
            assert bool(left) == (beat.type == "workflow_failed")
            assert data["duration"] == pytest.approx((beat.at - started[run]) * 1000, abs=1)
    assert len(open_runs) <= 1  # the one under way when we stopped listening
    assert ends["workflow_complete"] > 3
    assert ends["workflow_failed"] >= 1


@given(SEEDS)
@settings(max_examples=5)
def test_alerts_are_resolved_within_two_minutes(seed: int) -> None:
    raised: dict[str, float] = {}
    alerts = of_type(told(seed, 1800), "system_alert")
    for beat in alerts:
        if beat.data.get("resolved"):
            assert beat.at - raised.pop(beat.data["alertId"]) < 120
        else:
            raised[beat.data["alertId"]] = beat.at
    assert len(raised) <= 1
    branch_coverage = alerts[0].data
    assert branch_coverage["severity"] == "high"
    assert "Branch coverage" in branch_coverage["title"]
    assert f"the minimum {MINIMUM:.0f} %" in branch_coverage["description"], (
        "as the TDD pane has it"
    )
    assert alerts[1].data["resolved"] is True
    assert alerts[1].at < 60


@given(SEEDS)
@settings(max_examples=5)
def test_agents_live_one_life_each(seed: int) -> None:
    status: dict[str, str] = {}
    task: dict[str, str | None] = {}
    progress: dict[str, float] = {}
    for beat in told(seed, 900):
        data = beat.data
        if beat.type == "agent_status":
            agent = data["agentId"]
            assert data.get("previousStatus") == status.get(agent)
            status[agent] = data["status"]
            current = data.get("currentTask")
            task[agent] = current["id"] if current else None
            assert (current is None) == (data["status"] == "idle")
            if current:
                assert 0 <= current["progress"] <= 100
                assert current["startTime"] <= beat.at * 1000 + 1
        elif beat.type == "agent_task_update":
            assert data["taskId"] == task[data["agentId"]]
            assert progress.get(data["taskId"], 0) <= data["progress"] <= 100
            assert status[data["agentId"]] == "busy"
            progress[data["taskId"]] = data["progress"]
        elif beat.type in ("agent_log", "agent_metric", "agent_error"):
            assert data["agentId"] in status


def test_the_coder_waits_for_a_person_for_twelve_seconds() -> None:
    waits = [
        (beat.at, following.at, beat.data["reason"])
        for beat, following in _pairs(
            [b for b in of_type(told(0, 60), "agent_status") if b.data["agentId"] == CODER]
        )
        if beat.data["status"] == "needs_input"
    ]
    [(since, until, reason)] = waits
    assert since == pytest.approx(20, abs=1)
    assert until - since == pytest.approx(12, abs=1)
    assert reason == "Bash: alembic upgrade head"


@given(SEEDS)
@settings(max_examples=5)
def test_metrics_wander_smoothly(seed: int) -> None:
    last: dict[str, dict[str, float]] = {}
    for beat in of_type(told(seed, 900), "agent_metric"):
        metrics = beat.data["metrics"]
        assert 0 <= metrics["cpuUsage"] <= 100
        before = last.get(beat.data["agentId"], metrics)
        assert abs(before["cpuUsage"] - metrics["cpuUsage"]) < 50
        assert abs(before["memoryUsage"] - metrics["memoryUsage"]) < 64 * 1024**2
        last[beat.data["agentId"]] = metrics
    assert len(last) == 5


def test_checks_of_a_pull_request_go_from_pending_to_an_end() -> None:
    pulls = [b.data for b in of_type(told(0, 60), "github_pr_update")]
    checks = [data["checks"] for data in pulls]
    assert checks[0]["pending"] == 4
    assert any(c["failed"] for c in checks)
    assert checks[-1] == {"passed": 4, "failed": 0, "pending": 0}
    assert all(sum(c.values()) == 4 for c in checks)
    assert pulls[-1]["merged"] is True


def _pairs(beats: list[Beat]) -> Iterator[tuple[Beat, Beat]]:
    return zip(beats, islice(beats, 1, None), strict=False)


class Stopped(Exception):  # noqa: N818 - how a test leaves an endless story
    pass


class Hall:
    """A clock that only `sleep` moves, and an audience that notes when it heard what.

    `slow` seconds pass in each publish up to the event `until`.
    """

    def __init__(self, length: int, *, slow: float = 0.0, until: int = 0) -> None:
        self.time = 1000.0
        self.heard: list[tuple[float, str, Mapping[str, Any], str | None, str | None]] = []
        self.slept: list[float] = []
        self._length, self._slow, self._until = length, slow, until

    def clock(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds

    async def publish(
        self,
        type_: str,
        data: Mapping[str, Any],
        *,
        source: str | None = None,
        event_id: str | None = None,
    ) -> str:
        self.heard.append((self.time - 1000.0, type_, data, source, event_id))
        if len(self.heard) >= self._length:
            raise Stopped
        if len(self.heard) <= self._until:
            self.time += self._slow
        return event_id or ""

    async def play(self, *, seed: int = 3, speed: float = 1.0) -> None:
        with pytest.raises(Stopped):
            await play(
                self,
                seed=seed,
                speed=speed,
                clock=self.clock,
                now=lambda: 1_700_000_000.0,
                sleep=self.sleep,
            )


@pytest.mark.parametrize("speed", [0.5, 1.0, 60.0])
async def test_the_player_is_on_time_at_every_speed(speed: float) -> None:
    hall = Hall(2000)
    await hall.play(speed=speed)
    for index, (beat, heard) in enumerate(zip(scenario(3), hall.heard, strict=False)):
        at, type_, data, source, id_ = heard
        assert at == pytest.approx(beat.at / speed, abs=1e-6)
        assert (type_, source, id_) == (beat.type, beat.source, event_id(3, index))
        assert data == dated(beat.data, 1_700_000_000_000.0, speed)


async def test_moments_become_wall_clock() -> None:
    hall = Hall(2000)
    await hall.play(speed=2.0)
    for at, type_, data, _, _ in hall.heard:
        if type_ == "agent_log":
            assert data["timestamp"] == pytest.approx((1_700_000_000 + at) * 1000, abs=1)


@pytest.mark.parametrize("speed", [1.0, 5.0])
async def test_a_step_takes_as_long_as_the_clock_says(speed: float) -> None:
    hall = Hall(600)
    await hall.play(speed=speed)
    steps = [
        (at, data)
        for at, type_, data, _, _ in hall.heard
        if type_ == "workflow_step_complete" and data["workflowId"] == "wf-42"
    ]
    assert len(steps) > 2
    for (before, _), (at, data) in pairwise(steps):
        assert data["duration"] == pytest.approx((at - before) * 1000, abs=5)


async def test_a_late_player_catches_up_in_order_without_sleeping() -> None:
    hall = Hall(600, slow=2.0, until=10)
    await hall.play()
    late = [at for at, *_ in hall.heard if at < 20.0]
    assert len(late) == 10
    beats = list(islice(scenario(3), 600))
    assert [entry[1] for entry in hall.heard] == [beat.type for beat in beats]
    behind = sum(beat.at < 20.0 for beat in beats)
    assert not any(hall.slept[:behind])
    for beat, (at, *_) in list(zip(beats, hall.heard, strict=True))[behind:]:
        assert at == pytest.approx(beat.at, abs=1e-6)
