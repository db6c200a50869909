"""An address that an event carries: opened in a browser after asking, or not at all."""

from pathlib import Path

import pytest

from tests.functional.dashboard.alerts import NOWHERE, Clock, fill, notice, pull_request, told
from tests.support.dashboard import Screen, dashboard
from tui.panes.alerts import AlertsPane
from tui.widgets.rows import RowView


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
        view = screen.app.screen.query_one("#detail", RowView)
        line = view.line(view.cursor, 100)
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
            await screen.lacks("⏎ open")
        await go_to(screen, "3. View")
        await screen.shows("⏎ open")
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
    async with dashboard(NOWHERE, clock=Clock(), keys={"address.open": "f8"}) as screen:
        fill(screen, pull_request())
        await screen.pilot.click(AlertsPane, offset=(20, 1), times=2)
        await screen.shows("https://github.com/acme/shop/pull/214")
        lines = screen.text.splitlines()
        (row,) = [y for y, line in enumerate(lines) if "address " in line and "/pull/214" in line]
        await screen.pilot.click(offset=(30, row), times=2)
        await screen.shows("Open in the browser?")
        (row,) = [y for y, line in enumerate(screen.text.splitlines()) if "f8  Open it" in line]
        column = screen.text.splitlines()[row].index("f8  Open it")
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
