"""How it looks: themes that change while it runs, no colour, and ASCII alone."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from rich.style import Style

from tests.support.dashboard import Screen, dashboard, publish, publisher, server
from tests.support.demo import story
from tests.support.events import status
from tests.support.screens import MAIN, OTHERS, Shown
from tests.support.stage import staged
from tui.remembered import Remembered
from tui.theme import ThemeError, shipped_directory
from tui.widgets.glyphs import UNKNOWN, ascii_glyph

NOWHERE = "ws://127.0.0.1:1/ws"
SIZES = [(60, 20), (80, 24), (120, 40), (200, 60)]


@asynccontextmanager
async def live(**options: Any) -> AsyncIterator[Screen]:
    """With a server, since what is stale is dim; an agent is at work."""
    with server() as record:
        async with dashboard(record.url, **options) as screen, publisher(record.url) as client:
            await publish(client, status("coder-007", "busy"))
            await screen.shows("coder-007", "● LIVE")
            yield screen


def styles(screen: Screen, text: str = "") -> set[Style]:
    """Of all that is drawn and holds `text`."""
    return {
        segment.style
        for strip in screen.app.screen._compositor.render_strips()
        for segment in strip
        if text in segment.text and segment.style is not None
    }


def colours(screen: Screen, text: str) -> set[str | None]:
    return {style.color.name if style.color else None for style in styles(screen, text)}


async def test_a_theme_that_changes_is_seen_and_a_broken_one_is_said(tmp_path: Path) -> None:
    own = tmp_path / "mine.toml"
    text = (shipped_directory() / "autosdlc-dark.toml").read_text("utf-8")
    own.write_text(text, "utf-8")
    async with live(theme="mine", theme_directories=(tmp_path,), toasts=True) as screen:
        await screen.until(lambda: colours(screen, "coder-007") == {"#4fd6be"}, "the theme")
        own.write_text(text.replace("#4fd6be", "#123456"), "utf-8")
        await screen.until(lambda: colours(screen, "coder-007") == {"#123456"}, "its change")
        own.write_text("dark = 3\nsurface = 1", "utf-8")
        await screen.shows("dark: not true or false", "[colors]: missing", "surface: unknown")
        assert colours(screen, "coder-007") == {"#123456"}


async def test_a_theme_that_was_chosen_is_there_at_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "dashboard.json"
    async with dashboard(NOWHERE, remembered=Remembered(path)) as screen:
        assert screen.app.theme == "autosdlc-dark"
        await screen.until(lambda: "autosdlc-ansi" in screen.app.available_themes, "all themes")
        await screen.press("t", *"contrast")
        await screen.shows("autosdlc-contrast")
        await screen.press("enter")
        await screen.until(lambda: screen.app.theme == "autosdlc-contrast", "the theme")
    async with dashboard(NOWHERE, remembered=Remembered(path)) as screen:
        assert screen.app.theme == "autosdlc-contrast"
    async with dashboard(NOWHERE, remembered=Remembered(path), theme="autosdlc-light") as screen:
        assert screen.app.theme == "autosdlc-light", "who says which is obeyed"
    assert Remembered(path).section("look") == {"theme": "autosdlc-contrast"}


async def test_the_theme_in_use_is_the_first_of_the_list_and_then_come_ours() -> None:
    async with dashboard(NOWHERE, theme="nord") as screen:
        await screen.press("t")
        await screen.shows("in use", "autosdlc-light", "ansi-dark")
        at = [screen.text.index(name) for name in ("nord", "autosdlc-ansi", "autosdlc-light")]
        assert at == sorted(at)
        assert max(at) < screen.text.index(" ansi-dark")
        await screen.press("enter")
        await screen.lacks("in use")
        assert screen.app.theme == "nord"
        await screen.press("t")
        await screen.shows("in use")
        await screen.press("down", "enter")
        await screen.until(lambda: screen.app.theme == "autosdlc-ansi", "the next theme")


async def test_a_remembered_theme_that_is_gone_gives_way_and_is_said() -> None:
    remembered = Remembered(None)
    remembered.section("look")["theme"] = "gone"
    async with dashboard(NOWHERE, remembered=remembered, toasts=True) as screen:
        assert screen.app.theme == "autosdlc-dark"
        await screen.shows("theme 'gone' is")
    with pytest.raises(ThemeError, match="'gone' is unknown"):
        async with dashboard(NOWHERE, theme="gone"):
            pass


async def test_a_theme_put_there_meanwhile_can_be_chosen(tmp_path: Path) -> None:
    async with dashboard(NOWHERE, theme_directories=(tmp_path,)) as screen:
        shutil.copy(shipped_directory() / "autosdlc-light.toml", tmp_path / "paper.toml")
        await screen.press("t", *"paper")
        await screen.shows("paper")
        await screen.press("enter")
        await screen.until(lambda: screen.app.theme == "paper", "the theme")


async def walk(screen: Screen) -> list[str]:
    """All that is drawn on the way through panes, help, palette, filter, detail, and export."""
    seen = [screen.text]
    for keys in (
        *(("1", "z"), ("2",), ("3",), ("4",), ("5",), ("escape",)),
        *(("1", "enter"), ("escape",), ("question_mark",), ("escape",)),
        *(("ctrl+p",), ("escape",), ("slash", "a"), ("escape",), ("e",), ("escape",)),
        *(("y",), ("space",), ("space", "p"), ("5", "v", "v"), ("v", "v")),
    ):
        await screen.press(*keys)
        await screen.pilot.pause()
        screen.app._tick()
        seen.append(screen.text)
    return seen


@pytest.mark.parametrize("size", SIZES)
async def test_ascii_is_all_that_reaches_a_terminal_that_has_nothing_else(
    size: tuple[int, int],
) -> None:
    async with dashboard(NOWHERE, ascii=True, size=size) as screen:
        for one in story(60):
            screen.app.store.apply(one)
        screen.app.store.apply(status("日本👩", "needs_input", reason="naïve — “quoted” ✂"))
        screen.app.draw()
        await screen.shows("????")
        seen = await walk(screen)
    others = {character for text in seen for character in text if not character.isascii()}
    assert not others
    for said in ("! ????", "/  Search for commands~", ">WARN"):
        assert said in "".join(seen)


@pytest.mark.parametrize("name", [*MAIN, *OTHERS, "theme"])
async def test_every_glyph_that_is_drawn_has_its_equal_in_ascii(name: str) -> None:
    shown = (MAIN | OTHERS).get(name) or Shown(("t",), "Search for themes")
    async with staged("autosdlc-dark", (120, 40), *shown.keys, moment=shown.moment) as screen:
        await screen.shows(shown.words)
        for size in SIZES:
            await screen.pilot.resize_terminal(*size)
            await screen.settled()
            drawn = {character for character in screen.text if not character.isascii()}
            assert {one for one in drawn if UNKNOWN in ascii_glyph(one)} == set()


@pytest.mark.parametrize("theme", ["autosdlc-dark", "autosdlc-ansi"])
async def test_no_color_means_none_and_what_matters_is_still_seen(
    theme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with dashboard(NOWHERE, theme=theme) as screen:
        for agent, state in (("coder-1", "needs_input"), ("coder-2", "busy"), ("coder-3", "idle")):
            screen.app.store.apply(status(agent, state))
        screen.app.draw()
        await screen.press("j")
        await screen.shows("needs you", "┏━ 1 AGENTS")
        used = {
            colour.name
            for style in styles(screen)
            for colour in (style.color, style.bgcolor)
            if colour is not None
        }
        assert used == {"default"}
        assert all(style.reverse for style in styles(screen, "coder-2")), "the cursor"
        assert all(style.bold and style.reverse for style in styles(screen, "‼1 needs you"))
        assert not any(style.reverse for style in styles(screen, "coder-1"))
        assert all(style.dim for style in styles(screen, "idle"))


async def test_an_empty_no_color_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "")
    async with live() as screen:
        await screen.until(lambda: colours(screen, "coder-007") == {"#4fd6be"}, "its colour")


async def test_the_terminals_own_colours_are_all_that_the_ansi_theme_uses() -> None:
    async with dashboard(NOWHERE, theme="autosdlc-ansi") as screen:
        for one in story(60):
            screen.app.store.apply(one)
        screen.app.draw()
        await screen.shows("coder-001")
        await screen.press("question_mark")
        await screen.shows("Keys")
        drawn = styles(screen)
        colours = {colour for style in drawn for colour in (style.color, style.bgcolor) if colour}
        assert {
            colour for colour in colours if not (colour.is_system_defined or colour.is_default)
        } == set()
        grounds = {style.bgcolor.name for style in drawn if style.bgcolor}
        assert grounds <= {"default", "color(3)"}, "but for alarms, the terminal's own"


async def test_the_cursor_on_the_terminals_colours_is_one_bar() -> None:
    async with live(theme="autosdlc-ansi") as screen:
        (name,) = styles(screen, "coder-007")
        assert name.reverse
        assert name.color is None or name.color.is_default
        await screen.press("2")
        (name,) = styles(screen, "coder-007")
        assert not name.reverse
        assert name.color is not None
        assert name.color.number == 2, "green"
