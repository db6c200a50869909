"""The workflow pane: one workflow or all, what waits for what, and everything on Enter."""

import re
from typing import Any

import pytest
from textual.events import MouseScrollUp

from tests.support.dashboard import Screen, dashboard, publish, publisher, server
from tests.support.events import START, event
from tui.panes.workflow import WorkflowPane
from tui.widgets.cells import line_width

NOWHERE = "ws://127.0.0.1:1/ws"
MINUTE = 60.0
STEPS = (
    {"id": "plan", "name": "Plan", "agent": "pm-001"},
    {"id": "api", "name": "API", "agent": "coder-001", "dependencies": ["plan"]},
    {"id": "ui", "name": "UI", "agent": "coder-002", "dependencies": ["plan"]},
    {"id": "ship", "name": "Ship", "dependencies": ["api", "ui"]},
)


def pane(screen: Screen) -> WorkflowPane:
    return screen.app.screen.query_one(WorkflowPane)


def started(id_: str = "w-1", at: float = 0, kind: str = "feature", **more: Any) -> Any:
    data = {
        "workflowId": id_,
        "workflowType": kind,
        "initiator": "pm-001",
        "parameters": {"branch": "refunds"},
        "steps": list(STEPS),
        "estimatedDuration": 40 * MINUTE * 1000,
    }
    return event("workflow_started", data | more, at)


def completed(step: str, at: float, seconds: float, id_: str = "w-1") -> Any:
    data = {"workflowId": id_, "stepId": step, "stepType": "task", "result": {"ok": True}}
    return event("workflow_step_complete", data | {"duration": seconds * 1000}, at)


def ended(at: float, seconds: float, id_: str = "w-1", **more: Any) -> Any:
    data = {"workflowId": id_, "result": "ok", "duration": seconds * 1000}
    return event("workflow_complete", data | more, at)


def failed(at: float, id_: str = "w-1", error: str = "contract broken", **more: Any) -> Any:
    return event("workflow_failed", {"workflowId": id_, "error": error, **more}, at)


def at(minutes: float) -> dict[str, Any]:
    """A dashboard's options: its clock stands so many minutes after START."""
    return {"clock": lambda: START + minutes * MINUTE * 1000}


def fill(screen: Screen, *events: Any) -> None:
    for one in events:
        screen.app.store.apply(one)
    screen.app.draw()


async def test_parallel_steps_expected_times_and_what_waits_are_shown() -> None:
    async with dashboard(NOWHERE, **at(15)) as screen:
        fill(screen, started(), completed("plan", 10 * MINUTE, 10 * MINUTE))
        await screen.shows("feature 1/4 ETA ", "in 15m00s", "✓ Plan", "● ├ API", "● └ UI", "○ Ship")
        await screen.shows("5m00s of ~10m", "coder-002", "← API, UI", "░░░", "~10m")


def three_past_runs(screen: Screen) -> None:
    """Of four steps one after another, each 6 minutes give or take two; a fourth has begun."""
    for number, minutes in enumerate((4, 6, 8)):
        id_, begin = f"w-{number}", number * 20 * MINUTE
        fill(screen, started(id_, begin))
        for step in ("plan", "api", "ui", "ship"):
            begin += minutes * MINUTE
            fill(screen, completed(step, begin, minutes * MINUTE, id_))
        fill(screen, ended(begin, 4 * minutes * MINUTE, id_))
    fill(screen, started("w-9", 100 * MINUTE))


async def test_the_time_it_will_be_done_is_learnt_from_past_runs() -> None:
    async with dashboard(NOWHERE, **at(101)) as screen:
        three_past_runs(screen)
        await screen.shows("ETA ", "±1m44s in 17m00s", "1m00s (p50 6m00s, n=3)", "~6m00s")


async def test_words_give_way_to_the_bar_of_a_step_that_runs() -> None:
    async with dashboard(NOWHERE, size=(100, 40), **at(101)) as screen:
        three_past_runs(screen)
        await screen.shows("● Plan  ██░░░░░░░ pm-001", "1m00s of ~6m00s")
        await screen.press("3", "3")
        await screen.shows("1m00s (p50 6m00s, n=3)")


async def test_a_workflow_that_should_be_done_says_by_how_much_it_is_late() -> None:
    async with dashboard(NOWHERE, **at(50)) as screen:
        fill(screen, started(steps=[{"id": "a", "name": "All of it"}]))
        await screen.shows("late by 10m00s", "50m00s of ~40m")


async def test_a_failed_step_has_its_error_below_it() -> None:
    async with dashboard(NOWHERE, **at(30)) as screen:
        done = completed("plan", 10 * MINUTE, 10 * MINUTE)
        fill(screen, started(), done, failed(20 * MINUTE, stepId="api"))
        await screen.shows("failed after 20m00s", "└ contract broken")
        lines = screen.text.splitlines()
        step = next(number for number, line in enumerate(lines) if "✗ ├ API" in line)
        assert "└ contract broken" in lines[step + 1]


@pytest.mark.parametrize(
    ("after", "before", "everything"),
    [("full_stop", "comma", "o"), ("ctrl+right", "ctrl+left", "ctrl+up")],
)
async def test_workflows_are_gone_through_and_seen_all_together(
    after: str, before: str, everything: str
) -> None:
    async with dashboard(NOWHERE, **at(30)) as screen:
        fill(
            screen,
            started("w-1", kind="feature"),
            started("w-2", kind="bugfix"),
            failed(5 * MINUTE, "w-2"),
            started("w-3", kind="upkeep"),
            ended(9 * MINUTE, 9 * MINUTE, "w-3"),
        )
        await screen.press("3")
        await screen.shows("WORKFLOW feature 0/4", "+2", "OTHER WORKFLOWS")
        await screen.press(after)
        await screen.shows("WORKFLOW bugfix", "2/3", "contract broken")
        await screen.press(after)
        await screen.shows("WORKFLOW upkeep", "3/3")
        await screen.press(before, before)
        await screen.shows("WORKFLOW feature", "1/3")
        await screen.press(everything)
        await screen.shows("all 3", "●1 running", "9m00s, 21m00s ago", "TOOK, OR ETA")
        rows = [record["workflow"] for record in pane(screen).records()]
        assert rows == ["w-1", "w-3", "w-2"], "what runs comes first, then what ended last"
        await screen.press(everything)
        await screen.shows("OTHER WORKFLOWS")


async def test_all_workflows_are_gone_through_though_they_go_on() -> None:
    async with dashboard(NOWHERE, **at(30)) as screen:
        fill(screen, *(started(f"w-{number}", number) for number in (2, 1, 4, 3)))
        await screen.press("3")
        seen = []
        for number in range(8):
            await screen.press("full_stop")
            chosen = pane(screen).chosen or ""
            fill(screen, completed(f"step {number}", MINUTE + number, 1, chosen))
            seen.append(chosen)
        assert seen == 2 * ["w-1", "w-2", "w-3", "w-4"]


async def test_enter_opens_all_about_a_workflow_and_its_step() -> None:
    with server() as record:
        async with (
            dashboard(record.url, size=(120, 70)) as screen,
            publisher(record.url) as client,
        ):
            await publish(client, started("w-0"), failed(1, "w-0", "first try"))
            await publish(client, started(), completed("plan", 5, 5))
            await publish(client, ended(6, 5, outputs={"pr": 213}, metrics={"retries": 2}))
            await screen.press("3")
            await screen.shows("✓ └ UI")
            await screen.press("g", "down", "enter")
            await screen.shows("STEP API", "after        Plan", "then         Ship")
            await screen.shows('"branch": "refunds"', '"pr": 213', '"retries": 2', "pm-001")
            await screen.shows("PAST RUNS OF FEATURE", "complete", "failed", "first try")
            await screen.shows("workflow_complete")


@pytest.mark.parametrize("width", [60, 80, 120, 200])
async def test_how_long_steps_usually_take_is_said_whole(width: int) -> None:
    async with dashboard(NOWHERE, size=(width, 40), **at(101)) as screen:
        three_past_runs(screen)
        await screen.press("3", "enter")
        await screen.shows("usually      6m00s (5m00s to 7m00s, 3 runs)", "USUALLY RANGE")
        await screen.shows("~6m00s 5m00s to 7m00s ")


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 40), (200, 60)])
async def test_steps_with_wide_names_are_aligned_at_every_size(size: tuple[int, int]) -> None:
    names = ("日本語の計画", "e\u0301tude", "👩\u200d💻 review", "x" * 60)
    steps = [{"id": str(n), "name": name, "agent": name} for n, name in enumerate(names)]
    async with dashboard(NOWHERE, size=size, **at(15)) as screen:
        fill(screen, started(steps=steps), completed("0", 10 * MINUTE, 10 * MINUTE))
        fill(screen, started("w-2", kind="日本語の支払い" * 9), failed(3, "w-2", "赤" * 500))
        await screen.press("3")
        await screen.shows("✓ 日本語の計画", "10m00s", "5m00s")
        width = pane(screen).room.width
        assert {line_width(pane(screen).row(index, width)) for index in range(4)} == {width}
        await screen.press("full_stop")
        await screen.shows("└ 赤")


async def test_steps_are_exported_as_plain_values() -> None:
    async with dashboard(NOWHERE, **at(15)) as screen:
        fill(screen, started(), completed("plan", 10 * MINUTE, 10 * MINUTE))
        first, second, *_ = pane(screen).records()
        assert (first["name"], first["state"], first["duration"]) == ("Plan", "done", 600_000)
        assert (second["dependencies"], second["agent"]) == ("plan", "coder-001")
        *_, pending = pane(screen).records()
        began = START + 10 * MINUTE * 1000
        assert (second["started"], second["duration"]) == (began, 300_000)
        assert (pending["state"], pending["started"], pending["duration"]) == (
            "pending",
            None,
            None,
        )
        await screen.press("3", "o")
        (whole,) = pane(screen).records()
        assert (whole["started"], whole["duration"]) == (START, 900_000)


@pytest.mark.parametrize("size", [(60, 40), (120, 40)])
async def test_steps_that_wait_in_a_circle_are_said_to_never_start(size: tuple[int, int]) -> None:
    circle = (("a", "c"), ("b", "a"), ("c", "b"))
    steps = [{"id": one, "name": one.upper(), "dependencies": [after]} for one, after in circle]
    async with dashboard(NOWHERE, size=size, **at(15)) as screen:
        fill(screen, started(steps=steps))
        await screen.press("3")
        await screen.shows("0/3 never done: 3 stuck", *(f"never start ← {x}" for x in "ABC"))
        assert "ETA" not in screen.text
        assert "~" not in screen.text
        await screen.press("enter")
        await screen.shows("stuck: what it waits for goes in a circle", "never done: 3 stuck")
        assert len(re.findall(r"[ABC] +stuck ", screen.text)) == 3


def long(id_: str = "w-1", done: int = 20, begin: float = 0, kind: str = "upkeep") -> list[Any]:
    """A workflow of sixty steps, so many of them done."""
    steps = [{"id": f"s{n}", "name": f"Step {n:02}"} for n in range(60)]
    took = [completed(f"s{n}", begin + n + 1, 1, id_) for n in range(done)]
    return [started(id_, begin, kind, steps=steps), *took]


def selected(screen: Screen) -> str:
    return pane(screen).copied(pane(screen).cursor)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_long_workflow_is_shown_where_it_has_got_to(size: tuple[int, int]) -> None:
    async with dashboard(NOWHERE, size=size, **at(2)) as screen:
        await screen.press("3")
        fill(screen, *long())
        await screen.shows("✓ Step 19", "● Step 20", "○ Step 22")
        assert "Step 20" in selected(screen)
        fill(screen, *(completed(f"s{n}", n + 1, 1) for n in range(20, 50)))
        await screen.shows("✓ Step 49", "● Step 50", "○ Step 52")
        fill(screen, failed(60, error="no space left"))
        await screen.shows("✗ Step 50", "└ no space left")


@pytest.mark.parametrize("wheel", [False, True])
async def test_it_stays_where_a_person_looks_until_another_comes(*, wheel: bool) -> None:
    async with dashboard(NOWHERE, **at(2)) as screen:
        fill(screen, *long())
        await screen.press("3")
        await screen.shows("● Step 20")
        if wheel:
            for _ in range(10):
                await screen.pilot._post_mouse_events([MouseScrollUp], WorkflowPane, (5, 3))
        else:
            await screen.press("g")
        await screen.shows("✓ Step 00")
        fill(screen, *(completed(f"s{n}", n + 1, 1) for n in range(20, 50)))
        await screen.shows("upkeep 50/60", "✓ Step 00")
        fill(screen, *long("w-2", 30, begin=70, kind="bugfix"))
        await screen.shows("bugfix 30/60", "● Step 30")


async def test_it_is_followed_again_from_the_step_that_runs() -> None:
    async with dashboard(NOWHERE, **at(2)) as screen:
        fill(screen, *long())
        await screen.press("3", "g")
        await screen.shows("✓ Step 00")
        pane(screen).reveal("step s20")
        fill(screen, *(completed(f"s{n}", n + 1, 1) for n in range(20, 50)))
        await screen.shows("● Step 50")


async def test_the_next_and_the_one_before_are_shown_where_they_have_got_to() -> None:
    async with dashboard(NOWHERE, **at(2)) as screen:
        fill(screen, *long(), *long("w-2", 30, begin=70, kind="bugfix"))
        await screen.press("3", "g", "comma")
        await screen.shows("upkeep 20/60", "● Step 20")
        await screen.press("full_stop")
        await screen.shows("bugfix 30/60", "● Step 30")
        await screen.press("o")
        await screen.shows("all 2")
        assert "bugfix" in selected(screen), "of all of them, the first"


@pytest.mark.parametrize("step", [{"stepId": "api"}, {}])
async def test_an_error_of_several_lines_is_exported_once(step: dict[str, str]) -> None:
    async with dashboard(NOWHERE, **at(15)) as screen:
        fill(screen, started(), failed(MINUTE, error="contract broken " * 30, **step))
        fill(screen, started("w-2", kind="bugfix"), failed(MINUTE, "w-2"))
        fill(screen, completed("plan", 2 * MINUTE, 2 * MINUTE))
        await screen.press("3")
        await screen.shows("└ contract broken contract")
        said = [record for record in pane(screen).records() if "contract" in record["error"]]
        assert [record.get("step") for record in said] == [step.get("stepId"), None]
        assert [record["workflow"] for record in said] == ["w-1", "w-2"]
