"""Themes: each shipped one is whole and readable; a wrong one says all its faults."""

import shutil
from pathlib import Path

import pytest
from textual.color import Color
from textual.style import Style

from tui.theme import (
    COLORS,
    VARIABLES,
    ThemeError,
    ThemeFiles,
    find_themes,
    load_theme,
    shipped_directory,
)
from tui.widgets.styles import STYLES

SHIPPED = find_themes([shipped_directory()])
DRAWN_ON = ("background", "panel", "row-cursor")
"""What lies under a style that brings no background: a pane, a bar, the cursor."""
XTERM = ((0, 0, 0), (205, 0, 0), (0, 205, 0), (205, 205, 0))
VGA = ((0, 0, 0), (170, 0, 0), (0, 170, 0), (170, 85, 0))


def contrast(one: Color, other: Color) -> float:
    """The contrast ratio of WCAG 2.2, 1 to 21."""

    def luminance(color: Color) -> float:
        linear = [
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in color.normalized
        ]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def variables(name: str) -> dict[str, str]:
    """All that styles may name, as Textual makes it of the theme."""
    theme = load_theme(SHIPPED[name])
    return theme.to_color_system().generate() | theme.variables


OWN_COLOURS = [name for name in SHIPPED if not load_theme(SHIPPED[name]).ansi]
TERMINAL_COLOURS = [name for name in SHIPPED if name not in OWN_COLOURS]


def test_there_is_a_theme_for_every_eye_and_terminal() -> None:
    kinds = ("dark", "light", "contrast", "colorblind", "ansi")
    assert set(SHIPPED) >= {f"autosdlc-{kind}" for kind in kinds}
    assert TERMINAL_COLOURS == ["autosdlc-ansi"]


@pytest.mark.parametrize("style", sorted(set(STYLES) - {"cursor"}))
@pytest.mark.parametrize("name", OWN_COLOURS)
def test_text_stands_out_from_all_that_it_is_drawn_on(name: str, style: str) -> None:
    known = variables(name)
    parsed = Style.parse(STYLES[style], known)
    assert parsed.foreground is not None
    under = {"itself": parsed.background} if parsed.background else {}
    under = under or {ground: Color.parse(known[ground]) for ground in DRAWN_ON}
    least = 7.0 if name == "autosdlc-contrast" else 4.5
    ratios = {ground: contrast(parsed.foreground, colour) for ground, colour in under.items()}
    assert not {ground: round(ratio, 2) for ground, ratio in ratios.items() if ratio < least}


@pytest.mark.parametrize("name", TERMINAL_COLOURS)
def test_a_theme_of_the_terminals_colours_has_no_others(name: str) -> None:
    theme = load_theme(SHIPPED[name])
    colours = [getattr(theme, field) for field in COLORS]
    colours += [theme.variables[key] for key in VARIABLES]
    assert {colour for colour in colours if Color.parse(colour).ansi is None} == set()
    assert theme.background == theme.variables["row-cursor"] == "ansi_default"


@pytest.mark.parametrize(("palette", "least"), [(XTERM, 4.5), (VGA, 4.0)])
def test_an_alarm_in_the_terminals_colours_can_be_read(
    palette: tuple[tuple[int, int, int], ...], least: float
) -> None:
    known = variables("autosdlc-ansi")
    alarm, text = (Color.parse(known[key]).ansi for key in ("alarm", "alarm-text"))
    assert alarm is not None
    assert text is not None
    assert contrast(Color(*palette[alarm]), Color(*palette[text])) >= least


def test_all_faults_of_a_file_come_in_one_message(tmp_path: Path) -> None:
    text = SHIPPED["autosdlc-dark"].path.read_text("utf-8")
    text = text.replace('primary = "#7aa2f7"', 'primary = "bluish"').replace(
        "dark = true", "dark = 1"
    )
    text = text.replace("accent =", "acent =")
    (tmp_path / "mine.toml").write_text(text, "utf-8")
    with pytest.raises(ThemeError) as caught:
        load_theme(find_themes([tmp_path])["mine"])
    said = str(caught.value)
    assert str(tmp_path / "mine.toml") in said
    for fault in (
        "dark: not true or false",
        "colors.primary: 'bluish' is no colour",
        "colors.accent: missing",
        "colors.acent: unknown key",
    ):
        assert fault in said


@pytest.mark.parametrize("text", ["", "[colors", "colors = 3", "\xff"])
def test_a_file_that_is_no_theme_is_an_error_and_no_traceback(tmp_path: Path, text: str) -> None:
    (tmp_path / "mine.toml").write_bytes(text.encode("latin-1"))
    with pytest.raises(ThemeError, match=r"mine\.toml"):
        load_theme(find_themes([tmp_path])["mine"])


def test_a_persons_own_theme_wins_over_a_shipped_one(tmp_path: Path) -> None:
    own = tmp_path / "autosdlc-dark.toml"
    own.write_text(SHIPPED["autosdlc-light"].path.read_text("utf-8"), "utf-8")
    files = find_themes([shipped_directory(), tmp_path])
    assert load_theme(files["autosdlc-dark"]).dark is False


@pytest.mark.parametrize("ansi", [False, True])
def test_the_terminals_colours_are_for_themes_that_say_so(tmp_path: Path, ansi: bool) -> None:
    text = SHIPPED["autosdlc-dark"].path.read_text("utf-8")
    text = text.replace('primary = "#7aa2f7"', 'primary = "ansi_bright_blue"')
    (tmp_path / "mine.toml").write_text(f"ansi = {str(ansi).lower()}\n{text}", "utf-8")
    file = find_themes([tmp_path])["mine"]
    if ansi:
        assert load_theme(file).primary == "ansi_bright_blue"
    else:
        with pytest.raises(
            ThemeError, match=r"colors\.primary: 'ansi_bright_blue' is the terminal"
        ):
            load_theme(file)


def test_a_file_is_read_again_when_it_has_changed_and_come_to_rest(tmp_path: Path) -> None:
    own = tmp_path / "mine.toml"
    shutil.copy(SHIPPED["autosdlc-dark"].path, own)
    files = ThemeFiles([tmp_path])
    assert files.load("mine").dark is True
    assert files.reload("mine") is None
    shutil.copy(SHIPPED["autosdlc-light"].path, own)
    assert files.reload("mine") is None, "it may be half written"
    again = files.reload("mine")
    assert again is not None
    assert again.dark is False
    own.write_text("dark = 3", "utf-8")
    assert files.reload("mine") is None
    with pytest.raises(ThemeError, match="dark: not true or false"):
        files.reload("mine")
    assert files.reload("mine") is None, "a fault is told once"
    own.unlink()
    assert files.reload("mine") is None


def test_textuals_own_themes_may_be_chosen_too(tmp_path: Path) -> None:
    assert ThemeFiles([tmp_path]).load("nord").name == "nord"
    with pytest.raises(ThemeError, match=r"'no' is unknown; there are: .*autosdlc-ansi.*nord"):
        ThemeFiles([tmp_path]).load("no")
