"""The main job: a real pytest run, seen live in the terminal; and a server that goes and comes."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.ports import free_port
from tests.support.terminal import Terminal
from tests.system.conftest import COMMAND

CODE = """
def refund(paid, asked):
    if asked > paid:
        raise ValueError("over the amount")
    return paid - {returned}


def never_tested():
    return 1
"""
TESTS = """
import pytest
from refunds import refund


def test_partial_refund():
    assert refund(10, 4) == 6


def test_full_refund():
    assert refund(10, 10) == 0


def test_over_the_amount():
    with pytest.raises(ValueError):
        refund(10, 11)
"""


def run_pytest(project: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "--autosdlc",
            "--cov=refunds",
            "-p",
            "no:cacheprovider",
        ],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def make_project(directory: Path, returned: str) -> Path:
    directory.mkdir(exist_ok=True)
    (directory / "refunds.py").write_text(CODE.format(returned=returned), "utf-8")
    (directory / "test_refunds.py").write_text(TESTS, "utf-8")
    (directory / "pytest.ini").write_text("[pytest]\n", "utf-8")
    return directory


def test_a_real_test_run_is_seen_live(tmp_path: Path, environment: dict[str, str]) -> None:
    with Terminal(COMMAND, environment=environment) as terminal:
        terminal.shows("● LIVE", "no agents yet", "pytest --autosdlc")

        project = make_project(tmp_path / "payments", returned="0")
        run = run_pytest(project, environment)
        assert run.returncode == 1, run.stdout
        terminal.shows("▌RED", "3 tests", "✗2", "test_partial_refund", "test_refunds.py:7", "line ")
        terminal.shows("✗2 tests")

        make_project(project, returned="asked")
        run = run_pytest(project, environment)
        assert run.returncode == 0, run.stdout
        terminal.shows("▌GREEN", "✓3", "✗0", "refunds.py", "UNCOVERED")
        assert re.search(r"refunds\.py +9 ", terminal.text), "its one line that no test reaches"
        terminal.lacks("test_partial_refund")

        run_pytest(project, environment)
        terminal.shows("▌REFACTOR")

        terminal.send("q")
        assert terminal.ended() == 0
        assert b"\x1b[?1049l" in terminal.raw  # the terminal was given back


@contextmanager
def serving(environment: dict[str, str], port: int) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """`autosdlc-tui serve` as a process of its own; its address once it listens."""
    process = subprocess.Popen(
        [*COMMAND, "serve", "--port", f"{port}", "--http-port", "off"],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        said = process.stdout.readline()
        assert said.startswith("listening on ws://"), said
        yield said.split()[-1], process
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def test_a_killed_server_leaves_the_screen_stale_and_a_new_one_brings_it_back(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    port = free_port()
    with serving(environment, port) as (url, process):
        project = make_project(tmp_path / "payments", returned="0")
        with Terminal(COMMAND, environment=environment | {"AUTOSDLC_URL": url}) as terminal:
            terminal.shows("● LIVE")
            run_pytest(project, environment)
            terminal.shows("test_partial_refund")
            process.kill()
            process.wait()
            terminal.shows("stale", "last word", "test_partial_refund")
            with serving(environment, port):
                terminal.send("r")
                terminal.shows("● LIVE", "test_partial_refund")
                terminal.lacks("stale")
                terminal.send("q")
                assert terminal.ended() == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_dashboard_ended_from_outside_gives_the_terminal_back(
    environment: dict[str, str], number: signal.Signals
) -> None:
    with Terminal(COMMAND, environment=environment) as terminal:
        terminal.shows("● LIVE", "no agents yet")
        terminal.process.send_signal(number)
        assert terminal.ended() == 128 + number
        assert b"\x1b[?1049l" in terminal.raw
    assert not list(Path(environment["XDG_RUNTIME_DIR"]).rglob("server-*.json"))


def test_the_demo_tells_its_story(environment: dict[str, str]) -> None:
    with Terminal([*COMMAND, "--demo", "--speed", "8"], environment=environment) as terminal:
        terminal.shows("demo ● LIVE", "coder-001")
        terminal.shows("needs you", "alembic upgrade head")
        terminal.shows("▲1 alert")
        for key in "12345":
            terminal.send(key)
        terminal.send("?")
        terminal.shows("Keys", "This pane alone, or all again")
        terminal.send("q")
        terminal.lacks("This pane alone")
        terminal.send("q")
        assert terminal.ended() == 0
