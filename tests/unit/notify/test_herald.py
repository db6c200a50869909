"""What is written to the terminal: title, bell, desktop notification."""

from collections.abc import Mapping

import pytest

from tests.support.events import START
from tests.unit.notify.test_notifier import need
from tui.notify.herald import Herald
from tui.notify.notifier import SPACING, News
from tui.notify.settings import Notify, Quiet
from tui.notify.terminal import notification, speaks

XTERM = {"TERM": "xterm-256color"}
KITTY = {"TERM": "xterm-kitty"}


def herald(settings: Notify, environment: Mapping[str, str]) -> tuple[Herald, list[str]]:
    written: list[str] = []
    return Herald(settings, START, written.append, written.append, environment), written


async def test_the_title_carries_the_count_and_is_given_back() -> None:
    told, written = herald(Notify(bell=False), XTERM)
    told.look((), START)
    assert written == ["\x1b[22;2t", "\x1b]2;autosdlc\x07"]
    told.look((need("a"), need("b")), START + 1)
    told.look((need("a"), need("b")), START + 2)
    assert written[2:] == ["\x1b]2;autosdlc (2 need you)\x07"]
    told.look((), START + 3)
    await told.close()
    assert written[3:] == ["\x1b]2;autosdlc\x07", "\x1b[23;2t"]


@pytest.mark.parametrize("term", ["linux", "dumb", ""])
async def test_a_terminal_without_titles_is_sent_none(term: str) -> None:
    told, written = herald(Notify(), {"TERM": term})
    told.look((need("a"),), START)
    await told.close()
    assert written == ["\x07"]


def test_the_bell_rings_on_the_edge_only() -> None:
    told, written = herald(Notify(), XTERM)
    for later in range(10):
        told.look((need("a"),), START + later * SPACING)
    assert written.count("\x07") == 1


def test_nothing_is_told_in_quiet_hours_but_the_title_stays_true() -> None:
    told, written = herald(Notify(quiet=Quiet(0, 24 * 60), desktop="osc9"), XTERM)
    told.look((need("a"),), START)
    assert written == ["\x1b[22;2t", "\x1b]2;autosdlc (1 needs you)\x07"]


def test_a_terminal_that_understands_shows_a_notification() -> None:
    told, written = herald(Notify(bell=False), KITTY)
    told.look((need("coder-1"),), START)
    assert written[-1] == "\x1b]9;autosdlc: coder-1 needs you: Bash: rm build?\x07"


@pytest.mark.parametrize(
    ("environment", "how"),
    [
        ({"TERM_PROGRAM": "iTerm.app", "TERM": "xterm-256color"}, "osc9"),
        ({"TERM": "foot"}, "osc777"),
        ({"TERM": "rxvt-unicode-256color"}, "osc777"),
        ({"TERM": "xterm-256color"}, "off"),
        ({"TERM_PROGRAM": "Apple_Terminal", "TERM": "xterm-256color"}, "off"),
        ({"TERM_PROGRAM": "iTerm.app", "TMUX": "socket,1,0", "TERM": "tmux-256color"}, "off"),
        ({}, "off"),
    ],
)
def test_auto_asks_only_terminals_that_are_known_to_understand(
    environment: dict[str, str], how: str
) -> None:
    assert speaks("auto", environment) == how
    assert speaks("osc9", environment) == "osc9"


def test_no_text_can_end_a_sequence_or_add_a_field() -> None:
    hostile = News("a;b\x07\x1b\\", "needs_input", "c;d\x1b]2;e\x07\x9cf")
    assert notification(hostile, "osc777", {}) == "\x1b]777;notify;a,b needs you;c,df\x07"
    assert notification(hostile, "osc9", {}) == "\x1b]9;autosdlc: a;b needs you: c;df\x07"
    assert notification(hostile, "off", {}) == ""


def test_in_tmux_a_notification_is_passed_through() -> None:
    wrapped = notification(News("a", "blocked", ""), "osc9", {"TMUX": "socket,1,0"})
    assert wrapped == "\x1bPtmux;\x1b\x1b]9;autosdlc: a is blocked\x07\x1b\\"
