"""Text in cells: nothing is ever wider than it was given room for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.widgets.cells import Column, age, column_widths, fit, meter, spark, spread, wrap
from tui.widgets.cycle_lines import ranges


@given(st.text(), st.integers(min_value=0, max_value=60), st.booleans())
def test_fitted_text_is_exactly_as_wide_as_asked(text: str, width: int, right: bool) -> None:
    assert cell_len(fit(text, width, right=right)) == width


@given(st.text(max_size=200), st.integers(min_value=1, max_value=40))
def test_wrapped_lines_fit(text: str, width: int) -> None:
    assert all(cell_len(line) <= width for line in wrap(text, width))


def test_wrapping_keeps_every_word() -> None:
    said = "no agents yet: they appear with their first agent_status"
    assert " ".join(wrap(said, 20)) == said


@pytest.mark.parametrize(
    ("milliseconds", "said"),
    [
        (-5, "0s"),
        (999, "0s"),
        (59_999, "59s"),
        (134_000, "2m14s"),
        (11_220_000, "3h07m"),
        (187_200_000, "2d04h"),
    ],
)
def test_ages_read_as_a_person_writes_them(milliseconds: float, said: str) -> None:
    assert age(milliseconds) == said


def test_a_meter_is_never_longer_than_its_room() -> None:
    assert [meter(share, 4) for share in (-1, 0, 0.5, 1, 9)] == [
        "░░░░",
        "░░░░",
        "▓▓░░",
        "▓▓▓▓",
        "▓▓▓▓",
    ]


def test_a_spark_keeps_its_scale() -> None:
    assert spark([0, 50, 100, 500, -3], 100) == "▁▅██▁"


@given(st.integers(min_value=1, max_value=300))
def test_columns_never_overflow_once_the_fixed_ones_fit(width: int) -> None:
    columns = (Column("a", 1), Column("b", 6, flex=2), Column("c", 4, wanted_from=30))
    widths = column_widths(columns, width)
    shown = [w for w in widths if w]
    if width >= 12:
        assert sum(shown) + len(shown) - 1 <= width
    assert bool(widths[2]) == (width >= 30)


def test_the_right_end_gives_way() -> None:
    left, right = (("abc", ""),), (("xyz", ""),)
    assert spread(left, right, 8) == (("abc", ""), ("  ", ""), ("xyz", ""))
    assert spread(left, right, 6) == left


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ((), ""),
        ((5,), "5"),
        ((12, 13, 14, 30, 41, 42), "12-14,30,41-42"),
        ((3, 1, 2, 2), "1-3"),
        (tuple(range(1, 40, 2)), "1,3,5,7,9,11…"),
    ],
)
def test_uncovered_lines_are_written_as_ranges(lines: tuple[int, ...], said: str) -> None:
    assert ranges(lines) == said
