"""What `y` copies: all that a row says, in words, at any size of the terminal."""

from typing import Any

import pytest

from tests.functional.dashboard import alerts
from tests.support.dashboard import Screen, dashboard
from tests.support.events import START, event, log, results, status
from tui.panes.pane import Pane

NOWHERE = "ws://127.0.0.1:1/ws"
LONG = " and ".join(f"word {number}" for number in range(150))
SIZES = [(60, 20), (120, 40), (200, 60)]


def clock() -> float:
    return START + 100_000


def fill(screen: Screen, *events: Any) -> None:
    for one in events:
        screen.app.store.apply(one)
    screen.app.draw()


async def copies(screen: Screen, number: str) -> list[str]:
    """What each row of a pane copies."""
    await screen.press(number, "home")
    view = screen.app.focused
    assert isinstance(view, Pane)
    found = []
    for _ in range(view.row_count()):
        await screen.press("y", "down")
        found.append(screen.app.clipboard)
    return found


@pytest.mark.parametrize("size", SIZES)
async def test_an_agent_with_its_question(size: tuple[int, int]) -> None:
    task = {"id": "t-1", "type": "code", "title": LONG, "progress": 40}
    async with dashboard(NOWHERE, size=size, clock=clock) as screen:
        fill(
            screen,
            status("coder-1", "needs_input", reason="rm build?\nor not"),
            status("coder-2", "idle", currentTask=task),
        )
        assert await copies(screen, "1") == [
            "‼ coder-1 needs you 1m40s: rm build? or not",
            "rm build? or not",
            f"○ coder-2 idle 1m40s {LONG[:512].rstrip()} 40%",
        ]


@pytest.mark.parametrize("size", SIZES)
async def test_a_step_with_its_whole_name_and_its_error(size: tuple[int, int]) -> None:
    steps = [{"id": "a", "name": "Design the whole API of the refunds"}, {"id": "b", "agent": "c1"}]
    data = {"workflowId": "w-1", "workflowType": "feature", "initiator": "pm", "steps": steps}
    failed = {"workflowId": "w-1", "stepId": "a", "error": LONG}
    async with dashboard(NOWHERE, size=size, clock=clock) as screen:
        fill(screen, event("workflow_started", data | {"estimatedDuration": 0}))
        first, second = await copies(screen, "3")
        assert first == "● Design the whole API of the refunds running 1m40s"
        assert second == "○ b pending c1"
        fill(screen, event("workflow_failed", failed, 60))
        first, *errors, _ = await copies(screen, "3")
        assert first == f"✗ Design the whole API of the refunds failed 1m00s: {LONG}"
        assert set(errors) == {LONG}
        await screen.press("o")
        assert await copies(screen, "3") == ["✗ feature w-1 0/2 1m00s, 40s ago"]


@pytest.mark.usefixtures("utc")
@pytest.mark.parametrize("size", SIZES)
async def test_what_was_delivered_with_its_whole_description(size: tuple[int, int]) -> None:
    alert, deployment, pull_request, run, notice = alerts.EVERYTHING
    data = alert.data.model_dump() | {"description": LONG}
    async with dashboard(NOWHERE, size=size, clock=clock) as screen:
        fill(screen, event("system_alert", data), alerts.alert("a", description=LONG))
        fill(screen, deployment, pull_request, run, notice)
        await screen.press("4", "a")
        assert sorted(await copies(screen, "4")) == sorted(
            [
                f"22:13 ▲ HIGH Trouble a: {LONG} ×2 ack",
                "22:13 ⇡ in_progress staging v1.8.2: 75% api✓ worker… webhooks·",
                "22:13 ⎇ PR#214 Refunds: acme/shop checks 7/8 · open · changes requested ✗lint",
                "22:13 » CI lint feat/refunds: acme/shop failure",
                "22:13 ◆ ERROR Update stopped: 1 of 14 contracts broken",
            ]
        )


@pytest.mark.parametrize("size", SIZES)
async def test_a_failure_with_its_traceback_and_a_file_with_all_its_lines(
    size: tuple[int, int],
) -> None:
    name, path = "test_" + "long_" * 30, "src/" + "deep/" * 30 + "file.py"
    failure = {"name": name, "message": LONG, "line": 7, "traceback": f"> {LONG[:98]}\n  end"}
    totals = {"total": 1, "passing": 0, "failing": 1, "skipped": 0, "duration": 250}
    about = {"agentId": "a", "taskId": "t"}
    file = {"path": path, "lines": 50, "uncoveredLines": list(range(1, 99, 2))}
    tested = about | {"testFile": "t.py", "results": totals, "failures": [failure]}
    covered = about | {"coverage": {"lines": 50}, "files": [file]}
    async with dashboard(NOWHERE, size=size, clock=clock) as screen:
        fill(screen, event("test_result", tested), event("coverage_update", covered))
        found = await copies(screen, "2")
        assert f"✗ {name} t.py:7: {LONG[:512].rstrip()}\n> {LONG[:98]}\n  end" in found
        assert f"50.0% {path} {','.join(str(n) for n in range(1, 99, 2))}" in found
        assert "1 test ✓0 ✗1 ↷0 0.25s" in found
        await screen.press("o")
        assert any(copy.startswith(f"✗ a {name} ") for copy in await copies(screen, "2"))


@pytest.mark.usefixtures("utc")
async def test_a_log_line_with_whose_it_is() -> None:
    async with dashboard(NOWHERE, size=(60, 20), clock=clock) as screen:
        fill(screen, log("an-agent-with-a-long-name", LONG), results("a", "t.py", 1))
        assert await copies(screen, "5") == [f"22:13:20 an-agent-with-a-long-name INFO {LONG}"]


async def test_of_a_detail_a_heading_is_copied_with_all_below_it() -> None:
    async with dashboard(NOWHERE) as screen:
        screen.app.store.apply(log("coder-1", "first \x1b[31mred"))
        screen.app.draw()
        await screen.shows("first")
        await screen.press("5", "enter")
        await screen.shows("q back")
        await screen.press("y")
        copied = screen.app.clipboard.splitlines()
        assert copied[0] == "LINE"
        assert "coder-1" in copied[1]
        assert "\x1b" not in screen.app.clipboard
        await screen.press("j", "y")
        assert screen.app.clipboard == copied[1]
