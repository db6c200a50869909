"""A command of one's own, really run."""

import asyncio
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tui.notify import command as module
from tui.notify.command import Command
from tui.notify.notifier import News

NEWS = News("coder-1", "needs_input", "$(touch owned); `id` 日本")
PATIENCE = 10.0


async def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "never came"
        await asyncio.sleep(0.01)


async def test_the_text_of_an_event_comes_in_the_environment_and_is_read_by_no_shell(
    tmp_path: Path,
) -> None:
    out = tmp_path / "out"
    script = (
        "import os, pathlib, sys;"
        "said = [os.environ['AUTOSDLC_' + name] for name in ('WHO', 'KIND', 'TEXT')];"
        "pathlib.Path(sys.argv[1] + '.new').write_text('|'.join(said), 'utf-8');"
        "os.replace(sys.argv[1] + '.new', sys.argv[1])"
    )
    complaints: list[str] = []
    command = Command([sys.executable, "-c", script, str(out)], complaints.append)
    command.run(NEWS)
    await until(out.exists)
    assert out.read_text("utf-8") == "|".join(NEWS)
    await command.close()
    assert not complaints
    assert not out.with_name("owned").exists()


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["/nowhere/at-all"], "cannot be run: No such file or directory"),
        ([sys.executable, "-c", "raise SystemExit(3)"], "ended with exit code 3"),
    ],
)
async def test_a_command_that_fails_is_told_once(argv: list[str], said: str) -> None:
    complaints: list[str] = []
    command = Command(argv, complaints.append)
    for _ in range(3):
        command.run(NEWS)
        await until(lambda: not command._running)
    assert len(complaints) == 1
    assert complaints[0].startswith("notify.command: ")
    assert said in complaints[0]


async def test_a_command_that_hangs_is_ended_and_holds_nothing_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.1)
    complaints: list[str] = []
    command = Command([sys.executable, "-c", "import time; time.sleep(99)"], complaints.append)
    before = time.monotonic()
    for _ in range(9):
        command.run(NEWS)
    assert time.monotonic() - before < 0.1
    assert len(command._running) == module.AT_ONCE
    await until(lambda: not command._running)
    assert "still running" in complaints[0]


async def test_closing_ends_what_still_runs() -> None:
    command = Command([sys.executable, "-c", "import time; time.sleep(99)"], lambda _: None)
    command.run(NEWS)
    await asyncio.sleep(0)
    before = time.monotonic()
    await command.close()
    assert time.monotonic() - before < PATIENCE
    assert not command._running
