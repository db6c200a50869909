"""What is written to a terminal for a title or a desktop notification. Pure.

Sequences after xterm's control sequences (OSC 2, and CSI 22/23 for its stack of titles), iTerm2
(OSC 9) and urxvt (OSC 777).
"""

from collections.abc import Mapping

from tui.notify.notifier import News
from tui.protocol.text import clean

SPEAK = {
    "iTerm.app": "osc9",
    "WezTerm": "osc9",
    "ghostty": "osc9",
    "WarpTerminal": "osc9",
    "xterm-kitty": "osc9",
    "xterm-ghostty": "osc9",
    "wezterm": "osc9",
    "foot": "osc777",
    "foot-extra": "osc777",
    "rxvt-unicode": "osc777",
    "rxvt-unicode-256color": "osc777",
}
"""By TERM_PROGRAM or TERM: what those terminals understand. Others may print it, or worse."""
MUTE = frozenset({"linux", "dumb", ""})
"""Values of TERM under which nothing but plain drawing is safe."""
PUSH_TITLE, POP_TITLE = "\x1b[22;2t", "\x1b[23;2t"


def speaks(desktop: str, environment: Mapping[str, str]) -> str:
    """`osc9`, `osc777` or `off`: what `auto` is in this terminal."""
    if desktop != "auto":
        return desktop
    if "TMUX" in environment:
        return "off"  # who is behind it is not known
    program, term = environment.get("TERM_PROGRAM", ""), environment.get("TERM", "")
    return SPEAK.get(program) or SPEAK.get(term) or "off"


def has_title(environment: Mapping[str, str]) -> bool:
    return environment.get("TERM", "") not in MUTE


def title(text: str) -> str:
    """What sets the window's title."""
    return f"\x1b]2;{clean(text, 200)}\x07"


def notification(news: News, how: str, environment: Mapping[str, str]) -> str:
    """What makes the terminal show a desktop notification; nothing where `how` is `off`."""
    if how == "osc777":
        # A semicolon would end the title.
        body = f"777;notify;{_field(news.title)};{_field(news.text)}"
    elif how == "osc9":
        # The name first: `9;4;…` is a progress bar to some.
        body = f"9;autosdlc: {clean(news.title)}{': ' if news.text else ''}{clean(news.text)}"
    else:
        return ""
    sequence = f"\x1b]{body}\x07"
    if "TMUX" in environment:
        doubled = sequence.replace("\x1b", "\x1b\x1b")
        return f"\x1bPtmux;{doubled}\x1b\\"
    return sequence


def _field(text: str) -> str:
    return clean(text).replace(";", ",")
