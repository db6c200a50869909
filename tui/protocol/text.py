"""Event text made harmless for a terminal: the one place where that is done.

Whatever an event carries (ECMA-48 escape sequences, C0 and C1 controls, bidirectional overrides,
line separators) comes out as plain printable text. Markup such as `[red]` is left as it is: it is
never parsed, because panes render plain text only.
"""

import re
from functools import cache, lru_cache

# ECMA-48: CSI, then OSC/DCS/SOS/PM/APC strings up to their end (or the end of the text), then the
# two-character escapes. No alternative can match the same text in two ways, so it stays linear.
_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x9c|\x1b\\)?"
    r"|\x1b[ -/]*[0-~]?"
)
_DROPPED = (
    *range(0x20),
    *range(0x7F, 0xA0),
    0xAD,  # soft hyphen: terminals disagree about its width
    0x061C,
    *range(0x200B, 0x200D),  # zero width space and non-joiner; the joiner stays, emoji need it
    0x200E,
    0x200F,
    *range(0x202A, 0x202F),
    *range(0x2060, 0x2070),
    0xFEFF,
    *range(0xFFF9, 0xFFFC),
    *range(0xD800, 0xE000),  # lone surrogates: no terminal's encoding can write them
    *range(0xE0000, 0xE0080),
)
_SPACES = (0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x85, 0x2028, 0x2029)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_ADDRESS = re.compile(r"(?:\[[^\]/]*\]|[^:/\[\]]*)(?::\d*)?(?:/.*)?", re.DOTALL)
_LINE: dict[int, str | None] = dict.fromkeys(_DROPPED) | dict.fromkeys(_SPACES, " ")


def clean(text: str, limit: int = 4096) -> str:
    """One line of harmless text, of at most `limit` characters; breaks and tabs become spaces."""
    if text.isascii() and text.isprintable() and len(text) <= limit:
        return text
    return _cut(text, limit).translate(_LINE)


def escape_json(raw: bytes) -> bytes:
    """The same JSON, harmless to print: the characters that `clean` drops are written in ASCII."""
    if raw.isascii() and b"\x7f" not in raw:
        return raw
    return raw.decode().translate(_json()).encode()


@cache
def _json() -> dict[int, str]:
    # Below the space JSON has no characters as they are, nor are there lone surrogates in UTF-8.
    marked = [code for code in _LINE if code > 0x7E and not 0xD800 <= code < 0xE000]
    pairs = {code: chr(code).encode("utf-16-be").hex() for code in marked}
    return {
        code: "".join(f"\\u{pair[i : i + 4]}" for i in range(0, len(pair), 4))
        for code, pair in pairs.items()
    }


@lru_cache(maxsize=16)  # asked for every second, of each server that is watched
def presentable_url(url: str) -> str:
    """A URL as people may see it: harmless, and without user, password, query and fragment.

    Made for URLs that are wrong, too: all before the last `@` counts as a password, and what does
    not begin like an address (`ws://user:pass`, its end cut off) is not shown at all.
    """
    plain = re.split(r"[?#]", url, maxsplit=1)[0]
    found = _SCHEME.match(plain)
    scheme = found[0] if found else ""
    address = plain[len(scheme) :].rpartition("@")[2]
    return clean(scheme + address, 200) if _ADDRESS.fullmatch(address) else "an unreadable URL"


def _cut(text: str, limit: int) -> str:
    """`text` without escape sequences; what is over the limit gives way to an ellipsis."""
    text = _ESCAPES.sub("", text)
    return text if len(text) <= limit else text[: limit - 1] + "…"
