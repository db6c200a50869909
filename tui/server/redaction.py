"""Secrets taken out of what is logged or traced, wherever they stand in a text.

Text that was valid JSON stays so, and the work grows with the text's length only.
"""

import re

REMOVED = "[removed]"
# Bounded, so that a name without an end is not looked at from each of its letters on.
_NAMED = r"[\w-]{0,32}(?:token|authorization|api[-_]?key|password|passwd|secret|cookie)"
_SECRETS = re.compile(
    # "token": "…", as JSON or Python write it
    rf"""(?P<field>(?<!\\)["']{_NAMED}["']\s{{0,8}}[:=]\s{{0,8}}(?P<quote>["']))"""
    r"""(?:(?!(?P=quote))[^\\]|\\.)+"""
    # the same within another string
    rf"""|(?P<nested>\\{{1,4}}["']{_NAMED}\\{{1,4}}["']\s{{0,8}}[:=]\s{{0,8}}\\{{1,4}}["'])"""
    r"""[^"'\\]+"""
    # token=… in a query or a cookie
    rf"|(?P<parameter>\b{_NAMED}=)[^\s&;,\"'\\]+"
    # Authorization: …, Cookie: …
    rf"|(?P<header>\b{_NAMED}:[ \t]{{0,8}})[^\r\n\"'\\]+"
    r"|(?P<scheme>\bbearer[ \t]{1,8})[^\s,;\"'\\]+"
    # ws://user:password@host
    r"|(?P<user>://)[^\s/@\"'\\]+(?=@)"
    # our own keys, and JSON Web Tokens, also behind a line break as JSON writes it
    r"|asdlc_[\w.-]+"
    r"|(?:(?<![\w-])|(?<=\\[nrt]))eyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?",
    re.IGNORECASE | re.ASCII | re.DOTALL,
)
# One of these is in every secret's neighbourhood, and in few other texts.
_SIGNS = (
    *("token", "authorization", "api", "passw", "secret", "cookie", "bearer"),
    *("://", "asdlc_", "eyj"),
)
_KEPT = ("field", "nested", "parameter", "header", "scheme", "user")


def redact(text: str) -> str:
    """`text` without tokens, keys, passwords and cookies."""
    lowered = text.lower()
    if any(sign in lowered for sign in _SIGNS):  # looking costs a tenth of searching
        return _SECRETS.sub(_without, text)
    return text


def _without(found: re.Match[str]) -> str:
    kept = next((part for name in _KEPT if (part := found[name])), "")
    return kept + REMOVED
