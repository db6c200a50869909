"""Coverage as a map of tiles: the worst first, in the room there is, and without colour."""

import pytest

from tui.store.tdd import CoveredFile
from tui.widgets.cells import Line, line_width
from tui.widgets.heat import heat_lines


def drawn(*files: CoveredFile, width: int = 62, most: int = 4, minimum: float = 80.0) -> list[Line]:
    return [line(width) for line in heat_lines(files, minimum, width, most)]


def text(line: Line) -> str:
    return "".join(span for span, _ in line).rstrip()


def test_each_file_is_a_bar_a_percentage_and_a_name() -> None:
    title, row = drawn(
        CoveredFile("src/ledger.py", 12.9, (1,)),
        CoveredFile("src/api.py", 79.9, (1,)),
        CoveredFile("src/models.py", 100.0, ()),
    )
    assert text(title).split("  ")[0] == "COVERAGE HEAT"
    assert text(title).endswith("2 of 3 files below 80%")
    assert text(row) == "▂  12  ledger.py    ▇  79  api.py       █ 100  models.py"
    assert [style for _, style in row if style.endswith("-tile")] == [
        "bad-tile",
        "warn-tile",
        "ok-tile",
    ]


def test_what_there_is_no_room_for_is_counted() -> None:
    files = [CoveredFile(f"f{number}.py", float(number), (1,)) for number in range(40)]
    lines = drawn(*files, most=3)
    assert len(lines) == 4
    assert text(lines[0]).endswith("40 of 40 files below 80%  +31")
    assert "f8.py" in text(lines[-1])


def test_files_of_one_name_are_told_apart_by_their_folders() -> None:
    _, row = drawn(CoveredFile("a/__init__.py", 1.0, ()), CoveredFile("b/__init__.py", 2.0, ()))
    assert "a/__init__.…" in text(row)
    assert "b/__init__.…" in text(row)


@pytest.mark.parametrize("width", [1, 20, 46, 61, 118])
def test_no_line_is_wider_than_its_room(width: int) -> None:
    odd = ("日本語の支払い" * 6, "a" * 300, "b/" * 90, "c.py", "\x1b[31m.py")
    values = (-1e308, 0.0, 50.0, 1e308, 100.0)
    files = [CoveredFile(path, value, ()) for path, value in zip(odd, values, strict=True)]
    for line in drawn(*files, width=width)[1:]:
        assert line_width(line) <= max(width, 9)


def test_a_single_file_and_files_without_a_figure_are_no_map() -> None:
    assert drawn(CoveredFile("a.py", 50.0, ()), CoveredFile("b.py", None, (1,))) == []
    assert drawn(CoveredFile("a.py", 50.0, ()), CoveredFile("b.py", 60.0, ()), most=0) == []
