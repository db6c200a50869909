"""Themes: each shipped one is whole and readable; a wrong one says all its faults."""

from pathlib import Path

import pytest
from textual.color import Color

from tui.theme import ThemeError, find_themes, load_theme, shipped_directory

SHIPPED = find_themes([shipped_directory()])
TEXT = ("foreground", "success", "warning", "error", "primary", "accent")


def contrast(one: Color, other: Color) -> float:
    """The contrast ratio of WCAG 2.2, 1 to 21."""

    def luminance(color: Color) -> float:
        linear = [
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in color.normalized
        ]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_dark_light_and_colour_blind_safe_are_shipped() -> None:
    assert set(SHIPPED) >= {"autosdlc-dark", "autosdlc-light", "autosdlc-colorblind"}


@pytest.mark.parametrize("name", SHIPPED)
def test_text_stands_out_from_the_background(name: str) -> None:
    theme = load_theme(SHIPPED[name])
    assert theme.background is not None
    background = Color.parse(theme.background)
    inks = {field: getattr(theme, field) for field in TEXT}
    inks |= {
        key: value
        for key, value in theme.variables.items()
        if key.startswith(("agent-", "phase-", "muted"))
    }
    ratios = {field: contrast(background, Color.parse(ink)) for field, ink in inks.items()}
    faint = {field: round(ratio, 2) for field, ratio in ratios.items() if ratio < 4.5}
    assert not faint


@pytest.mark.parametrize("name", SHIPPED)
def test_an_alarm_can_be_read(name: str) -> None:
    variables = load_theme(SHIPPED[name]).variables
    alarm, text = Color.parse(variables["alarm"]), Color.parse(variables["alarm-text"])
    assert contrast(alarm, text) >= 4.5


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
