"""ASCII in place of every glyph, cell for cell, for terminals that have no others.

Put over all that is drawn as a filter of finished lines: panes, borders, scrollbars, toasts and
Textual's own widgets alike, so that nobody who draws need think of it.
"""

import unicodedata
from functools import lru_cache

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

GLYPHS = dict(
    pair.split(" ", 1)
    for pair in (
        # States and kinds: told apart from one another.
        "‼ !", "◼ #", "✗ x", "✓ v", "● *", "○ o", "◌ o", "· .", "◎ @", "◆ +", "◇ +", "▲ ^", "▼ v",
        "△ ^", "▽ %", "⚠ !", "⇡ ^", "⇒ >", "» >", "⎇ Y", "⚑ P", "✎ ~", "⏸ =", "↷ ~", "Δ d", "± ~",
        "≥ >", "∅ -", "■ #", "🔎 / ",
        # Borders of Textual's own.
        "▔ -", "▏ |", "▎ |", "▊ |", "▕ |",
        # Pointers.
        "▸ >", "▾ v", "▶ >", "◀ <", "← <", "→ >", "↑ ^", "↓ v", "⏎ <", "└ `", "├ |", "▐ ]", "▌ [",
        # Meters, bars, sparklines: from little to much.
        "░ .", "▒ :", "▓ #", "▁ _", "▂ .", "▃ -", "▄ =", "▅ +", "▆ *", "▇ %", "█ #",
        # Punctuation.
        "… ~", "× x", "– -", "— -", "‘ '", "’ '", "“ \"", "” \"", "• *", "│ |", "┃ |",
    )
)  # fmt: skip
"""What stands for what we draw ourselves, and Textual for us; the rest of Unicode is derived."""
UNKNOWN = "?"


@lru_cache(2048)
def ascii_glyph(character: str) -> str:
    """As many ASCII characters as `character` has cells."""
    if character.isascii():
        return character
    width = cell_len(character)
    if width == 0:
        return ""
    if found := GLYPHS.get(character):
        return found
    if "\u2500" <= character <= "\u257f":
        return _line_drawing(unicodedata.name(character))
    if "\u2580" <= character <= "\u259f" or "\u2801" <= character <= "\u28ff":
        return "#"
    if character.isspace() or character == "\u2800":
        return " " * width
    plain = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    return plain if len(plain) == width and plain.isprintable() else UNKNOWN * width


def _line_drawing(name: str) -> str:
    """By its name (`BOX DRAWINGS LIGHT ARC DOWN AND RIGHT`): a bar, a dash, or where they meet."""
    across = "HORIZONTAL" in name or "LEFT" in name or "RIGHT" in name
    along = "VERTICAL" in name or " UP" in name or "DOWN" in name
    return "+" if across and along else "-" if across else "|" if along else "/"


def ascii_text(text: str) -> str:
    """`text` in ASCII, of the same width in cells."""
    if text.isascii():
        return text
    width = cell_len(text)  # of sequences (joined emoji, flags) less than of their characters
    return "".join(map(ascii_glyph, text))[:width].ljust(width)


class Ascii(LineFilter):
    """Lines without any other characters."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        del background
        return [Segment(ascii_text(text), style, control) for text, style, control in segments]
