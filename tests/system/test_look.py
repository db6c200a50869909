"""What reaches the terminal, byte by byte: no colour, ASCII alone, and a mouse that is let go."""

import re
import signal

import pytest

from tests.support.terminal import Terminal
from tests.system.conftest import COMMAND

DEMO = (*COMMAND, "--demo", "--seed", "1", "--speed", "20")
COLOUR = re.compile(rb"\x1b\[(?:\d+;)*(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:;\d+)*m")


def tour(terminal: Terminal) -> None:
    terminal.shows("LIVE", "coder-001")
    for key in ("1", "j", "2", "3", "4", "5", "z", "z", " ", " "):
        terminal.send(key)
    terminal.send("?")
    terminal.shows("esc closes")
    terminal.send("q")
    terminal.lacks("esc closes")
    terminal.send("q")
    assert terminal.ended() == 0


def test_no_color_is_none_to_the_last_byte(environment: dict[str, str]) -> None:
    with Terminal(DEMO, environment=environment | {"NO_COLOR": "1"}) as terminal:
        tour(terminal)
        assert not COLOUR.search(terminal.raw)
        assert re.search(rb"\x1b\[(?:\d+;)*7(?:;\d+)*m", terminal.raw), "the cursor is reversed"


@pytest.mark.parametrize(
    ("flags", "variables"),
    [(("--ascii",), {}), ((), {"LC_ALL": "C"}), ((), {"LC_ALL": "POSIX", "PYTHONUTF8": "1"})],
)
def test_ascii_is_all_there_is_where_it_is_asked_for_or_the_locale_has_no_more(
    environment: dict[str, str], flags: tuple[str, ...], variables: dict[str, str]
) -> None:
    with Terminal((*DEMO, *flags), environment=environment | variables) as terminal:
        tour(terminal)
        assert terminal.raw.isascii()


def test_m_gives_the_mouse_to_the_terminal_and_takes_it_back(environment: dict[str, str]) -> None:
    with Terminal(DEMO, environment=environment) as terminal:
        terminal.shows("LIVE")
        before = terminal.raw.count(b"\x1b[?1003h")
        terminal.send("m")
        terminal.until(lambda: b"\x1b[?1003l" in terminal.raw, "the terminal's")
        terminal.send("m")
        terminal.until(lambda: terminal.raw.count(b"\x1b[?1003h") > before, "ours again")
        terminal.send("q")
        assert terminal.ended() == 0


def test_keys_of_one_write_reach_what_those_before_lead_to(environment: dict[str, str]) -> None:
    with Terminal(DEMO, environment=environment) as terminal:
        terminal.shows("LIVE", "coder-001")
        terminal.send("5fvz")
        terminal.until(lambda: "AGENTS" not in terminal.text, "zoomed")
        terminal.shows("≥INFO", "held")
        terminal.send("/quite")
        terminal.shows("▽quite 0 of")
        terminal.send("\x1b")
        terminal.lacks("▽quite")
        terminal.send("/late\x7f\x7f\rv")
        terminal.shows("▽la ", "≥WARN")
        terminal.send("/\x1b[200~test\x1b[201~\rv")
        terminal.shows("▽latest ", "≥ERROR")
        terminal.send("/s\r/\x7f\x7f\rz1/coder\r5")
        terminal.shows("▽coder ", "▽lates ")
        terminal.send("q")
        assert terminal.ended() == 0


@pytest.mark.parametrize("says_so", [True, False])
def test_a_dashboard_ends_with_its_terminal(environment: dict[str, str], *, says_so: bool) -> None:
    with Terminal(DEMO, environment=environment) as terminal:
        terminal.shows("LIVE", "coder-001")
        terminal.hang_up(says_so=says_so)
        assert terminal.process.wait(20) == 128 + signal.SIGHUP


def test_what_was_left_is_there_at_the_next_start(environment: dict[str, str]) -> None:
    with Terminal(DEMO, environment=environment) as terminal:
        terminal.shows("LIVE", "coder-001")
        terminal.send("3z")
        terminal.until(lambda: "AGENTS" not in terminal.text, "zoomed")
        terminal.send("q")
        assert terminal.ended() == 0
    with Terminal(DEMO, environment=environment) as terminal:
        terminal.shows("LIVE", "3 WORKFLOW")
        assert "AGENTS" not in terminal.text
        terminal.send("q")
        assert terminal.ended() == 0
