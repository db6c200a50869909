"""Each screen of the real program: reached by its keys, seen, left; the terminal is given back."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.terminal import Terminal
from tests.system.conftest import COMMAND

RECORDING = Path(__file__).parents[1] / "recordings" / "demo.jsonl.gz"
REPLAY = (*COMMAND, "--replay", str(RECORDING), "--speed", "1000")
"""The demo's story to its end: from then on nothing changes but by keys."""
ESCAPE = "\x1b"
DOWN_TO_THE_ADDRESS = "j" * 13
PANES = ("AGENTS", "TDD", "WORKFLOW", "ALERTS", "LOGS")


@contextmanager
def told(environment: dict[str, str], columns: int = 80, rows: int = 24) -> Iterator[Terminal]:
    """The story told; at the end the program is left by its key."""
    with Terminal(REPLAY, environment=environment, columns=columns, rows=rows) as terminal:
        terminal.shows("REPLAY ended", "1 AGENTS", "tester-001")
        yield terminal
        terminal.send("q")
        assert terminal.ended() == 0
        for restored in (b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[?1003l", b"\x1b[?2004l"):
            assert restored in terminal.raw.rpartition(b"\x1b[?1049h")[2]
        assert not terminal.echoes_off, "what is typed is seen again"


def visit(terminal: Terminal, keys: str, words: str, leave: str = ESCAPE) -> None:
    terminal.lacks(words)
    terminal.send(keys)
    terminal.shows(words)
    terminal.send(leave)
    terminal.lacks(words)


def test_the_details_of_agents_cycles_workflows_and_lines(environment: dict[str, str]) -> None:
    with told(environment) as terminal:
        visit(terminal, "\r", "METRICS")
        for key, mark, words in (
            ("2", "▾2 TDD", "COVERAGE BY FILE"),
            ("3", "▾3 WORKFLOW", "STEP CONTRACT TESTS"),
            ("5", "▾5 LOGS", "CONTEXT"),
        ):
            terminal.send(key)
            terminal.shows(mark)
            visit(terminal, "\r", words, "q")


def test_the_details_of_deliveries_and_what_asks_before_it_opens(
    environment: dict[str, str],
) -> None:
    with told(environment) as terminal:
        terminal.send("4")
        terminal.shows("▾4 ALERTS")
        terminal.send("\r")
        terminal.shows("conclusion   failure")
        visit(terminal, f"{DOWN_TO_THE_ADDRESS}\r", "Open in the browser?")
        terminal.shows("conclusion   failure")
        terminal.send("q")
        terminal.shows("▾4 ALERTS")
        for words in ("REVIEW AND CHECKS", "MESSAGE", "ISSUE", "MESSAGE", "COMPONENTS"):
            terminal.send("j")
            visit(terminal, "\r", words)
            terminal.shows("▾4 ALERTS")


def test_what_opens_over_the_dashboard(environment: dict[str, str]) -> None:
    with told(environment) as terminal:
        visit(terminal, "?", "esc closes")
        visit(terminal, "\x10", "Search for commands")
        visit(terminal, "t", "Search for themes")
        visit(terminal, "e", "these rows as CSV")
        terminal.send(" ")
        terminal.shows("PAUSED")
        terminal.send(" ")
        terminal.lacks("PAUSED")


def test_each_pane_alone_and_its_filter(environment: dict[str, str]) -> None:
    with told(environment) as terminal:
        for number, name in (*enumerate(PANES[1:], 2), (1, PANES[0])):
            terminal.send(str(number))
            terminal.shows(f"▾{number} {name}")
            terminal.send("z")
            another = "▸1 AGENTS" if name == "LOGS" else "▸5 LOGS"
            terminal.lacks(another)
            terminal.send(ESCAPE)
            terminal.shows(another)
            if name in ("AGENTS", "ALERTS", "LOGS"):
                terminal.send("/")
                terminal.shows("/regular expression/")
                terminal.send("zzz")
                terminal.shows("▽zzz", "fits zzz" if name == "LOGS" else "matches zzz")
                terminal.shows(f"▾{number} {name}")
                terminal.send(ESCAPE)
                terminal.lacks("zzz")


def test_a_storm_of_sizes_and_one_that_is_too_small(environment: dict[str, str]) -> None:
    with told(environment, 120, 40) as terminal:
        for columns, rows in ((24, 8), (200, 60), (60, 20), (39, 9), (80, 24), (24, 8)):
            terminal.resize(columns, rows)
        terminal.shows("too small: 24x8")
        for columns, rows in ((24, 8), (200, 60), (60, 20), (39, 9), (80, 24), (120, 40)):
            terminal.resize(columns, rows)
        terminal.shows(
            "─ 1 AGENTS", "○ tester-001", "─ 2 TDD", "─ 3 WORKFLOW", "─ 4 ALERTS", "─ 5 LOGS"
        )
        terminal.lacks("too small")


def test_a_size_that_is_told_again_leaves_all_in_its_place(environment: dict[str, str]) -> None:
    with told(environment, 120, 40) as terminal:
        terminal.shows("card scheme: held", "▌LIVE 00:12")  # the end of the story
        before = terminal.text
        terminal.resize(120, 40)
        visit(terminal, "?", "esc closes")
        terminal.until(lambda: terminal.text == before, "the same")
        enough = len(terminal.raw) + 4000
        terminal.resize(119, 40)
        terminal.resize(120, 40)
        terminal.until(lambda: len(terminal.raw) > enough, "all of it again")
        terminal.until(lambda: terminal.text == before, "the same")


def test_the_settings_are_told_and_where_they_come_from(environment: dict[str, str]) -> None:
    with Terminal((*COMMAND, "config"), environment=environment | {"NO_COLOR": "1"}) as terminal:
        assert terminal.ended() == 0
        assert "theme" in terminal.text
        assert "NO_COLOR" in terminal.text
