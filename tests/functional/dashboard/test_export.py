"""Exports: rows as JSON and CSV, the screen as a picture, into files that are new."""

import csv
import json
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.functional.dashboard import alerts
from tests.support.dashboard import Screen, dashboard
from tests.support.disk import no_room_on_disk
from tests.support.events import log, status
from tui.widgets.rows import MAX_HELD, RowView

NOWHERE = "ws://127.0.0.1:1/ws"
FLOAT = re.compile(r"\d\.0[,\s]")
HOSTILE = '=HYPERLINK("http://x")[/x]'


async def fill(screen: Screen) -> None:
    for one in (status("coder-1", "busy"), status("coder-2", "idle"), log("a", HOSTILE)):
        screen.app.store.apply(one)
    screen.app.draw()
    await screen.shows("coder-1")


def files(directory: Path) -> list[Path]:
    return list(directory.glob("*"))


def many(screen: Screen) -> None:
    """More rows than a view that is held keeps, in two panes."""
    for number in range(2 * MAX_HELD):
        screen.app.store.apply(status(f"coder-{number}", "busy"))
        screen.app.store.apply(log("a", f"line {number}", number))
    screen.app.draw()


def only(directory: Path, suffix: str) -> Path:
    (file,) = directory.glob(f"*{suffix}")
    return file


async def test_the_rows_of_the_focused_pane_as_json_and_csv(tmp_path: Path) -> None:
    async with dashboard(NOWHERE, export_directory=tmp_path, toasts=True) as screen:
        await fill(screen)
        await screen.press("e")
        await screen.shows("Export agents", "these rows as JSON")
        await screen.press("j")
        await screen.shows("exported to")
        file = only(tmp_path, ".json")
        assert file.name.startswith("autosdlc-agents-")
        assert len(json.loads(file.read_text("utf-8"))) == 2
        await screen.press("5", "e", "c")
        await screen.until(lambda: len(list(tmp_path.glob("*logs*.csv"))) == 1, "the CSV")
        with only(tmp_path, ".csv").open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines))
        assert len(rows) == 1
        assert not any(str(value).startswith("=") for value in rows[0].values())


async def test_more_rows_are_exported_than_a_held_view_keeps(tmp_path: Path) -> None:
    async with dashboard(NOWHERE, export_directory=tmp_path) as screen:
        many(screen)
        await screen.press("e", "j")
        file = await screen.writes(tmp_path, ".json")
        assert len(json.loads(file.read_text("utf-8"))) == 2 * MAX_HELD


@pytest.mark.parametrize("key", ["1", "5"])
async def test_what_is_exported_is_of_one_moment_though_rows_come_meanwhile(key: str) -> None:
    async with dashboard(NOWHERE) as screen:
        screen.app.store.logs._limit = 2 * MAX_HELD
        many(screen)
        await screen.press(key)
        view = screen.app.focused
        assert isinstance(view, RowView)
        before = [view.key(row) for row in range(2 * MAX_HELD)]
        found = []
        for record in view.records():
            found.append(record.get("id") or record["message"])
            if len(found) % 100 == 0:
                screen.app.store.apply(log("b", f"late {len(found)}"))
                screen.app.store.apply(status(f"late-{len(found)}", "needs_input"))
                screen.app.draw()
        assert found == (before if key == "1" else [f"line {n}" for n in range(2 * MAX_HELD)])


async def test_what_was_not_kept_of_a_paused_view_is_said(tmp_path: Path) -> None:
    async with dashboard(NOWHERE, export_directory=tmp_path, toasts=True) as screen:
        many(screen)
        await screen.press("space", "e", "j")
        await screen.shows("exported to", f"without {MAX_HELD}", "to be kept")
        assert len(json.loads(only(tmp_path, ".json").read_text("utf-8"))) == MAX_HELD


async def test_the_screen_as_a_picture_without_the_question(tmp_path: Path) -> None:
    async with dashboard(NOWHERE, export_directory=tmp_path) as screen:
        await fill(screen)
        await screen.press("e", "s")
        file = await screen.writes(tmp_path, ".svg")
        picture = file.read_text("utf-8")
        ET.fromstring(picture)  # noqa: S314 - our own
        assert "coder-1" in picture
        assert "Export" not in picture


@pytest.mark.parametrize("width", [120, 40])
async def test_a_click_chooses_and_escape_does_not(width: int, tmp_path: Path) -> None:
    keys = {"export.json": "ctrl+alt+shift+f12"}  # in a narrow box this takes two lines
    async with dashboard(NOWHERE, size=(width, 20), keys=keys, export_directory=tmp_path) as screen:
        await fill(screen)
        await screen.press("e")
        await screen.click("JSON")
        await screen.writes(tmp_path, ".json")
        await screen.press("e")
        await screen.click("as CSV")
        await screen.writes(tmp_path, ".csv")
        await screen.press("e")
        await screen.click("picture")
        await screen.writes(tmp_path, ".svg")
        await screen.press("e")
        await screen.click("close")
        await screen.lacks("Export")
        await screen.press("e")
        await screen.shows("Export")
        await screen.pilot.click(offset=(0, 19))
        await screen.lacks("Export")
        await screen.press("e", "escape")
        await screen.lacks("Export")
        assert len(files(tmp_path)) == 3


async def test_a_detail_is_exported_whole(tmp_path: Path) -> None:
    async with dashboard(NOWHERE, export_directory=tmp_path) as screen:
        await fill(screen)
        await screen.press("enter")
        await screen.shows("q back")
        await screen.press("e", "j")
        file = await screen.writes(tmp_path, ".json")
        (found,) = json.loads(file.read_text("utf-8"))
        assert found["type"] == "agent_status"


async def test_whole_numbers_are_written_as_they_were_sent(tmp_path: Path) -> None:
    task = {"id": "t", "type": "code", "progress": 40}
    metrics = {"cpuUsage": 12.5, "memoryUsage": 2**30}
    async with dashboard(NOWHERE, export_directory=tmp_path) as screen:
        screen.app.store.apply(status("coder-1", "busy", currentTask=task, metrics=metrics))
        screen.app.draw()
        await screen.press("enter")
        await screen.shows('"progress": 40', '"cpuUsage": 12.5')
        assert not FLOAT.search(screen.text)
        await screen.press("escape", "e", "j")
        text = (await screen.writes(tmp_path, ".json")).read_text("utf-8")
        assert '"progress": 40,' in text
        assert not FLOAT.search(text)
        await screen.press("e", "c")
        assert not FLOAT.search((await screen.writes(tmp_path, ".csv")).read_text("utf-8"))


async def test_what_was_delivered_is_exported_with_what_to_do_and_where(tmp_path: Path) -> None:
    actions = [{"label": "Open", "url": "https://example.org/1"}]
    said = [*alerts.EVERYTHING[:-1], alerts.notice(actions=actions)]
    async with dashboard(NOWHERE, export_directory=tmp_path) as screen:
        for one in said:
            screen.app.store.apply(one)
        screen.app.draw()
        await screen.press("4", "e", "j")
        text = (await screen.writes(tmp_path, ".json")).read_text("utf-8")
        by_kind = {record["kind"]: record for record in json.loads(text)}
        alert = by_kind["alert"]
        assert alert["components"] == ["api", "worker"]
        assert alert["recommended"] == ["Look at the logs", "Restart it"]
        worker = {"name": "worker", "status": "deploying", "progress": 40}
        assert worker in by_kind["deployment"]["components"]
        assert by_kind["pr"]["url"] == "https://github.com/acme/shop/pull/214"
        assert by_kind["ci"]["url"] == "https://github.com/acme/shop/actions/runs/1"
        assert by_kind["notice"]["actions"] == [
            {"label": "Open", "address": "https://example.org/1"}
        ]


@pytest.mark.parametrize("key", ["j", "c"])
async def test_where_there_is_nothing_no_file_is_written(key: str, tmp_path: Path) -> None:
    async with dashboard(NOWHERE, export_directory=tmp_path, toasts=True) as screen:
        await fill(screen)
        await screen.press("3", "e", key)
        await screen.shows("nothing to export")
    assert files(tmp_path) == []


async def test_the_directory_is_made(tmp_path: Path) -> None:
    directory = tmp_path / "all" / "exports"
    async with dashboard(NOWHERE, export_directory=directory) as screen:
        await fill(screen)
        await screen.press("e", "j")
        await screen.writes(directory, ".json")


@pytest.mark.parametrize("kind", ["file", "full"])
async def test_what_cannot_be_written_is_said_in_one_line(tmp_path: Path, kind: str) -> None:
    directory = tmp_path / "file" if kind == "file" else tmp_path
    if kind == "file":
        directory.touch()
    async with dashboard(NOWHERE, export_directory=directory, toasts=True) as screen:
        await fill(screen)
        if kind == "full":
            with no_room_on_disk():
                await screen.press("e", "j")
                await screen.shows("not exported", "File too large")
        else:
            await screen.press("e", "j")
            await screen.shows("not exported", "Not a directory")
    assert files(tmp_path) == ([directory] if kind == "file" else [])
