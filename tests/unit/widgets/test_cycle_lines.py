"""A cycle as lines: what is said of it in the room there is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.events import START, event, phase, results
from tui.store import Store
from tui.store.tdd import Breach, CoveredFile, Cycle, Failure, Rule, Totals
from tui.widgets import cycle_lines as draw
from tui.widgets.cells import Line, line_width


def text(line: Line) -> str:
    return "".join(span for span, _ in line).rstrip()


def cycle(store: Store) -> Cycle:
    return store.tdd.by_agent["a"]


def test_the_ribbon_shows_what_is_over_what_is_and_what_is_to_come() -> None:
    store = Store()
    store.apply(phase("a", "refactor", "red"))
    store.apply(phase("a", "red", "green", at=240))
    line = draw.ribbon(cycle(store), START + 252_000, 60)
    assert text(line).split("   ")[0] == "RED 4m00s ▸ ▌GREEN 12s▐ ▸ refactor"
    assert text(line).endswith("cycle 2")
    assert [style for span, style in line if "RED" in span] == ["red"]


def test_a_phase_that_we_do_not_know_is_shown_as_it_is() -> None:
    store = Store()
    store.apply(phase("a", "red", "blue"))
    assert "red ▸ green ▸ refactor ▸ ▌BLUE 5s▐" in text(
        draw.ribbon(cycle(store), START + 5_000, 60)
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (Totals(), ""),
        (Totals(2, 2, 0, 0), " Δ+2"),
        (Totals(1, 0, 1, 0), " Δ+1 ✗+1"),
        (Totals(0, 1, -1, 0), " Δ ✗-1"),
        (Totals(0, 1, 0, -1), " Δ✓+1"),
        (Totals(-3, -3, 0, 0), " Δ-3"),
    ],
)
def test_what_a_run_changed_is_said_shortly(change: Totals, said: str) -> None:
    assert text(draw.change(change)) == said


def test_the_tests_line_gives_up_trends_before_counts() -> None:
    store = Store()
    for passing in (3, 4, 5):
        store.apply(results("a", "test_x.py", passing, ("test_y",)))
    wide, narrow = (text(draw.tests_line(cycle(store), width)) for width in (60, 24))
    assert wide == "6 tests ✓5 ✗1 ↷0 Δ+1 0.25s ███  pass ▇▇▇"
    assert narrow == "6 tests ✓5 ✗1 ↷0 Δ+1"


def test_coverage_says_how_it_moved_and_what_is_too_low() -> None:
    now = {"lines": 91.4, "branches": 84.0, "functions": 96.1}
    before = {"lines": 90.6, "branches": 84.5, "functions": 96.1}
    wide = draw.coverage_line(now, before, 85, 80)
    assert text(wide) == "line 91.4▲0.8  branch 84.0▼0.5!  func 96.1  min 85"
    narrow = draw.coverage_line(now, before, 85, 46)
    assert text(narrow) == "line 91.4▲ branch 84.0▼! func 96.1 min 85"
    assert [style for span, style in wide if span.startswith("84")] == ["warn"]
    assert "min" not in text(draw.coverage_line(now, before, 0, 80))


def test_the_place_of_a_failure_is_shown_whole_or_not_at_all() -> None:
    failure = Failure("test_partial", "assert 3 == 2", "tests/unit/test_refund.py:7", "E  x\nE  y")
    head, message, *trace = draw.failure_lines(failure, 1)
    assert text(head(60)) == "✗ test_partial  tests/unit/test_refund.py:7"
    assert text(head(40)) == "✗ test_partial  test_refund.py:7"
    assert text(head(30)) == "✗ test_partial"
    assert text(message(60)) == "    assert 3 == 2"
    assert [text(line(60)) for line in trace] == ["    │ E  y"]


def test_a_breach_takes_two_lines_where_one_will_not_do() -> None:
    breach = Breach(Rule.REFACTOR_SKIPPED, START, "a", 5, "red follows green")
    (one,) = draw.breach_lines(breach, 80)
    assert text(one(80)).startswith("⚠ cycle 5 refactor skipped: red follows green")
    first, second = draw.breach_lines(breach, 44)
    assert text(first(44)).startswith("⚠ cycle 5 refactor skipped   ")
    assert text(second(44)) == "    red follows green"


def test_a_file_shows_whole_ranges_and_its_name_before_its_folders() -> None:
    file = CoveredFile("payments/vouchers/webhooks.py", 89.1, (44, 47, 48, 49, 53, 54, 90), 85.0)
    assert text(draw.file_line(file, 85, 46)) == " 89.1%▲ ▓▓▓▓░ …/webhooks.py       44,47-49…"
    wide = text(draw.file_line(file, 85, 90))
    assert "payments/vouchers/webhooks.py" in wide
    assert wide.endswith("44,47-49,53-54,90")
    assert "?" in text(draw.file_line(CoveredFile("a.py", None, (1,)), 85, 46))


def test_past_rounds_are_listed_the_newest_first() -> None:
    store = Store()
    for at, now in enumerate(("red", "green", "refactor") * 3):
        store.apply(phase("a", "", now, at=at * 60))
    assert [past.number for past in draw.past_rounds(cycle(store))] == [2, 1]
    line = text(draw.round_line(cycle(store).rounds[0], 80))
    assert line == "cycle 1   RED 1m00s  GREEN 1m00s  REFACTOR 1m00s  ✓0 ✗0 ↷0"


@given(st.text(max_size=60), st.integers(0, 40))
def test_a_path_is_exactly_as_wide_as_asked(path: str, width: int) -> None:
    assert line_width(((draw.fit_path(path, width), ""),)) == width


@given(st.lists(st.integers(1, 500)), st.integers(4, 60))
def test_a_list_in_whole_words_ends_with_no_half_number(lines: list[int], width: int) -> None:
    whole = draw.ranges(lines, 500).split(",")
    shown = draw.whole_words(draw.ranges(lines, 500), width).removesuffix("…").split(",")
    assert shown == whole[: len(shown)]


def test_a_hostile_coverage_report_breaks_no_line() -> None:
    store = Store()
    data = {"agentId": "a", "taskId": "t", "coverage": {"lines": 1e308, "branches": -1e308}}
    store.apply(event("coverage_update", data))
    data = data | {"coverage": {"lines": -1e308, "branches": 1e308}}
    store.apply(event("coverage_update", data))
    now, before = cycle(store).coverage, cycle(store).previous_coverage
    draw.coverage_line(draw.figures(now), draw.figures(before), 80, 60)


@pytest.mark.parametrize("width", [46, 50, 71, 72, 118])
def test_the_titles_of_files_stand_above_their_columns(width: int) -> None:
    line = text(draw.file_line(CoveredFile("a.py", 50.0, (7, 8)), 85, width))
    head = text(draw.files_head(width))
    assert head.index("FILE") == line.index("a.py")
    assert head.index("UNCOVERED") == line.index("7-8")
