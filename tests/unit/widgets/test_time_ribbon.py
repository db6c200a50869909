"""The time ribbon's one line, at the widths that terminals have."""

import pytest

from tests.support.demo import story
from tests.support.events import START, event, log, phase, status
from tui.store import Store
from tui.store.link import Link
from tui.widgets.cells import line_width
from tui.widgets.time_ribbon import TimeRibbon


def drawn(store: Store, width: int, now: float = 0.0) -> str:
    """`now` in seconds after START."""
    store.set_link(Link(phase="live"))
    ribbon = TimeRibbon(store, lambda: START + now * 1000)
    line = ribbon.drawn(width)
    assert line_width(line) == width
    return "".join(text for text, _ in line)


@pytest.fixture(scope="module")
def told() -> Store:
    store = Store()
    for one in story(600):
        store.apply(one)
    return store


@pytest.mark.parametrize("width", [*range(20, 60, 7), 60, 72, 80, 99, 100, 118, 120, 198, 200])
@pytest.mark.parametrize("now", [600.0, 655.0])
def test_it_fills_the_line_exactly(told: Store, width: int, now: float) -> None:
    said = drawn(told, width, now)
    assert "▌LIVE" in said
    assert ("R" in said and "F" in said) is (width >= 50)
    assert "✗" in said
    if width > 30:
        assert "⇡" in said
        assert any(bar in said for bar in "▁▂▃▄▅▆▇█")


def test_a_full_ribbon_wastes_little(told: Store) -> None:
    said = drawn(told, 80, 600.0)
    left = said.index("▌") - len(said[: said.index("▌")].lstrip(" 0123456789:·"))
    assert left < 12, said


def test_nothing_says_so() -> None:
    store = Store()
    store.set_link(Link(phase="live"))
    line = TimeRibbon(store, lambda: START).drawn(80)
    assert line == (("no events yet", "dim"),)


def test_a_quiet_hour_is_seen_as_one() -> None:
    store = Store()
    for second in range(60):
        store.apply(log("a", "x", second))
    assert drawn(store, 49, 3_600.0).count(" ") > 25


def test_a_single_event_is_drawn_though_nothing_stands_out() -> None:
    store = Store()
    store.apply(log("a", "x"))
    assert "█" in drawn(store, 120)


@pytest.mark.parametrize("before", [(), (60, 130)])
def test_it_stands_where_it_was_paused_until_it_goes_on(before: tuple[int, ...]) -> None:
    store, now = Store(), START + 150_000
    ribbon = TimeRibbon(store, lambda: now)
    for second in before:
        store.apply(log("a", "x", second))
    ribbon.pause()
    now += 600_000
    for second in range(200, 700, 7):
        store.apply(status("a", "needs_input" if second % 2 else "busy", second))
    later = "".join(text for text, _ in ribbon.drawn(120))
    assert "▌PAUSED" in later
    assert "‼" not in later
    assert ("█" in later) is bool(before)
    ribbon.go_on()
    later = "".join(text for text, _ in ribbon.drawn(120))
    assert "█" in later
    assert "‼" in later


def test_words_give_way_where_markers_are_close() -> None:
    store = Store()
    for at in (0, 100, 102, 1_000):
        store.apply(status("a", "needs_input", at))
        store.apply(status("a", "busy", at + 1))
    said = drawn(store, 160, 1_000.0)
    assert said.count("‼") in (3, 4), "two may fall on one cell"
    assert said.count("‼needs you") == 1, "the last has no room before the end"


def test_of_what_falls_on_one_cell_the_rarer_is_shown() -> None:
    store = Store()
    deployment = {
        "deploymentId": "d",
        "environment": "e",
        "status": "completed",
        "progress": 100.0,
        "components": [],
    }
    store.apply(log("a", "x", 0))
    store.apply(event("deployment_status", deployment, 500))
    store.apply(status("a", "needs_input", 500))
    store.apply(log("a", "x", 1_000))
    said = drawn(store, 120, 1_000.0)
    assert "⇡deploy" in said
    assert "‼" not in said


def test_the_phases_are_those_of_the_agent_that_the_tdd_pane_shows() -> None:
    store = Store()
    store.apply(phase("a", "green", "red", 0))
    store.apply(phase("b", "red", "green", 50))
    store.apply(log("a", "x", 100))
    assert "G" in drawn(store, 80, 100.0)
    assert "R" not in drawn(store, 80, 100.0)


@pytest.mark.parametrize("width", range(100, 200))
def test_the_beginning_is_on_it_wherever_now_falls_in_its_cell(width: int) -> None:
    store = Store()
    for at in (10, 40):
        store.apply(status(f"a{at}", "needs_input", at))
    for now in (60.0, 75.5, 90.9):
        said = drawn(store, width, now)
        assert said.count("‼") == 2, said
