"""Secrets taken out of what is logged or traced: a server's own, and what others say of theirs.

A text that is to become part of a line is redacted before, and not the line: what is removed then
has no bearing on the line's own form. The work grows with the text's length only.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from json import dumps
from typing import Any
from urllib.parse import quote

REMOVED = "[removed]"
SHORTEST = 8
"""Letters from which on a secret is removed wherever it stands; shorter ones stand everywhere."""
DEPTH = 64
"""How far into a value is looked; what lies deeper is left out."""
_WORDS = (
    r"(?:token|authorization|(?:api|access|private)[-_]?key|passw|passphrase|secret|cookie"
    r"|credential)"
)
_NAMED = re.compile(_WORDS, re.IGNORECASE | re.ASCII)
# A name that has one of the words. Bounded, so that one without an end is not looked at from each
# of its letters on.
_NAME = rf"{_WORDS}[\w-]{{0,64}}+"
# What is behind it; the quote before may be one of a text within a text.
_IS = r"""(?:\\{0,8}["'])?\s{0,8}[:=]\s{0,8}"""
_SECRETS = (
    # Authorization: … and Cookie: … have several parts, and so may any header
    r"(?P<header>(?:authorization|cookie)[\w-]{0,64}+[ \t]{0,8}[:=][ \t]{0,8})[^\r\n]+"
    # "token": "…", token='…', as JSON, Python and shells write it; within another text; cut off
    rf"""|(?P<quoted>{_NAME}{_IS}(?P<quote>["']))(?:(?!(?P=quote))[^\\]|\\.)+"""
    rf"""|(?P<nested>{_NAME}{_IS}(?P<escaped>\\{{1,8}}["']))(?:(?!(?<!\\)(?P=escaped)).)+"""
    # "token": ["…"]: where that ends is not for us to find out
    rf"|(?P<inside>{_NAME}{_IS}[\[{{(]).+"
    # token=… in a query, token: … in a header, --token …
    rf"|(?P<parameter>{_NAME}=)[^\s&;,\"'\\]+"
    rf"|(?P<line>{_NAME}:[ \t]{{0,8}})[^\r\n]+"
    rf"|(?P<option>--[\w-]{{0,32}}{_NAME}[ \t]{{1,8}})\S+"
    r"|(?P<scheme>\bbearer[ \t]{1,8})[^\s,;\"'\\]+"
    # ws://user:password@host
    r"|(?P<user>://)[^\s/@]+(?=@)"
    # our own keys, and JSON Web Tokens, also behind a line break as JSON writes it
    r"|asdlc_[\w.-]+"
    r"|(?:(?<![\w-])|(?<=\\[nrt]))eyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?"
)
# One of these is in every secret's neighbourhood, and in few other texts.
_SIGNS = (
    *("token", "authorization", "key", "passw", "passphrase", "secret", "cookie", "credential"),
    *("bearer", "://", "asdlc_", "eyj"),
)
_KEPT = ("header", "quoted", "nested", "inside", "parameter", "line", "option", "scheme", "user")
_own: list[str] = []
"""The secrets of this process's servers, as often as each has them."""


@contextmanager
def withholding(*secrets: str) -> Iterator[None]:
    """Until the block ends, remove these wherever they stand, whatever is said before them.

    For the whole process, since its log is one.
    """
    ours = [form for one in secrets if len(one) >= SHORTEST for form in _forms(one)]
    # Longest first: what is left of one that has another within it would be of use.
    _own[:] = sorted((*_own, *ours), key=len, reverse=True)
    try:
        yield
    finally:
        for form in ours:
            _own.remove(form)


def redact(text: str) -> str:
    """`text` without tokens, keys, passwords and cookies."""
    for secret in tuple(_own):
        text = text.replace(secret, REMOVED)
    lowered = text.lower()
    if any(sign in lowered for sign in _SIGNS):  # looking costs a tenth of searching
        return _secrets().sub(_without, text)
    return text


@cache
def _secrets() -> re.Pattern[str]:
    """Only once it is needed: to compile it takes longer than to import most modules."""
    return re.compile(_SECRETS, re.IGNORECASE | re.ASCII | re.DOTALL)


def redact_value(value: object, depth: int = DEPTH) -> object:
    """The same of all texts in a value such as JSON has, and without what is named as a secret.

    What JSON has no form for becomes text.
    """
    if isinstance(value, str):
        return redact(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if not isinstance(value, Mapping | list | tuple):
        return redact(str(value))
    if not depth:
        return "nested too deeply to be shown"
    if isinstance(value, Mapping):
        return redact_fields(value, depth)
    return [redact_value(one, depth - 1) for one in value]


def redact_fields(fields: Mapping[Any, object], depth: int = DEPTH) -> dict[str, object]:
    """The same of each field; one whose name has a secret's word in it is removed whole."""
    shown: dict[str, object] = {}
    for name, value in fields.items():
        is_secret = _is_secret(str(name), value)
        shown[redact(str(name))] = REMOVED if is_secret else redact_value(value, depth - 1)
    return shown


def _is_secret(name: str, value: object) -> bool:
    """Whether it is to be removed whatever it is; but a number may count tokens."""
    if value is None or isinstance(value, bool) or not _NAMED.search(name):
        return False
    return not (isinstance(value, int | float) and "tokens" in name.lower())


def _forms(secret: str) -> set[str]:
    """How it may be written: in addresses and in JSON, too."""
    return {secret, quote(secret), quote(secret, safe=""), dumps(secret)[1:-1]}


def _without(found: re.Match[str]) -> str:
    kept = next((part for name in _KEPT if (part := found[name])), "")
    return kept + REMOVED
