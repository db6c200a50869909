"""Pane 4: all there is about each row, and hostile text in all of it."""

import re

import pytest

from tests.functional.dashboard.alerts import (
    NOWHERE,
    Clock,
    alert,
    deployment,
    fill,
    keys,
    notice,
    pane,
    pull_request,
    run,
)
from tests.support.dashboard import dashboard
from tests.support.events import event


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
