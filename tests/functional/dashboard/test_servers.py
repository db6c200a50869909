"""Several servers at once: a client and a state each, one of them on the screen."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.support.dashboard import TOKEN, Screen, publish, publisher, server
from tests.support.events import START, alert, status
from tui.app import AutosdlcApp
from tui.feed import Plan
from tui.panes.pane import Pane
from tui.store.link import Link


@asynccontextmanager
async def told(
    monkeypatch: pytest.MonkeyPatch, size: tuple[int, int] = (120, 40), **events: list[Any]
) -> AsyncIterator[Screen]:
    """A dashboard of servers of those names, which have told so much."""
    monkeypatch.setattr(AutosdlcApp, "connects", False)
    plans = [Plan(url=f"ws://{name}/ws", name=name) for name in events]
    app = AutosdlcApp(*plans, clock=lambda: START + 60_000)
    for feed in app._feeds:
        feed.store.set_link(Link(phase="live", server=feed.name))
        for made in events[feed.name]:
            feed.store.apply(made)
    async with app.run_test(size=size, notifications=True) as pilot:
        screen = Screen(app, pilot)
        app.draw()
        yield screen


HERE = [status("coder-1", "busy")]
STAGING = [
    status("c1", "busy"),
    status("c2", "blocked", 20, reason="no credentials"),
    status("c3", "needs_input", 30, reason="deploy?"),
]
PROD = [alert("al-1", "high", 10)]


@pytest.mark.parametrize("columns", [40, 60, 80, 120, 200])
async def test_who_needs_you_at_another_server_is_said_and_led_to(
    monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    async with told(monkeypatch, (columns, 24), here=HERE, staging=STAGING, prod=PROD) as screen:
        await screen.shows("‼1 ◼1 at staging", "▲1 at prod")
        top, line = screen.text.splitlines()[:2]
        assert line.startswith(" ▲1 at prod  ‼1 ◼1 at staging  ! go")
        assert "▲1 at prod  ‼1 ◼1 at staging" in top
        await screen.press("exclamation_mark")
        await screen.shows("prod ● LIVE" if columns > 60 else "▾4 ALERTS", "HIGH Alert al-1")
        await screen.press("a")
        await screen.shows("‼1 ◼1 at staging  ! go")
        await screen.press("exclamation_mark")
        await screen.shows("◼ c2")
        pane = screen.app.screen.query_one("#agents", Pane)
        assert (screen.open_pane, pane.key(pane.cursor)) == ("agents", "c2")


async def test_a_click_on_what_is_elsewhere_leads_there(monkeypatch: pytest.MonkeyPatch) -> None:
    async with told(monkeypatch, here=[*HERE, *STAGING], staging=STAGING, prod=PROD) as screen:
        await screen.click("‼1 ◼1 at staging")
        await screen.shows("staging ● LIVE", "‼1 ◼1 at here")
        await screen.press("a", "a")
        await screen.shows("nobody else needs you here")
        line = screen.text.splitlines()[1]
        await screen.pilot.click(offset=(line.index("at here") + 1, 1))
        await screen.shows("here ● LIVE", "◼ c2 blocked")
        await screen.press("a", "a")
        await screen.shows("▲1 at prod  ! go")
        await screen.click("! go")
        await screen.shows("prod ● LIVE", "HIGH Alert al-1")


async def test_what_is_acknowledged_at_one_server_is_still_asked_at_another() -> None:
    with server() as here, server() as there:
        app = AutosdlcApp(
            Plan(url=here.url, token=TOKEN, name="here"),
            Plan(url=there.url, token=TOKEN, name="there"),
        )
        async with app.run_test(size=(120, 40)) as pilot, publisher(there.url) as other:
            screen = Screen(app, pilot)
            for url in (here.url, there.url):
                async with publisher(url) as client:
                    await publish(client, status("c2", "blocked", reason="no credentials"))
            await screen.shows("◼ c2 blocked")
            await screen.press("a")
            await screen.shows("(acknowledged) no credentials")
            await publish(other, status("c3", "busy"))
            await screen.press("ctrl+p", *"Watch there", "enter")
            await screen.shows("◼ c2 blocked", "c3")
            await screen.lacks("acknowledged")
            await publish(other, status("c2", "busy"))
            await screen.press("ctrl+p", *"Watch here", "enter")
            await screen.shows("here ● LIVE", "(acknowledged) no credentials")


async def test_a_detail_leads_to_another_server_too(monkeypatch: pytest.MonkeyPatch) -> None:
    async with told(monkeypatch, here=HERE, staging=STAGING) as screen:
        await screen.press("enter")
        await screen.shows("─ coder-1 coder ─", "‼1 ◼1 at staging", "! next")
        await screen.press("exclamation_mark")
        await screen.shows("staging ● LIVE", "◼ c2 blocked")
        await screen.press("a", "enter")
        await screen.shows("─ c2 coder ─", ", acknowledged")


async def test_details_left_open_at_both_servers_lead_to_each_other_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here, staging = (status(agent, "needs_input", reason="Which?") for agent in ("coder-1", "c2"))
    async with told(monkeypatch, here=[here], staging=[staging]) as screen:
        await screen.press("enter")
        await screen.shows("─ coder-1 coder ─", "! next")
        for shown, agent in (("staging", "c2"), ("here", "coder-1"), ("staging", "c2")):
            await screen.press("exclamation_mark")
            await screen.shows(f"{shown} ● LIVE", f"‼ {agent} needs you")
            await screen.press("enter")
            await screen.shows(f"─ {agent} coder ─")


async def test_each_server_has_a_state_of_its_own_and_one_is_shown() -> None:
    with server() as here, server() as there:
        app = AutosdlcApp(
            Plan(url=here.url, token=TOKEN, name="here"),
            Plan(url=there.url, token=lambda: TOKEN, name="there"),
        )
        async with app.run_test(size=(120, 40)) as pilot:
            screen = Screen(app, pilot)
            await screen.shows("here ● LIVE")
            for url, agent in ((here.url, "coder-here"), (there.url, "coder-there")):
                async with publisher(url) as client:
                    await publish(client, status(agent, "needs_input", reason="yes or no?"))
            await screen.shows("coder-here")
            await screen.until(lambda: app.title == "autosdlc (2 need you)", "both are counted")
            assert "coder-there" not in screen.text
            await screen.press("ctrl+p", *"Watch there", "enter")
            await screen.shows("there ● LIVE", "coder-there", "‼1 needs you")
            await screen.lacks("coder-here")
            async with publisher(here.url) as client:
                await publish(client, status("coder-new", "busy"))
            await screen.press("ctrl+p", *"Watch here", "enter")
            await screen.shows("here ● LIVE", "coder-here", "coder-new")
            async with publisher(here.url) as client:
                await publish(client, status("coder-last", "busy"))
            await screen.shows("coder-last")
