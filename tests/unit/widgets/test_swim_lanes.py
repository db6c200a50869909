"""A lane an agent: who has one, and what is on it."""

import pytest

from tests.support.demo import story
from tests.support.events import START, log, phase, results, status
from tui.protocol.models import Message
from tui.store import Store
from tui.store.link import Link
from tui.widgets.cells import line_width
from tui.widgets.swim_lanes import SwimLanes
from tui.widgets.time_ribbon import TimeRibbon


def fold(*events: Message) -> Store:
    store = Store()
    store.set_link(Link(phase="live"))
    for one in events:
        store.apply(one)
    return store


def drawn(store: Store, width: int, now: float, lanes: int) -> list[str]:
    """`now` in seconds after START."""
    ribbon = TimeRibbon(store, lambda: START + now * 1000)
    ribbon.most_lanes = lanes
    lines = ribbon.drawn_lines(width)
    assert all(line_width(line) <= width for line in lines)
    return ["".join(text for text, _ in line) for line in lines]


def test_who_needs_a_person_is_first_the_longest_waiting_before_others() -> None:
    store = fold(
        status("a", "idle"),
        status("b", "busy"),
        status("d", "needs_input", 9),
        status("c", "needs_input", 3),
        status("e", "error", 1),
        results("only-tests", "t.py", 1),
    )
    lanes = SwimLanes(store)
    assert lanes.agents(9) == ["c", "d", "e", "a", "b", "only-tests"]
    assert lanes.agents(4) == ["c", "d", "e", "b"], "who works before who does not"
    assert lanes.agents(2) == ["c", "d"]
    store.apply(status("a", "needs_input", 20))
    assert lanes.agents(3) == ["c", "d", "a"]


def test_held_lanes_stay_with_those_who_had_one() -> None:
    store = fold(status("b", "busy"), status("c", "busy"))
    lanes = SwimLanes(store)
    assert lanes.agents(3) == ["b", "c"]
    store.apply(status("a", "needs_input", 1))
    assert lanes.agents(3, held=True) == ["b", "c"]
    assert lanes.agents(1, held=True) == ["b"]
    assert lanes.agents(3) == ["a", "b", "c"]


def test_a_lane_tells_the_phase_and_where_that_says_less_the_state() -> None:
    store = fold(
        status("coder", "busy", 0),
        status("pm", "busy", 2),
        phase("coder", "", "red", 10),
        status("coder", "needs_input", 20),
        status("coder", "busy", 30),
        status("pm", "idle", 30),
        phase("coder", "red", "green", 40),
        status("pm", "offline", 40),
        log("coder", "x", 50),
    )
    lanes = SwimLanes(store)
    assert lanes.agents(2) == ["coder", "pm"]
    coder, pm = (
        "".join(text for text, _ in line) for line in lanes.lines(START - 1_000, 10_000, 6)
    )
    assert coder.split() == ["coder", "━R‼RGG"]
    assert pm == f"{'pm':13}━━━·  "


def test_lanes_are_worked_out_anew_only_where_something_has_changed() -> None:
    store = fold(status("a", "busy"), phase("a", "", "red"))
    lanes = SwimLanes(store)
    agents = lanes.agents(3)
    first = lanes.lines(START, 1000, 10)
    store.apply(log("a", "x"))
    store.apply(status("a", "busy", 1))
    assert lanes.agents(3) is agents
    assert lanes.lines(START, 1000, 10) is first
    store.apply(phase("a", "red", "green", 2))
    assert lanes.lines(START, 1000, 10) is not first


def test_all_lines_lie_on_one_axis() -> None:
    lines = drawn(fold(*story(56)), 198, 56, lanes=6)
    assert len(lines) == 7
    events, markers, coder, *_ = lines
    assert "events" in events
    assert events.endswith(f"▌LIVE {events[-5:]}")
    assert coder.startswith("coder-001 ")
    at = markers.index("‼")
    assert coder[at - 1 : at + 1] in ("R‼", "‼‼"), "where it began to wait"


def test_who_has_no_lane_is_counted() -> None:
    store = fold(*(status(f"agent-{number:05}", "busy") for number in range(10_000)))
    lines = drawn(store, 198, 1, lanes=6)
    assert len(lines) == 8
    assert lines[1].endswith(" +9,994 more")


@pytest.mark.parametrize("width", [20, 30, 100, 198])
def test_hostile_names_stay_in_their_cells(width: int) -> None:
    store = fold(status("\x1b[31m日本語" * 20, "busy"), status("a\nb", "needs_input"))
    assert "\x1b" not in "".join(drawn(store, width, 1, lanes=6))


def test_without_agents_or_room_it_is_one_line() -> None:
    assert len(drawn(fold(), 198, 1, lanes=6)) == 1
    assert len(drawn(fold(status("a", "busy")), 198, 1, lanes=0)) == 1
    assert len(drawn(fold(status("a", "busy")), 24, 1, lanes=6)) == 1
