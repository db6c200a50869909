"""Event text made harmless: nothing that moves a cursor, and nothing that was harmless changed."""

import json
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.unit.protocol.growth import ALLOWED, growth
from tui.protocol.text import clean, escape_json, presentable_url

BIDI = {0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)}
SPECIAL = "\x1b\x07\x9b\x9d\x9c\x90\x98\x9e\x9f[]PX^_\\;0123456789mHJK\r\n\t\b\x00\x7f\x85"
HOSTILE = st.text(st.sampled_from(SPECIAL) | st.characters(codec=None) | st.sampled_from("a\u202e"))
RELAXED = settings(max_examples=300)


def harmful(text: str, allowed: str = "") -> list[str]:
    return [
        c
        for c in text
        if c not in allowed
        and (unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") or ord(c) in BIDI)
    ]


@given(HOSTILE)
@example("".join(map(chr, range(0x110000))))
@RELAXED
def test_no_control_survives(text: str) -> None:
    assert harmful(clean(text)) == []
    clean(text).encode()


@given(HOSTILE, st.integers(1, 50))
@RELAXED
def test_length_is_limited(text: str, limit: int) -> None:
    assert len(clean(text, limit)) <= limit


@given(HOSTILE, st.integers(1, 50))
@RELAXED
def test_cleaning_twice_changes_nothing(text: str, limit: int) -> None:
    assert clean(clean(text, limit), limit) == clean(text, limit)


@given(st.text(st.characters(categories=["L", "M", "N", "P", "S", "Zs"])))
@RELAXED
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "[red]not markup[/red] [/x] [link=x]",
        "grüße, 日本語, العربية, \u05d0\u05d1",
        "👩\u200d👩\u200d👧 🇩🇪 e\u0301 ☕\ufe0f",
        "100 % {x} \\ $HOME ~ ^[ not an escape",
        "",
    ],
)
def test_harmless_text_of_many_kinds(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[38;2;1;2;3mred\x1b[m", "red"),
        ("\x1b[2J\x1b[Hgone", "gone"),
        ("\x1b[?1049hscreen", "screen"),
        ("\x9b31mred\x9bm", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]0;title\x1b\\text", "text"),
        ("\x9d0;title\x9ctext", "text"),
        ("\x1b]52;c;cm0gLXJmIH4=\x07copied", "copied"),
        ("\x1b]8;;http://x.example\x1b\\label\x1b]8;;\x1b\\", "label"),
        ("\x1bPq#0;2;0;0;0\x1b\\sixel", "sixel"),
        ("\x90q\x9csixel", "sixel"),
        ("\x1b_Gi=1;AAAA\x1b\\kitty", "kitty"),
        ("\x1b^private\x1b\\text", "text"),
        ("\x1bcreset", "reset"),
        ("\x1b(0lines\x1b(B", "lines"),
        ("\x1b7saved\x1b8", "saved"),
        ("\x1b]never ends", ""),
        ("cut\x1b[", "cut"),
        ("cut\x1b", "cut"),
        ("\x1b\x1b[31mtwice", "twice"),
        ("\x1b[3\x1b[1mnested", "nested"),
        ("a\x00b\x07c\x08d\x7fe", "abcde"),
        ("user\u202egpj.exe", "usergpj.exe"),
        ("\u2066isolated\u2069", "isolated"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("soft\u00adhyphen", "softhyphen"),
        ("tag\U000e0041\U000e007f", "tag"),
        ("lone\ud800surrogate", "lonesurrogate"),
        ("a\tb", "a b"),
        ("a\nb\u2028c\u2029d\x85e\x0bf\x0cg", "a b c d e f g"),
    ],
)
def test_what_is_taken_out(text: str, line: str) -> None:
    assert clean(text) == line


def test_breaks_become_spaces() -> None:
    assert clean("a\r\nb") == "a  b"


def test_what_is_too_long_ends_in_an_ellipsis() -> None:
    assert clean("x" * 10, 10) == "x" * 10
    assert clean("x" * 11, 10) == "x" * 9 + "…"
    assert clean("\x1b[31m" * 10 + "x" * 10, 10) == "x" * 10


FLOODS: list[tuple[str, Callable[[int], str]]] = [
    ("ESC", lambda n: "\x1b" * n),
    ("CSI", lambda n: "\x1b[" * n),
    ("C1 CSI", lambda n: "\x9b" * n),
    ("parameters", lambda n: "\x1b[" + "0;" * n),
    ("intermediates", lambda n: "\x1b[" + " " * n),
    ("ESC intermediates", lambda n: "\x1b " * n),
    ("OSC", lambda n: "\x1b]" * n),
    ("C1 OSC", lambda n: "\x9d" * n),
    ("endless OSC", lambda n: "\x1b]" + "x" * n),
    ("OSC and ESC", lambda n: "\x1b]x\x1b" * n),
    ("tabs", lambda n: "\t" * n),
    ("bidi", lambda n: "\u202e" * n),
]


@pytest.mark.parametrize(("name", "make"), FLOODS, ids=[name for name, _ in FLOODS])
def test_floods_take_linear_time(name: str, make: Callable[[int], str]) -> None:
    assert growth(clean, make, 10_000) < ALLOWED


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("ws://127.0.0.1:8765/ws", "ws://127.0.0.1:8765/ws"),
        ("WSS://[::1]:8765", "WSS://[::1]:8765"),
        ("ws://user:SECRET@host:1/ws?token=SECRET#SECRET", "ws://host:1/ws"),
        ("ws://host/ws?token=SECRET@SECRET", "ws://host/ws"),
        ("ws://SECRET@host", "ws://host"),
        ("ws://user:SEC/RET@host/ws", "ws://host/ws"),
        ("ws://user:SECRET@SECRET@host/ws", "ws://host/ws"),
        ("user:SECRET@host/ws", "host/ws"),
        ("//user:SECRET@host", "host"),
        ("ws:/user:SECRET@host", "host"),
        ("localhost:8765?token=SECRET", "localhost:8765"),
        ("ws://user:SECRET?@host", "an unreadable URL"),
        ("ws://user:SECRET", "an unreadable URL"),
        ("ws://[SECRET", "an unreadable URL"),
        ("ws://host/\x1b[2J\u202e", "ws://host/"),
        ("", ""),
    ],
)
def test_a_url_is_shown_without_its_secrets(url: str, shown: str) -> None:
    assert presentable_url(url) == shown


@given(HOSTILE)
@RELAXED
def test_whatever_a_url_holds_nothing_harmful_is_shown(text: str) -> None:
    assert harmful(presentable_url(text)) == []
    assert len(presentable_url(text)) <= 200


@pytest.mark.parametrize("part", ["@", ":", "/", "[", "a", "://"])
def test_a_url_is_made_presentable_in_linear_time(part: str) -> None:
    assert growth(presentable_url, lambda n: "ws://" + part * n, 10_000) < ALLOWED


@given(HOSTILE)
@example("".join(chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000))
@RELAXED
def test_json_is_harmless_to_print_and_says_the_same(text: str) -> None:
    text = text.encode("utf-8", "ignore").decode()
    raw = json.dumps({text: text}, ensure_ascii=False).encode()
    escaped = escape_json(raw)
    assert json.loads(escaped) == {text: text}
    assert harmful(escaped.decode()) == []
    assert len(escaped.decode().splitlines()) == 1
