"""Why a connection ended, and what follows: stop for good, or try again.

A server's hint stands in the close reason as a number with a unit (`back in 1500 ms`, `2.5s`); a
bare number is milliseconds, like every other time on the wire.
"""

import os
import re
import socket
import ssl
from typing import NamedTuple

from tui.discovery import TOKEN_VARIABLE
from tui.protocol.errors import CloseCode, is_terminal
from tui.protocol.text import clean

LOST = 1006
"""RFC 6455's code for a connection that ended without a close frame."""

CHECK_TOKEN = f"check the token, or {TOKEN_VARIABLE} where it comes from there"
_HINT = re.compile(r"(?<![\w.])(\d{1,9}(?:\.\d{1,6})?)\s?(ms|s)?(?![\w.])")
_HINTED = (CloseCode.GOING_AWAY, CloseCode.RESTARTING, CloseCode.RATE_LIMITED)
_MEANING = {
    CloseCode.NORMAL: "the server closed the connection",
    CloseCode.GOING_AWAY: "the server is going away",
    CloseCode.TOO_LARGE: "a message was larger than the other side takes",
    CloseCode.RESTARTING: "the server is restarting",
    CloseCode.SLOW_READER: "the server found us too slow a reader",
    CloseCode.TOKEN_EXPIRED: "the token has expired",
    CloseCode.RATE_LIMITED: "the server limits our rate",
    CloseCode.UNAUTHENTICATED: f"the server did not accept who we are; {CHECK_TOKEN}",
    CloseCode.FORBIDDEN: "the token does not allow this",
    CloseCode.LIMIT_EXCEEDED: "a limit of the server was exceeded",
    LOST: "the connection was lost",
}


class Ending(NamedTuple):
    reason: str
    terminal: bool = False
    hint: float | None = None
    """Seconds to wait at least, where the server said so."""
    token_refused: bool = False
    """Whether another token might have done."""


def closed(code: int, reason: str) -> Ending:
    """What a close frame's code and reason mean (PROTOCOL.md, "Errors and close codes")."""
    text = _MEANING.get(code, "the server closed the connection")
    if code != LOST:
        text += f" ({code}{': ' + clean(reason, 200) if reason else ''})"
    hint = _seconds(reason) if code in _HINTED else None
    refused = code == CloseCode.UNAUTHENTICATED
    return Ending(text, terminal=is_terminal(code), hint=hint, token_refused=refused)


def refused(status: int, retry_after: str | None = None, *, with_token: bool = True) -> Ending:
    """What an HTTP status means that answered the opening handshake instead of 101."""
    if status == 401:
        if with_token:
            reason = f"the server refused the token (HTTP 401); {CHECK_TOKEN}"
        else:
            reason = f"the server asks for a token (HTTP 401); give one, or set {TOKEN_VARIABLE}"
        return Ending(reason, terminal=True, token_refused=True)
    if status == 403:
        return Ending("the server refused access (HTTP 403)", terminal=True)
    hint = float(retry_after) if retry_after and re.fullmatch(r"\d{1,9}", retry_after) else None
    if status in (429, 503):
        return Ending(f"the server is busy (HTTP {status})", hint=hint)
    return Ending(f"no WebSocket there: the server answered HTTP {status}", hint=hint)


def token_refused(*said: str | None) -> Ending:
    """What an `auth_failure` means; `said` is what it gives for reasons."""
    said_clean = [clean(text, 200) for text in said if text]
    reason = ": ".join(["the server refused the token", *said_clean]) + f"; {CHECK_TOKEN}"
    return Ending(reason, terminal=True, token_refused=True)


def unreachable(where: str, error: OSError) -> Ending:
    """What the system says where there was no connection, or none that TLS could be spoken on."""
    if isinstance(error, ssl.SSLCertVerificationError):
        what = f"its certificate does not hold: {error.verify_message}"
    elif isinstance(error, ssl.SSLError):
        what = f"TLS failed: {(error.reason or 'no reason given').replace('_', ' ').lower()}"
    elif isinstance(error, socket.gaierror) or not error.errno:
        what = error.strerror or str(error) or "no answer"
    else:
        what = os.strerror(error.errno)  # asyncio's own words tell the address again
    return Ending(f"cannot reach {where}: {clean(what, 200)}")


def _seconds(reason: str) -> float | None:
    found = _HINT.search(reason)
    if found is None:
        return None
    return float(found[1]) / (1.0 if found[2] == "s" else 1000.0)
