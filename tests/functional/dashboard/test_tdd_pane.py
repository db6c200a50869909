"""The TDD pane: one agent or all, warnings in sight, and everything on Enter."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.dashboard import Screen, dashboard, publish, publisher, server
from tests.support.events import event, phase, results
from tui.panes.tdd import TddPane
from tui.remembered import Remembered
from tui.widgets.time_ribbon import TimeRibbon

NOWHERE = "ws://127.0.0.1:1/ws"
KEYS = [("full_stop", "comma", "o"), ("ctrl+right", "ctrl+left", "ctrl+up")]
TRACEBACK = "\n".join(["def test_partial():", ">   assert refund() == 2", "E   assert 3 == 2"])


def pane(screen: Screen) -> TddPane:
    return screen.app.screen.query_one(TddPane)


def coverage(agent: str, lines: float, **more: Any) -> Any:
    data = {"agentId": agent, "taskId": "t-1", "coverage": {"lines": lines}, **more}
    return event("coverage_update", data)


def failed(agent: str, file: str = "test_x.py", traceback: str = TRACEBACK) -> Any:
    totals = {"total": 4, "passing": 3, "failing": 1, "skipped": 0, "duration": 250}
    failure = {"name": "test_partial", "message": "assert 3 == 2", "traceback": traceback}
    data = {"agentId": agent, "taskId": "t-1", "testFile": file, "results": totals}
    return event("test_result", data | {"failures": [failure]})


def ribbon(screen: Screen) -> str:
    return screen.text.splitlines()[screen.app.screen.query_one(TimeRibbon).region.y]


def fill(screen: Screen, *events: Any) -> None:
    for one in events:
        screen.app.store.apply(one)
    screen.app.draw()


async def test_a_first_red_phase_is_judged_by_whoever_saw_it_begin() -> None:
    details = {"tool": "Edit", "file": "src/a.py"}
    task = {"taskId": "t-1", "taskType": "code", "status": "in_progress", "progress": 10}
    edit = event("agent_task_update", {"agentId": "new", "details": details, **task})
    with server() as record:
        async with publisher(record.url) as client, dashboard(record.url) as screen:
            await screen.shows("LIVE")
            await publish(client, phase("new", "refactor", "red"))
            await screen.shows("RED")
            async with dashboard(record.url) as late:
                await late.shows("RED")
                await publish(client, edit, results("new", "t.py", 3))
                await screen.shows("code before a failing test")
                await late.shows("✓3")
                assert "code before" not in late.text


@pytest.mark.parametrize(("after", "before", "everything"), KEYS)
async def test_agents_are_gone_through_and_seen_all_together(
    after: str, before: str, everything: str
) -> None:
    async with dashboard(NOWHERE, size=(160, 40)) as screen:
        fill(screen, results("a", "t.py", 1), failed("b"), results("c", "t.py", 5))
        await screen.press("2")
        await screen.shows("TDD ✗1 b t-1 +2")
        await screen.press(after)
        await screen.shows("TDD ✓5 c t-1 3/3")
        await screen.press(after)
        await screen.shows("TDD ✓1 a t-1 1/3")
        await screen.press(before)
        await screen.shows("TDD ✓5 c t-1 3/3")
        await screen.press(everything)
        await screen.shows("all 3 agents", "10 tests ✓9 ✗1 ↷0")
        agents = [record["agent"] for record in pane(screen).records() if "cycle" in record]
        assert agents == ["b", "a", "c"], "who is red comes first"
        await screen.press(everything)
        await screen.shows("TDD ✗1 b t-1 +2")


@pytest.mark.parametrize("overview", [False, True])
async def test_the_time_ribbon_has_the_phases_of_the_agent_that_is_shown(overview: bool) -> None:
    async with dashboard(NOWHERE) as screen:
        fill(screen, phase("a", "", "green", 0), phase("b", "", "red", 100), failed("b"))
        await screen.press("2", *["o"] * overview)
        screen.app._tick()
        await screen.until(lambda: "R" in ribbon(screen), "b's phase")
        await screen.press("full_stop")
        screen.app._tick()
        await screen.until(lambda: "G" in ribbon(screen), "a's phase")
        assert "RR" not in ribbon(screen)


async def test_all_together_have_trends_arrows_failures_and_files() -> None:
    files = [{"path": f"src/f{n}.py", "lines": 80 + n, "uncoveredLines": [n]} for n in range(1, 4)]
    async with dashboard(NOWHERE, size=(200, 60), coverage_minimum=90) as screen:
        fill(screen, failed("a"), results("b", "t.py", 5), failed("a"), results("b", "t.py", 6))
        fill(screen, coverage("a", 80), coverage("a", 82, files=files), coverage("b", 91))
        await screen.press("2", "o")
        await screen.shows(
            "all 2 agents",
            "10 tests ✓9 ✗1 ↷0 Δ+1 0.50s",
            "pass ",
            "line 84.2▲1.5!",
            "COVERAGE HEAT",
            "✗ test_partial  a  test_x.py",
            " 81.0%  ▓▓▓▓░ src/f1.py",
        )
        spans = [span for row in range(8) for span in pane(screen).rows[row].line(60)]
        styles = {style for text, style in spans if text.strip() == "82.0%"}
        assert styles == {"warn"}, "green by itself, but below this minimum"
        await screen.press("G", "enter")
        await screen.shows("TDD a t-1", "FAILURES 1")


async def test_an_agent_that_is_gone_gives_way_to_the_one_that_matters() -> None:
    async with dashboard(NOWHERE) as screen:
        fill(screen, results("a", "t.py", 1), failed("b"), results("c", "t.py", 1))
        await screen.press("2", "comma")
        await screen.shows("TDD ✓1 a t-1 1/3")
        del screen.app.store.tdd.by_agent["a"]
        await screen.press_at_once("down")
        fill(screen, failed("b"))
        await screen.shows("TDD ✗1 b t-1")
        await screen.lacks("1/3")


async def test_whether_all_are_shown_is_remembered(tmp_path: Path) -> None:
    path = tmp_path / "dashboard.json"
    async with dashboard(NOWHERE, remembered=Remembered(path)) as screen:
        fill(screen, results("a", "t.py", 1), failed("b"))
        await screen.press("2", "o")
        await screen.shows("all 2 agents")
    async with dashboard(NOWHERE, remembered=Remembered(path)) as screen:
        fill(screen, results("a", "t.py", 1), failed("b"))
        await screen.shows("all 2 agents")


async def test_keys_can_be_remapped() -> None:
    async with dashboard(NOWHERE, keys={"one.all": "u"}) as screen:
        fill(screen, results("a", "t.py", 1), failed("b"))
        await screen.press("2", "o")
        await screen.shows("TDD ✗1 b")
        await screen.press("u")
        await screen.shows("all 2 agents")


async def test_a_breach_is_counted_in_the_title_and_in_sight_among_many_failures() -> None:
    async with dashboard(NOWHERE) as screen:
        names = tuple(f"test_{number}" for number in range(30))
        fill(
            screen,
            phase("a", "red", "green"),
            results("a", "t.py", 0, names),
            phase("a", "green", "red", at=1),
        )
        await screen.shows("TDD RED ✗30 ⚠1", "⚠ cycle 2 refactor skipped", "test_0")
        assert "test_29" not in screen.text


async def test_code_before_a_failing_test_is_warned_of_by_what_events_say() -> None:
    edit = {"agentId": "a", "level": "info", "message": "Edit", "timestamp": 0}
    context = {"tool": "Edit", "file": "src/ledger.py"}
    task = {"agentId": "b", "taskId": "t", "taskType": "code", "status": "busy", "progress": 1}
    async with dashboard(NOWHERE, size=(200, 60)) as screen:
        for agent in "abc":
            fill(screen, phase(agent, "green", "refactor"), phase(agent, "refactor", "red", at=1))
        fill(screen, event("agent_log", edit | {"context": context}, 2))
        fill(screen, event("agent_task_update", task | {"details": context}, 2))
        fill(screen, results("c", "t.py", 3, at=2), phase("c", "red", "green", at=3))
        await screen.press("2", "o")
        await screen.shows(
            "⚠ cycle 2 code before a failing test",
            "a: src/ledger.py edited before a test failed",
            "b: src/ledger.py edited before a test failed",
            "c: green, though no test had failed in red",
        )


@pytest.mark.parametrize(("minimum", "said"), [(85, "min 85"), (0, "line 84.0 ")])
async def test_coverage_is_held_against_the_minimum(minimum: float, said: str) -> None:
    async with dashboard(NOWHERE, coverage_minimum=minimum) as screen:
        fill(screen, coverage("a", 84))
        await screen.shows(said)
        assert ("84.0!" in screen.text) is (minimum > 0)


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 40), (200, 60)])
async def test_the_cycle_fits_every_size(size: tuple[int, int]) -> None:
    wide = "日本語の支払い" * 6
    files = [
        {"path": f"payments/{wide}/ledger.py", "lines": 71.5, "uncoveredLines": [1, 2, 9]},
        {"path": "payments/api.py", "lines": 90, "uncoveredLines": list(range(1, 400, 2))},
    ]
    async with dashboard(NOWHERE, size=size) as screen:
        fill(
            screen,
            phase("a", "refactor", "red"),
            failed("a", f"tests/{wide}.py"),
            results(wide, "t.py", 3),
            coverage("a", 90),
            coverage("a", 84.5, files=files),
        )
        await screen.press("2")
        await screen.shows("▌RED ", "4 tests", "84.5▼", "test_partial", "api.py")
        screen.app.draw()
        text = [line.rstrip() for line in screen.text.splitlines()]
        assert all("…" not in line for line in text if "tests ✓" in line or "line 84.5" in line)
        await screen.press("o")
        await screen.shows("AGENT")


async def test_zoomed_there_are_tracebacks_every_file_and_past_cycles() -> None:
    files = [{"path": f"f{n}.py", "lines": 50 + n, "uncoveredLines": [n]} for n in range(1, 9)]
    async with dashboard(NOWHERE) as screen:
        fill(screen, *(phase("a", "", name, at) for at, name in enumerate(("red", "green"))))
        fill(screen, phase("a", "green", "red", at=70), failed("a"), coverage("a", 60, files=files))
        assert "refund() == 2" not in screen.text
        await screen.press("2", "2")
        await screen.shows("│ >   assert refund() == 2", "f8.py", "PAST CYCLES", "GREEN 1m09s")


async def test_a_tall_pane_has_a_heat_map_of_the_files() -> None:
    files = [{"path": f"src/f{n}.py", "lines": 50 + n, "uncoveredLines": [n]} for n in range(1, 40)]
    async with dashboard(NOWHERE, size=(200, 60), ascii=True) as screen:
        fill(screen, failed("a"), coverage("a", 60, files=files))
        await screen.shows(
            "COVERAGE HEAT", "29 of 39 files below 80%", "  51  f1.py", "test_partial"
        )
        assert screen.text.isascii()
        await screen.pilot.resize_terminal(120, 40)
        await screen.lacks("COVERAGE HEAT")


async def test_enter_opens_all_about_the_cycle() -> None:
    files = [{"path": "src/refund.py", "lines": 60, "uncoveredLines": [3, 4, 5, 9]}]
    with server() as record:
        async with (
            dashboard(record.url, size=(120, 60)) as screen,
            publisher(record.url) as client,
        ):
            await publish(
                client,
                phase("a", "red", "green"),
                failed("a"),
                coverage("a", 90),
                coverage("a", 80, files=files),
                phase("a", "green", "red"),
            )
            await screen.shows("⚠2")
            await screen.press("2", "enter")
            await screen.shows(
                "TDD a t-1",
                "FAILURES 1",
                "E   assert 3 == 2",
                "DISCIPLINE 2",
                "line 90.0 → 80.0",
                "red follows green",
                "src/refund.py",
                "3-5, 9",
                "TEST FILES",
                "PAST CYCLES",
                "EVENTS",
                "tdd_phase_change",
            )
            await screen.press("escape")
            await screen.shows("2 TDD")


async def test_rows_are_exported_as_plain_values() -> None:
    files = [{"path": "src/refund.py", "lines": 60, "uncoveredLines": [3]}]
    async with dashboard(NOWHERE) as screen:
        fill(screen, failed("a"), coverage("a", 60, files=files))
        cycle, failure, file = pane(screen).records()
        assert (cycle["failing"], cycle["lines"]) == (1, 60)
        assert (failure["agent"], failure["message"]) == ("a", "assert 3 == 2")
        assert (file["path"], file["uncovered"]) == ("src/refund.py", (3,))


async def test_past_cycles_and_warnings_are_exported_once() -> None:
    async with dashboard(NOWHERE, size=(60, 50)) as screen:
        fill(screen, phase("a", "", "red"), phase("a", "red", "green", 60))
        fill(screen, results("a", "t.py", 3, at=61), phase("a", "green", "red", 70))
        await screen.press("2")
        await screen.shows("refactor skipped", "red follows green", "PAST CYCLES")
        cycle, breach, past = pane(screen).records()
        assert (cycle["cycle"], cycle["warnings"]) == (2, 1)
        assert (breach["agent"], breach["rule"]) == ("a", "refactor skipped")
        assert (past["cycle"], past["phases"]) == (1, {"red": 60_000, "green": 10_000})
