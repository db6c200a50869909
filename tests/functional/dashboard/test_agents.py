"""The agents' pane at each width, and all there is about one agent."""

import re
from typing import Any

import pytest

from tests.functional.dashboard.test_inbox import NOWHERE, Drawn, Time, cursor, drawn, tell
from tests.support.dashboard import Screen, dashboard
from tests.support.events import START, event, log, phase, status
from tui.feed import Plan
from tui.panes.agents import AgentsPane
from tui.panes.pane import Pane
from tui.store.agents import QUIET_AFTER

WORKING = [
    status(
        "coder-1",
        "busy",
        currentTask={"id": "t-1", "type": "implement", "title": "Refund API", "progress": 60},
    ),
    phase("coder-1", "red", "green", 10),
    *(
        event(
            "agent_metric",
            {
                "agentId": "coder-1",
                "metrics": {
                    "cpuUsage": cpu,
                    "memoryUsage": 512 * 2**20,
                    "taskQueueDepth": 2,
                    "responseTime": 150,
                },
                "timestamp": START,
            },
            20 + cpu / 10,
        )
        for cpu in (10, 40, 90)
    ),
]


@pytest.mark.parametrize(
    ("width", "shown", "left_out"),
    [
        (200, ["GRN", "▓▓▓░░  60%", "▁▄█  90%", "███   512M", "SEEN", "   31s"], []),
        (100, ["GRN", "▓▓▓░░  60%", "▁▄█  90%", "███   512M", "SEEN", "   31s"], []),
        (80, ["GRN", "▓▓▓░░", "▁▄█", "512M"], ["SEEN", "60%"]),
        (60, ["GRN", "▓▓▓░░", "▁▄█"], ["512M"]),
        (40, [" G Refund"], ["▓▓▓░░"]),
    ],
)
async def test_each_width_shows_what_fits_whole(
    width: int, shown: list[str], left_out: list[str]
) -> None:
    lines = await drawn(WORKING, keys="z", size=(width, 24))
    (row,) = [line for line in lines[2:] if "coder-1" in line and "1m00s" in line]
    text = "\n".join(lines)
    assert all(part in (row if part != "SEEN" else text) for part in shown)
    assert not any(part in text for part in left_out)
    assert ("Refund API" if width > 40 else "Refund") in row
    assert "…" not in row or width == 40


async def test_the_task_takes_the_slack_of_the_row() -> None:
    title = "word " * 40
    made = [status("a", "busy", currentTask={"id": "t", "title": title})]
    for width, least in ((200, 100), (120, 40), (80, 20)):
        (row,) = [line for line in await drawn(made, "z", (width, 24)) if "● a" in line]
        assert row.count("word") >= least // 5


@pytest.mark.parametrize("width", [60, 80, 120, 200])
async def test_a_glyph_means_the_same_on_every_line(width: int) -> None:
    blocked, failed = status("b", "blocked", 1), status("e", "error", 2)
    text = "\n".join(await drawn([blocked], size=(width, 50)))
    assert "AGENTS ◼1" in text
    assert "◼1" in text.splitlines()[0]
    assert "✗" not in text
    text = "\n".join(await drawn([failed], size=(width, 50)))
    assert "AGENTS ✗1" in text
    assert "✗1 agent " in text.splitlines()[0]
    assert "◼" not in text


async def test_a_status_that_nobody_knows_looks_like_no_other() -> None:
    made = [status("a", "thinking"), status("b", "busy", -QUIET_AFTER / 1000)]
    text = "\n".join(await drawn(made, "z"))
    assert re.search(r"◎ a +thinking", text)
    assert re.search(r"\? b +quiet", text)


@pytest.mark.parametrize(
    ("order", "first"),
    [("attention", "d"), ("name", "a"), ("state", "d"), ("time", "c")],
)
async def test_orders(order: str, first: str) -> None:
    async with dashboard(NOWHERE, clock=Time()) as screen:
        tell(
            screen,
            status("b", "busy", 3),
            status("a", "idle", 2),
            status("c", "offline", 1),
            status("d", "blocked", 4),
        )
        pane = screen.app.screen.query_one(AgentsPane)
        while pane.order != order:
            await screen.press("s")
        await screen.press("g")
        assert cursor(screen, "agents") == first


async def test_only_what_may_move_a_row_puts_the_rows_in_order_anew() -> None:
    async with dashboard(NOWHERE, clock=Time()) as screen:
        tell(screen, *WORKING, status("coder-2", "busy"))
        pane = screen.app.screen.query_one(AgentsPane)
        rows = pane.rows
        tell(screen, WORKING[-1])
        assert pane.rows is rows
        tell(screen, status("coder-2", "needs_input"))
        assert pane.key(0) == "coder-2"


async def test_a_filter_finds_what_is_shown_as_long_as_it_is() -> None:
    time = Time()
    async with dashboard(NOWHERE, clock=time) as screen:
        tell(
            screen,
            status("coder-1", "busy"),
            status("coder-2", "idle"),
            phase("coder-2", "", "red"),
        )
        await screen.press("slash", *"working", "enter")
        await screen.shows("▽working 1 of 2", "coder-1")
        time.now += QUIET_AFTER
        screen.app._tick()
        await screen.shows("nothing of 2 matches working")
        await screen.press("slash", "ctrl+u", *"quiet", "enter")
        await screen.shows("▽quiet 1 of 2")
        for word in ("GRN", "green"):
            await screen.press("slash", "ctrl+u", *word, "enter")
            await screen.shows(f"nothing of 2 matches {word}")
            tell(screen, phase("coder-2", "red", "green"))
            time.now += 1_000
            screen.app._tick()
            await screen.shows(f"▽{word} 1 of 2", "coder-2")
            tell(screen, phase("coder-2", "green", "red"))
            time.now += 1_000
            screen.app._tick()


async def test_an_agent_is_exported_as_plain_values() -> None:
    async with dashboard(NOWHERE, clock=Time()) as screen:
        tell(screen, *WORKING)
        tell(screen, status("coder-0", "needs_input", reason="which?"))
        asking, record = screen.app.screen.query_one("#agents", Pane).records()
        assert (asking["id"], asking["why"]) == ("coder-0", "which?")
        assert record["id"] == "coder-1"
        assert (record["phase"], record["task"], record["cpu"]) == ("green", "Refund API", 90)


STORY: list[Any] = [
    *WORKING,
    event(
        "agent_task_update",
        {"agentId": "coder-1", "taskId": "t-0", "taskType": "plan", "status": "completed"}
        | {"progress": 100, "details": {"title": "Plan it"}},
        5,
    ),
    status("coder-1", "error", 30, reason="gave up", currentTask={"id": "t-1", "progress": 61}),
    event(
        "agent_error",
        {
            "agentId": "coder-1",
            "message": "connection refused",
            "code": "ECONNREFUSED",
            "recoverable": True,
            "stack": "Traceback:\n  File db.py, line 12\npsycopg.Error: refused",
        },
        31,
    ),
    log("coder-1", "pytest: 3 failed", 32, level="warn"),
    log("coder-2", "somebody else's line", 33),
]


@pytest.mark.parametrize("width", [60, 80, 120, 200])
async def test_the_detail_has_everything_about_an_agent(width: int) -> None:
    lines = await drawn([*STORY], keys=["enter"], size=(width, 90))
    text = "\n".join(lines)
    for part in (
        "✗ failed for 30s",
        "gave up",
        "GREEN for 50s",
        "TASK",
        "t-1 · implement",
        "61%",
        "CPU 90%  min 10%  max 90%",
        "MEMORY 512M",
        "QUEUE 2",
        "RESPONSE 150ms",
        "WARN  pytest: 3 failed",
        "ECONNREFUSED · recoverable",
        "connection refused",
        "File db.py, line 12",
        "Plan it",
        '"agentId": "coder-1"',
    ):
        assert part in text, part
    assert "somebody else" not in text
    assert all(len(line) == width for line in lines)
    beside = any("CPU" in line and "MEMORY" in line for line in lines)
    assert beside == (width >= 120)


async def test_the_log_tail_of_an_open_detail_is_live() -> None:
    app = Drawn(Plan(url=NOWHERE), clock=Time())
    async with app.run_test(size=(120, 60)) as pilot:
        screen = Screen(app, pilot)
        tell(screen, *STORY)
        await screen.press("enter")
        await screen.shows("3 failed")
        tell(screen, *(log("coder-1", f"line {number}") for number in range(20)))
        await screen.shows("line 19")
        assert "line 7" not in screen.text


async def test_the_log_tail_counts_repeats_as_the_log_pane_does() -> None:
    said = [
        log("coder-1", word, at) for at, word in enumerate(("long " * 60, "again")) for _ in "123"
    ]
    lines = await drawn([*WORKING, *said], keys=["enter"], size=(80, 60))
    (long,) = (line for line in lines if "long long" in line)
    (again,) = (line for line in lines if "INFO  again" in line)
    assert long.rstrip("│ ").endswith("… ×3")
    assert again.rstrip("│ ").endswith("  ×3")


async def test_the_detail_of_an_agent_unheard_of_says_so_as_the_list_does() -> None:
    app = Drawn(Plan(url=NOWHERE), clock=(time := Time()))
    async with app.run_test(size=(80, 24)) as pilot:
        screen = Screen(app, pilot)
        tell(screen, status("coder-1", "busy", 60))
        await screen.press("enter")
        await screen.shows("● working for 0s")
        time.now += QUIET_AFTER + 1_000
        tell(screen)
        app._tick()
        await screen.shows("? quiet, was working for 1m01s", "last word    1m01s ago")
        await screen.press("escape")
        await screen.shows("1 AGENTS ?1")


async def test_of_a_task_heard_of_once_there_is_its_id_and_no_length() -> None:
    ended = {"agentId": "coder-1", "taskType": "bugfix", "status": "completed", "progress": 100}
    once = event("agent_task_update", {**ended, "taskId": "t-7"}, 8)
    idle = status("coder-1", "idle", 9)
    lines = await drawn([status("coder-1", "busy"), once, idle], ["enter"], (80, 40))
    (line,) = (line for line in lines if "bugfix" in line and "✓" in line)
    assert line.strip("│ ").split()[2:] == ["t-7", "·", "bugfix"]
