"""Pane 4: tabs, orders, acknowledging, putting off, and all there is about each row."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.dashboard import Screen, dashboard, server
from tests.support.events import START, event
from tui.panes.alerts import RESOLVED_SHOWN, AlertsPane
from tui.remembered import Remembered
from tui.store.inbox import MINUTE, SNOOZE_MINUTES

NOWHERE = "ws://127.0.0.1:1/ws"


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now


def alert(id_: str, at: float = 0, **more: Any) -> Any:
    data = {
        "alertId": id_,
        "severity": "high",
        "title": f"Trouble {id_}",
        "description": "p95 is 912 ms",
        "affectedComponents": ["api", "worker"],
        "recommendedActions": ["Look at the logs", "Restart it"],
    }
    return event("system_alert", data | more, at)


def deployment(id_: str = "dep-1", **more: Any) -> Any:
    data = {
        "deploymentId": id_,
        "environment": "staging",
        "version": "v1.8.2",
        "status": "in_progress",
        "progress": 75,
        "components": [
            {"name": "api", "status": "healthy", "progress": 100},
            {"name": "worker", "status": "deploying", "progress": 40},
            {"name": "webhooks", "status": "pending"},
        ],
    }
    return event("deployment_status", data | more)


def pull_request(**more: Any) -> Any:
    data = {
        "repository": "acme/shop",
        "number": 214,
        "title": "Refunds",
        "action": "synchronize",
        "state": "open",
        "branch": "feat/refunds",
        "url": "https://github.com/acme/shop/pull/214",
        "checks": {"passed": 7, "failed": 1, "pending": 0},
        "reviewDecision": "CHANGES_REQUESTED",
    }
    return event("github_pr_update", data | more)


def run(run_id: int, conclusion: str | None, at: float = 0) -> Any:
    data: dict[str, Any] = {
        "repository": "acme/shop",
        "workflow": "lint",
        "branch": "feat/refunds",
        "runId": run_id,
        "status": "completed" if conclusion else "in_progress",
        "url": f"https://github.com/acme/shop/actions/runs/{run_id}",
    }
    return event(
        "github_workflow_update", data | ({"conclusion": conclusion} if conclusion else {}), at
    )


def notice(**more: Any) -> Any:
    data = {"level": "error", "title": "Update stopped", "message": "1 of 14 contracts broken"}
    return event("system_notification", data | more)


def fill(screen: Screen, *events: Any) -> None:
    for made in events:
        screen.app.store.apply(made)
    screen.app.draw()


def tick(screen: Screen) -> None:
    screen.app._tick()


def pane(screen: Screen) -> AlertsPane:
    return screen.app.screen.query_one(AlertsPane)


def told(screen: Screen) -> list[str]:
    return [notification.message for notification in screen.app._notifications]


def keys(screen: Screen) -> list[str]:
    return [item.key for item in pane(screen).rows]


EVERYTHING = (alert("a"), deployment(), pull_request(), run(1, "failure"), notice())


@pytest.mark.parametrize(("width", "height"), [(60, 20), (80, 24), (120, 40), (200, 60)])
async def test_every_kind_has_its_row_at_every_size(width: int, height: int) -> None:
    async with dashboard(NOWHERE, size=(width, height), clock=Clock()) as screen:
        fill(screen, *EVERYTHING)
        await screen.press("4")
        await screen.shows(
            "all│alerts│deploys│github",
            "▲ HIGH     Trouble a",
            "⇡ ▓▓▓▓▓▓░░ staging v1.8.2",
            " 75%",
            "⎇ PR#214   Refunds",
            "7/8 ✗lint changes",
            "» CI       lint feat/refunds",
            "failure",
            "◆ ERROR    Update stopped",
        )
        await screen.until(lambda: len({len(line) for line in screen.text.splitlines()}) == 1)


async def test_tabs_go_round_by_key_and_are_remembered(tmp_path: Path) -> None:
    remembered = Remembered(tmp_path / "dashboard.json")
    async with dashboard(NOWHERE, clock=Clock(), remembered=remembered) as screen:
        fill(screen, *EVERYTHING)
        await screen.press("4")
        shown = []
        for key in ("o", "o", "ctrl+right", "o", "O", "ctrl+left"):
            await screen.press(key)
            shown.append({item.kind for item in pane(screen).rows})
        assert shown == [
            {"alert", "notice"},
            {"deployment"},
            {"pr", "ci"},
            {"alert", "notice", "deployment", "pr", "ci"},
            {"pr", "ci"},
            {"deployment"},
        ]
    again = Remembered(tmp_path / "dashboard.json")
    async with dashboard(NOWHERE, clock=Clock(), remembered=again) as screen:
        fill(screen, *EVERYTHING)
        assert {item.kind for item in pane(screen).rows} == {"deployment"}


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_a_click_on_a_tab_opens_it(size: tuple[int, int]) -> None:
    async with dashboard(NOWHERE, size=size, clock=Clock()) as screen:
        fill(screen, *EVERYTHING)
        await screen.press("4")
        await screen.shows("all│alerts│deploys│github")
        for name in ("github", "deploys", "alerts", "all"):
            region = pane(screen).region
            line = screen.text.splitlines()[region.y][region.x : region.right]
            start = line.index(name)
            await screen.pilot.click(AlertsPane, offset=(start + len(name) - 1, 0))
            assert pane(screen).tab == name
            await screen.pilot.click(AlertsPane, offset=(start, 0))
            assert pane(screen).tab == name


async def test_an_empty_tab_says_what_would_be_there() -> None:
    with server() as record:
        async with dashboard(record.url) as screen:
            await screen.shows("● LIVE", "nothing to report")
            await screen.press("4", "o", "o")
            await screen.shows("no deployments yet")


async def test_orders_and_filter_are_those_of_every_list() -> None:
    async with dashboard(NOWHERE, clock=Clock()) as screen:
        fill(
            screen,
            alert("a", severity="low"),
            alert("b", 1, severity="critical"),
            notice(),
            run(1, "success", 2),
        )
        await screen.press("4")
        assert [k.split()[0] for k in keys(screen)] == ["alert", "alert", "ci", "notice"]
        assert keys(screen)[0] == "alert b"
        await screen.press("s")
        await screen.shows("by time")
        assert keys(screen)[0].startswith("ci")
        await screen.press("s")
        assert [k.split()[0] for k in keys(screen)] == ["alert", "alert", "ci", "notice"]
        await screen.press("slash", *"trouble", "enter")
        await screen.shows("▽trouble 2 of 4")
        assert keys(screen) == ["alert b", "alert a"]


async def test_what_is_said_again_is_one_row_with_a_count() -> None:
    async with dashboard(NOWHERE, clock=Clock()) as screen:
        fill(screen, alert("a"), alert("a", 1), alert("a", 2), notice(), notice())
        await screen.shows("Trouble a", "×3", "×2")
        assert len(keys(screen)) == 2


async def test_a_resolved_alert_is_seen_to_be_and_then_gone() -> None:
    clock = Clock()
    async with dashboard(NOWHERE, clock=clock) as screen:
        fill(screen, alert("a"), alert("a", 0.5, resolved=True))
        await screen.shows("✓ RESOLVED Trouble a", "none open")
        clock.now += RESOLVED_SHOWN
        tick(screen)
        await screen.shows("RESOLVED")
        clock.now += 1_000
        tick(screen)
        await screen.lacks("RESOLVED")
        assert not keys(screen)
        fill(screen, alert("a", 90))
        await screen.shows("▲ HIGH     Trouble a", "▲1 open")


def drawn(screen: Screen) -> str:
    """What the pane has on the screen."""
    region = pane(screen).region
    lines = screen.text.splitlines()[region.y : region.bottom]
    return "\n".join(line[region.x : region.right] for line in lines)


async def test_a_acknowledges_and_takes_it_back_and_it_is_kept(tmp_path: Path) -> None:
    remembered = Remembered(tmp_path / "dashboard.json")
    async with dashboard(NOWHERE, clock=Clock(), remembered=remembered) as screen:
        fill(screen, alert("a"), alert("b", severity="low"))
        await screen.press("4")
        assert keys(screen) == ["alert a", "alert b"]
        await screen.press("a")
        await screen.until(lambda: " ack" in drawn(screen))
        assert keys(screen) == ["alert b", "alert a"], "what was seen is below"
    again = Remembered(tmp_path / "dashboard.json")
    async with dashboard(NOWHERE, clock=Clock(), remembered=again) as screen:
        fill(screen, alert("a"), alert("b", severity="low"))
        assert keys(screen) == ["alert b", "alert a"]
        fill(screen, alert("a", 5))
        await screen.shows("×2 ack")
        await screen.press("4", "G", "a")
        await screen.until(lambda: " ack" not in drawn(screen))
        await screen.press("a")
        fill(screen, alert("a", 6, resolved=True), alert("a", 7))
        await screen.until(lambda: " ack" not in drawn(screen))
        assert keys(screen) == ["alert a", "alert b"], "open again, it asks again"


async def test_snoozed_is_hidden_and_counted_and_comes_back() -> None:
    clock = Clock()
    async with dashboard(NOWHERE, clock=clock) as screen:
        fill(screen, alert("a"), alert("b", severity="low"))
        await screen.press("4", "S")
        await screen.shows("1 snoozed")
        assert "snoozed 15 min: Trouble a" in told(screen)[0]
        assert keys(screen) == ["alert b"]
        await screen.press("S")
        assert pane(screen).nothing().startswith("2 snoozed; ")
        await screen.press("A")
        assert keys(screen) == ["alert a", "alert b"]
        await screen.press("S")
        assert keys(screen) == ["alert b"]
        clock.now += SNOOZE_MINUTES * MINUTE + 1
        tick(screen)
        assert keys(screen) == ["alert a", "alert b"]
        await screen.press("S", "S")
        title = drawn(screen).splitlines()[0]
        await screen.pilot.click(AlertsPane, offset=(title.index("snoozed"), 0))
        assert keys(screen) == ["alert a", "alert b"]


async def test_acknowledging_what_asks_for_nothing_does_nothing() -> None:
    async with dashboard(NOWHERE, clock=Clock()) as screen:
        fill(screen, notice())
        await screen.press("4", "a", "S")
        assert len(keys(screen)) == 1
        assert " ack" not in drawn(screen)


async def test_deployments_are_a_matrix_where_there_is_room() -> None:
    async with dashboard(NOWHERE, size=(200, 60), clock=Clock()) as screen:
        fill(
            screen,
            deployment(),
            deployment(
                "dep-2",
                environment="production",
                version="v1.8.1",
                status="failed",
                components=[
                    {"name": "worker", "status": "failed"},
                    {"name": "cron", "status": "ok"},
                ],
            ),
        )
        await screen.press("4", "o", "o", "z")
        await screen.shows("WORKER", "CRON")
        lines = screen.text.splitlines()
        (head,) = [line for line in lines if "WORKER" in line]
        (staging,) = [line for line in lines if "staging v1.8.2" in line]
        (production,) = [line for line in lines if "production v1.8.1" in line]
        assert staging.index("▓▓░░  40%") == head.index("WORKER")
        assert production.index("✗ failed") == head.index("WORKER")
        assert production.index("✓ ok") == head.index("CRON")
        assert staging[head.index("API")] == "✓"
        assert staging[head.index("WEBHOOKS")] == "·"
        assert "FAILED" in production


async def test_an_alert_opens_to_what_it_touches_and_what_to_do() -> None:
    clock = Clock()
    async with dashboard(NOWHERE, clock=clock) as screen:
        fill(screen, alert("a"), alert("a", 1))
        clock.now += 61_000
        await screen.press("4", "enter")
        await screen.shows(
            "alert Trouble a", "open for 1m01s", "2 times", "p95 is 912 ms", "• worker",
            "1. Look at the logs", "2. Restart it", '"alertId": "a"',
        )  # fmt: skip


async def test_a_deployment_opens_to_its_components_and_how_it_went() -> None:
    async with dashboard(NOWHERE, clock=Clock()) as screen:
        fill(screen, deployment(progress=10, status="queued"), deployment())
        await screen.press("4", "enter")
        await screen.shows("environment  staging", "v1.8.2", "deploying", "40%", "10%  queued")


async def test_a_pull_request_and_a_run_open_to_checks_and_past_runs() -> None:
    async with dashboard(NOWHERE, size=(120, 60), clock=Clock()) as screen:
        fill(
            screen,
            pull_request(),
            run(1, None, -60),
            run(1, "success", -20),
            run(2, None, -9),
            run(2, "failure"),
        )
        await screen.press("4", "s", "s")
        assert [k.split()[0] for k in keys(screen)] == ["pr", "ci"]
        await screen.press("enter")
        await screen.shows(
            "changes requested", "failed       1", "failing run  lint", "feat/refunds",
            "https://github.com/acme/shop/pull/214",
        )  # fmt: skip
        await screen.press("escape", "down", "enter")
        await screen.shows(
            "conclusion   failure", "took         9s", "success", "40s", "actions/runs/2"
        )


# Addresses.


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the person's browser was given, a line each."""
    browser, given = tmp_path / "browser", tmp_path / "given"
    browser.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >> {given}\n', "utf-8")
    browser.chmod(0o700)
    monkeypatch.setenv("BROWSER", str(browser))
    return given


def given(opened: Path) -> str:
    return opened.read_text("utf-8") if opened.exists() else ""


async def go_to(screen: Screen, text: str) -> None:
    """Move down to the line with that text."""
    for _ in range(60):
        view = screen.app.screen.query_one("#detail")
        line = view.line(view.cursor, 100)  # type: ignore[attr-defined]
        if text in "".join(span for span, _ in line):
            return
        await screen.press("down")
    raise AssertionError(f"no line with {text!r}\n{screen.text}")


async def test_an_address_is_opened_after_asking(opened: Path) -> None:
    async with dashboard(NOWHERE, clock=Clock()) as screen:
        actions = [
            {"label": "Read", "action": "open"},
            {"label": "See", "url": "https://bücher.example/a b"},
            {"label": "View", "url": "https://bücher.example/日?x=1"},
        ]
        fill(screen, notice(actions=actions))
        await screen.press("4", "enter")
        await screen.shows("1. Read  not an address to open: open", "2. See  not an address")
        for text in ("1. Read", "2. See"):
            await go_to(screen, text)
            await screen.press("enter")
            assert "Open in the browser?" not in screen.text
        await go_to(screen, "3. View")
        address = "https://xn--bcher-kva.example/%E6%97%A5?x=1"
        for leave in ("escape", "n", "q"):
            await screen.press("enter")
            await screen.shows("Open in the browser?", address)
            await screen.press(leave)
            await screen.lacks("Open in the browser?")
        await screen.press("enter", "y")
        assert screen.app.clipboard == address
        assert given(opened) == ""
        await screen.press("enter", "enter")
        await screen.lacks("Open in the browser?")
        await screen.until(lambda: given(opened) == f"{address}\n", "opened")


async def test_an_address_is_opened_by_mouse(opened: Path) -> None:
    async with dashboard(NOWHERE, clock=Clock()) as screen:
        fill(screen, pull_request())
        await screen.pilot.click(AlertsPane, offset=(20, 1), times=2)
        await screen.shows("https://github.com/acme/shop/pull/214")
        lines = screen.text.splitlines()
        (row,) = [y for y, line in enumerate(lines) if "address " in line and "/pull/214" in line]
        await screen.pilot.click(offset=(30, row), times=2)
        await screen.shows("Open in the browser?")
        (row,) = [y for y, line in enumerate(screen.text.splitlines()) if "enter opens" in line]
        column = screen.text.splitlines()[row].index("enter opens")
        await screen.pilot.click(offset=(column + 2, row))
        await screen.until(lambda: "/pull/214" in given(opened), "opened")


async def test_a_browser_that_cannot_be_started_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROWSER", "/nonexistent/browser")
    monkeypatch.setenv("PATH", "")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    async with dashboard(NOWHERE, clock=Clock()) as screen:
        fill(screen, pull_request())
        await screen.press("4", "enter")
        await go_to(screen, "/pull/214")
        await screen.press("enter", "enter")
        await screen.until(lambda: bool(told(screen)), "told")
        assert "no browser could be started here" in told(screen)[0]


HOSTILE = "\x1b]0;owned\x07[/x][@click=app.quit]x[/]\u202egpj"


@pytest.mark.parametrize("size", [(60, 20), (120, 40), (200, 60)])
async def test_hostile_text_is_harmless_in_every_tab_and_detail(size: tuple[int, int]) -> None:
    huge = HOSTILE + "日本語👩‍💻" * 400
    components = [{"name": huge, "status": huge, "progress": -1e308}, {"name": "", "status": "ok"}]
    hub = {"repository": HOSTILE, "title": huge, "action": huge, "state": huge, "url": huge}
    flow = {"workflow": huge, "runId": huge, "status": huge, "conclusion": huge, "branch": huge}
    async with dashboard(NOWHERE, size=size, clock=Clock()) as screen:
        fill(
            screen,
            alert(
                "a",
                title=huge,
                description=huge,
                affectedComponents=[huge],
                recommendedActions=[huge],
            ),
            deployment(
                environment=huge, version=huge, url=huge, progress=1e308, components=components
            ),
            pull_request(**hub, branch=huge, labels=[huge], sender=huge, reviewDecision=huge),
            event("github_workflow_update", {**flow, "repository": HOSTILE, "url": huge}),
            event("github_issue_update", hub | {"number": -1}),
            notice(
                title=huge,
                message=huge,
                actions=[{"label": huge, "url": huge}, {"label": huge, "url": 7}],
            ),
        )
        await screen.press("4")
        for _ in range(4):
            await screen.press("o")
            for index in range(len(keys(screen))):
                pane(screen).cursor = index
                await screen.press("enter", "end", "escape")
                drawn = screen.text.replace("\n", "")
                assert not re.search("[\x00-\x1f\x7f-\x9f\u202e]", drawn)
        assert screen.app.is_running
        assert len(keys(screen)) == 6
