"""ASCII in place of glyphs: cell for cell, and telling apart what must be told apart."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

import tui
from tui.protocol.text import clean
from tui.widgets.cells import BARS
from tui.widgets.glyphs import GLYPHS, UNKNOWN, ascii_glyph, ascii_text


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


def test_every_glyph_has_as_many_characters_as_cells() -> None:
    assert {glyph for glyph, plain in GLYPHS.items() if cell_len(glyph) != len(plain)} == set()
    assert all(plain.isascii() for plain in GLYPHS.values())


def literals(path: Path) -> Iterator[str]:
    """All texts in a module that are no docstrings."""
    nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
    alone = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    for node in nodes:
        if isinstance(node, ast.Constant) and id(node) not in alone and isinstance(node.value, str):
            yield node.value


def test_all_that_we_write_has_an_equal_though_no_test_comes_to_see_it() -> None:
    package = Path(tui.__file__).parent
    drawn = ("details", "panes", "screens", "store", "widgets")
    paths = [path for name in drawn for path in (package / name).rglob("*.py")]
    paths += package.glob("*.py")
    written = {character for path in paths for text in literals(path) for character in text}
    assert len(written) > 100
    assert {one for one in written if one != UNKNOWN and UNKNOWN in ascii_glyph(one)} == set()


@pytest.mark.parametrize("together", ["‼✗●○·◼◎?✓", BARS, "▓░", "▲▼", "▸▾", "⇡✗▼‼"])
def test_what_stands_beside_each_other_stays_told_apart(together: str) -> None:
    assert len(set(ascii_text(together))) == len(together)
