"""Which addresses of an event a person may be offered to open: what is shown is what is opened."""

import re
from urllib.parse import quote, urlsplit, urlunsplit

from tui.protocol.text import clean
from tui.store.bounds import ADDRESS
from tui.widgets.cells import Line

STYLE = "link"
"""The style of a span that is an address."""
_SAFE = "/%:@!$&'()*+,;=~-._?"
_HOST = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?|\[[0-9a-f:.]+\]")


def web_address(url: str) -> str:
    """The http or https address that `url` is, all in ASCII; empty where it is anything else.

    The host is in punycode, so that one which only looks like another is seen to be different, and
    the rest percent-encoded. Anything else is another scheme, a user or a password, a control
    character, a space or a backslash (browsers take it for a slash), a host that is none, or far
    too long.
    """
    if not url or len(url) > ADDRESS or clean(url) != url or re.search(r"[\s\\]", url):
        return ""
    try:
        parts = urlsplit(url)
        port = parts.port
        host = _ascii(parts.hostname or "")
    except ValueError:  # UnicodeError is one
        return ""
    if parts.scheme not in ("http", "https") or "@" in parts.netloc or not _HOST.fullmatch(host):
        return ""
    place = host if port is None else f"{host}:{port}"
    rest = (quote(part, _SAFE) for part in (parts.path, parts.query, parts.fragment))
    address = urlunsplit((parts.scheme, place, *rest))
    return address if len(address) <= ADDRESS else ""


def _ascii(host: str) -> str:
    if ":" in host:  # IPv6, without its brackets
        return f"[{host}]"
    return host.encode("idna").decode("ascii")


def address_of(line: Line) -> str:
    """The address that a line offers to open; empty where it offers none."""
    return next((web_address(text) for text, style in line if style == STYLE), "")


def link(label: str, url: str) -> Line:
    """A line that offers an address, or says what a publisher wrote instead of one."""
    if address := web_address(url):
        return ((f"{label}  ", "text"), (address, STYLE))
    said = f"not an address to open: {url}" if url else "nothing that could be opened"
    return ((f"{label}  ", "text"), (said, "dim"))
