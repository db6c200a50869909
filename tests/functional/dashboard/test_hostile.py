"""Hostile text in every field that a pane draws: shown harmlessly, and nothing else stops."""

import unicodedata

import pytest

from tests.support.dashboard import Screen, dashboard, publish, publisher, server
from tests.support.events import START, event, log, phase, results, status

EDGE = 8.64e15
"""The last millisecond that a date may name."""
HOSTILE = {
    "markup": "[red]x[/x] [bold",
    "escape": "\x1b[2J\x1b]0;owned\x07\x1b[31mx",
    "c1": "\x9b31mx\x9d0;owned\x9c",
    "controls": "a\x00b\x08\x7fc\rd\ne\tf",
    "right to left": "\u202eevil\u2066\u200f",
    "wide": "日本語テキスト👩\u200d💻🇩🇪" * 20,
    "combining": "e" + "\u0301" * 300,
    "huge": "x" * 60_000,
}


@pytest.mark.parametrize("size", [(120, 40), (60, 20)])
@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_text_is_harmless(name: str, size: tuple[int, int]) -> None:
    text = HOSTILE[name]
    short = text[:200]
    with server() as record:
        async with dashboard(record.url, size=size) as screen, publisher(record.url) as client:
            await publish(
                client,
                status(
                    short,
                    "needs_input",
                    reason=text,
                    currentTask={"id": short, "title": text, "progress": 1e308},
                    metrics={"cpuUsage": -1e308, "memoryUsage": 1e308},
                ),
                status("other", short, reason=text),
                log(short, text, level=short),
                event("agent_error", {"agentId": short, "message": text, "stack": text}),
                results(short, short, 1, (text,)),
                phase(short, short, short),
                event(
                    "coverage_update",
                    {
                        "agentId": short,
                        "taskId": text,
                        "coverage": {"lines": 1e308},
                        "files": [{"path": text, "lines": -5, "uncoveredLines": [10**15, -3]}],
                    },
                ),
                event(
                    "workflow_started",
                    {
                        "workflowId": short,
                        "workflowType": text,
                        "initiator": short,
                        "parameters": {text[:99]: [text[:99]]},
                        "steps": [
                            {"id": short, "name": text, "agent": text},
                            {"id": "s", "type": short, "dependencies": [short, "s", "?"]},
                        ],
                        "estimatedDuration": EDGE,
                    },
                ),
                event(
                    "workflow_step_complete",
                    {
                        "workflowId": short,
                        "stepId": short,
                        "stepType": short,
                        "result": {text[:99]: text},
                        "duration": -EDGE,
                    },
                ),
                event("workflow_failed", {"workflowId": short, "error": text}),
                event(
                    "system_alert",
                    {
                        "alertId": short,
                        "severity": short,
                        "title": text,
                        "description": text,
                        "affectedComponents": [text],
                        "recommendedActions": [text],
                    },
                ),
                event("system_notification", {"level": short, "title": text, "message": text}),
                event(
                    "deployment_status",
                    {
                        "deploymentId": short,
                        "environment": text,
                        "status": short,
                        "progress": -1e300,
                        "components": [{"name": text, "status": short}],
                        "estimatedCompletion": START,
                    },
                ),
                event(
                    "github_pr_update",
                    {
                        "repository": short,
                        "number": 10**18,
                        "title": text,
                        "action": text,
                        "state": text,
                        "reviewDecision": text,
                    },
                ),
            )
            for pane in "12345":
                await screen.press(pane)
                await screen.shows("needs you" if size[0] > 100 else "‼1")
                harmless(screen)
            for pane in "23":  # all of them, and then all about one
                await screen.press(pane, "o")
                harmless(screen)
                await screen.press("o", "enter")
                await screen.shows(" back")
                for _ in range(3):
                    harmless(screen)
                    await screen.press("pagedown")
                await screen.press("escape")
            assert "owned" not in (screen.app.title or "")


def harmless(screen: Screen) -> None:
    drawn = screen.text.replace("\n", "")
    bad = {c for c in drawn if unicodedata.category(c) in ("Cc", "Cs", "Co")}
    bad |= {c for c in drawn if c in "\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u200f"}
    assert not bad


@pytest.mark.parametrize("size", [(120, 40), (60, 20)])
async def test_times_at_the_end_of_time_are_drawn(size: tuple[int, int]) -> None:
    async with dashboard("ws://127.0.0.1:1/ws", size=size) as screen:
        for at in (-EDGE, EDGE):
            seconds = (at - START) / 1000
            for made in (
                status("a", "busy" if at < 0 else "idle", seconds),
                log("a", "hello", seconds),
                phase("a", "red", "green" if at < 0 else "red", seconds, duration=EDGE),
                results("a", "t.py", 1, ("x",), seconds),
                event(
                    "workflow_started",
                    {
                        "workflowId": "w",
                        "workflowType": "feature",
                        "initiator": "pm",
                        "steps": [{"id": "s"}, {"id": "t"}],
                        "estimatedDuration": EDGE,
                    },
                    seconds,
                ),
                event(
                    "workflow_step_complete",
                    {
                        "workflowId": "w",
                        "stepId": "s",
                        "stepType": "task",
                        "result": None,
                        "duration": EDGE,
                    },
                    seconds,
                ),
                event(
                    "system_notification", {"level": "info", "title": "t", "message": "m"}, seconds
                ),
            ):
                screen.app.store.apply(made)
            screen.app.draw()
            for pane in "12345":
                await screen.press(pane)
        await screen.shows("hello")


async def test_many_failures_of_a_hostile_run_cost_little() -> None:
    async with dashboard("ws://127.0.0.1:1/ws") as screen:
        for number in range(50):
            names = tuple(f"test_{n}" for n in range(1_000))
            screen.app.store.apply(results("a", f"t{number}.py", 0, names))
        cycle = screen.app.store.tdd.by_agent["a"]
        assert cycle.totals.failing == 50_000
        assert sum(len(file.failures) for file in cycle.files.values()) == 50 * 100
        screen.app.draw()
        await screen.shows("✗50000")
