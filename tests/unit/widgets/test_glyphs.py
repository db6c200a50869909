"""ASCII in place of glyphs: cell for cell, and telling apart what must be told apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.protocol.text import clean
from tui.widgets.cells import BARS
from tui.widgets.glyphs import GLYPHS, ascii_text


@given(st.text())
def test_any_text_that_is_drawn_becomes_ascii_of_the_same_width(text: str) -> None:
    text = clean(text)
    plain = ascii_text(text)
    assert plain.isascii()
    assert cell_len(plain) == cell_len(text)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("‼ ✗ ✓ ● ○", "! x v * o"),
        ("╭─╮│╰╯┃━", "+-+|++|-"),
        ("▓▓░ ▸ …", "##. > ~"),
        ("café", "cafe"),
        ("日本", "????"),
        ("e\u0301", "e"),
    ],
)
def test_glyphs_are_what_people_write_in_ascii(text: str, plain: str) -> None:
    assert ascii_text(text) == plain


def test_every_glyph_has_one_cell_and_one_character() -> None:
    assert {glyph for glyph in GLYPHS if cell_len(glyph) != 1} == set()
    assert {plain for plain in GLYPHS.values() if len(plain) != 1 or not plain.isascii()} == set()


@pytest.mark.parametrize("together", ["‼✗●○·◼✓", BARS, "▓░", "▲▼", "▸▾", "⇡✗▼‼"])
def test_what_stands_beside_each_other_stays_told_apart(together: str) -> None:
    assert len(set(ascii_text(together))) == len(together)
