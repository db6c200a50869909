"""What a terminal shows is what was drawn, however little was written for it."""

from typing import NamedTuple

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.terminal.canvas import Canvas

COLUMNS, ROWS = 24, 4
STYLES = (
    "",
    "1",
    "2;31",
    "1;38;2;1;2;3;48;5;17",
    "7;94;103",
    "4",
    "38;2;9;9;9",
    "39;49",
    "48;5;17",
)


class Piece(NamedTuple):
    row: int
    column: int
    style: str
    text: str

    def __str__(self) -> str:
        """As Textual writes it."""
        styled = f"\x1b[{self.style}m{self.text}\x1b[0m" if self.style else self.text
        return f"\x1b[{self.row};{self.column}H{styled}"


class Terminal:
    def __init__(self) -> None:
        self.screen = pyte.Screen(COLUMNS, ROWS)
        self.stream = pyte.Stream(self.screen)
        self.stream.feed("\x1b[?7l")  # as Textual has it: lines are cut off, not wrapped

    @property
    def cells(self) -> object:
        buffer = self.screen.buffer
        return [[buffer[y][x] for x in range(COLUMNS)] for y in range(ROWS)]

    @property
    def cursor(self) -> tuple[int, int]:
        return self.screen.cursor.y, self.screen.cursor.x


def canvas() -> Canvas:
    made = Canvas()
    made.resize(COLUMNS, ROWS)
    return made


def frames(*letters: str) -> st.SearchStrategy[list[tuple[list[Piece], bool]]]:
    """What is drawn, each with whether it has to wait for the next one."""
    pieces = st.builds(
        Piece,
        st.integers(1, ROWS),
        st.integers(1, COLUMNS),
        st.sampled_from(STYLES),
        st.lists(st.sampled_from(letters), min_size=1, max_size=8).map("".join),
    ).filter(lambda piece: piece.column + cell_len(piece.text) <= COLUMNS + 1)
    return st.lists(st.tuples(st.lists(pieces, min_size=1), st.booleans()), min_size=1)


@given(frames(*"ab ─▓●"))
def test_it_shows_what_was_drawn(drawn: list[tuple[list[Piece], bool]]) -> None:
    plain, spared, made = Terminal(), Terminal(), canvas()
    for frame, waits in drawn:
        text = "".join(map(str, frame)) + "\x1b[2;3H"
        plain.stream.feed(text)
        assert made.is_frame(text)
        made.draw(text)
        if not waits:
            spared.stream.feed(made.changes())
            assert spared.cells == plain.cells
            assert spared.cursor == plain.cursor
    spared.stream.feed(made.changes())
    assert spared.cells == plain.cells
    assert not made.changes(), "nothing is left to be written"


@given(frames("a", " ", "─", "日", "e\u0301", "👩"))
def test_wide_text_is_shown_as_if_all_had_been_written_at_once(
    drawn: list[tuple[list[Piece], bool]],
) -> None:
    shown, made = Terminal(), canvas()
    for frame, waits in drawn:
        made.draw("".join(map(str, frame)))
        if not waits:
            shown.stream.feed(made.changes())
    shown.stream.feed(made.changes())
    at_once = Terminal()
    made.forget()
    at_once.stream.feed(made.changes())
    assert shown.cells == at_once.cells


def test_only_what_changed_is_written_in_as_few_colours_as_needed() -> None:
    made = canvas()
    made.draw(str(Piece(1, 1, "38;2;1;2;3;48;2;0;0;0", "12:00:01")))
    made.changes()
    made.draw(str(Piece(1, 1, "38;2;1;2;3;48;2;0;0;0", "12:00:02")))
    assert made.changes() == "\x1b[1;8H\x1b[38;2;1;2;3;48;2;0;0;0m2\x1b[0m\x1b[1;9H"
    made.draw(f"{Piece(2, 1, '1;31;40', 'a')}{Piece(2, 2, '1;32;40', 'b')}{Piece(2, 3, '40', 'c')}")
    assert made.changes().startswith("\x1b[2;1H\x1b[1;31;40ma\x1b[32mb\x1b[0;40mc\x1b[0m ")
    made.draw(str(Piece(2, 1, "1;31;40", "a")))
    assert made.changes() == "\x1b[2;2H", "the cursor alone"


@pytest.mark.parametrize("text", ["日本語", "a👩\u200d💻b", "e\u0301e\u0301", "🇩🇪 de"])
def test_a_line_with_characters_of_other_widths_is_written_whole(text: str) -> None:
    made = canvas()
    made.draw(f"{Piece(1, 1, '', text)}{Piece(1, 1 + cell_len(text), '31', '|end')}")
    made.changes()
    made.draw(str(Piece(1, 20, "", "!")))
    written = made.changes()
    behind = f"\x1b[1;{1 + cell_len(text)}H"
    assert written.startswith(f"\x1b[1;1H{text}{behind}\x1b[31m|end\x1b[0m ")
    made.draw(str(Piece(1, 20, "", "!")))
    assert not made.changes()


def test_what_covers_half_of_a_wide_text_leaves_the_rest_in_its_place() -> None:
    made, terminal = canvas(), Terminal()
    made.draw(f"{Piece(1, 1, '', '日本語日本語日本語')}{Piece(1, 19, '', '|')}")
    made.draw(str(Piece(1, 6, "7", " over ")))
    terminal.stream.feed(made.changes())
    shown = "".join(cell.data for cell in terminal.cells[0])  # type: ignore[index]
    assert shown.startswith("日本  over  日本語|"), shown


def test_nothing_is_written_beyond_the_edges() -> None:
    made = canvas()
    made.draw(str(Piece(1, 20, "", "0123456789")) + str(Piece(ROWS + 1, 1, "", "below")))
    written = made.changes()
    assert "01234" in written
    assert "45" not in written
    assert "below" not in written


def test_text_that_draws_is_all_that_passes() -> None:
    made = canvas()
    made.draw("\x1b[1;1Ha\x1b]0;owned\x07b\x1b[2Jc\x9b31md\x00e\x1b[?25lf\r\n")
    written = made.changes()
    assert "ab" in written
    assert "ef" in written
    assert written.replace("\x1b[1;1H", "").count("\x1b") <= 2
    assert not set(written) & set("\x07\x9b\x00\r\n")


def test_a_size_that_is_told_again_loses_nothing() -> None:
    made, terminal = canvas(), Terminal()
    made.draw(str(Piece(1, 1, "", "╭─ title ─╮")))
    made.changes()
    made.resize(COLUMNS, ROWS)
    made.draw(str(Piece(1, 4, "1", "TITLE")))
    terminal.stream.feed(made.changes())
    shown = "".join(cell.data for cell in terminal.cells[0])  # type: ignore[index]
    assert shown.startswith("╭─ TITLE ─╮")


def test_after_another_size_and_after_a_pause_all_is_written() -> None:
    made = canvas()
    made.draw(str(Piece(1, 1, "", "hello")))
    made.changes()
    made.forget()
    assert "hello" in made.changes()
    made.resize(COLUMNS + 1, ROWS)
    made.draw(str(Piece(1, 1, "", "hello")))
    assert "hello" in made.changes()


@pytest.mark.parametrize("data", ["\x1b]0;title\x07", "\x07", "\x1b[?1049h", "\x1b[22;2t", ""])
def test_what_does_not_draw_is_left_alone(data: str) -> None:
    assert not canvas().is_frame(data)
