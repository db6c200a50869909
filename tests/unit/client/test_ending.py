import socket
import ssl

import pytest

from tui.client.ending import closed, refused, unreachable


@pytest.mark.parametrize(
    ("code", "terminal"),
    [
        (1000, False),
        (1001, False),
        (1006, False),
        (1009, True),
        (1012, False),
        (4008, False),
        (4009, False),
        (4429, False),
        (4444, False),
        (4501, True),
        (4503, True),
        (4505, True),
        (4999, True),
        (3000, False),
    ],
)
def test_close_codes_stop_or_not_as_the_protocol_says(code: int, terminal: bool) -> None:
    ending = closed(code, "because")
    assert ending.terminal is terminal
    assert code == 1006 or f"({code}: because)" in ending.reason


@pytest.mark.parametrize(
    ("reason", "hint"),
    [
        ("1500", 1.5),
        ("back in 1500 ms", 1.5),
        ("retry in 2.5s", 2.5),
        ("retry=3 s; bye", 3.0),
        ("", None),
        ("soon", None),
        ("version 1.2.3", None),
        ("node7", None),
    ],
)
def test_a_restarting_server_may_hint_when_to_come_back(reason: str, hint: float | None) -> None:
    assert closed(1012, reason).hint == hint


def test_a_hint_is_read_only_where_the_code_allows_one() -> None:
    assert closed(1011, "1500 ms").hint is None


def test_a_hostile_close_reason_is_made_harmless() -> None:
    assert closed(4000, "\x1b[2Jgone\r\nnow\u202e").reason.endswith("(4000: gone  now)")


@pytest.mark.parametrize(
    ("status", "retry_after", "terminal", "hint"),
    [
        (401, None, True, None),
        (403, "5", True, None),
        (429, "5", False, 5.0),
        (503, None, False, None),
        (503, "Wed, 21 Oct 2026 07:28:00 GMT", False, None),
        (404, None, False, None),
        (502, None, False, None),
    ],
)
def test_http_refusals(
    status: int,
    retry_after: str | None,
    terminal: bool,
    hint: float | None,
) -> None:
    ending = refused(status, retry_after)
    assert (ending.terminal, ending.hint) == (terminal, hint)
    assert f"HTTP {status}" in ending.reason


def test_a_refused_token_is_to_be_checked_where_it_comes_from() -> None:
    said = refused(401).reason
    assert said.endswith("(HTTP 401); check the token, or AUTOSDLC_TOKEN where it comes from there")
    assert refused(401, with_token=False).reason.endswith("give one, or set AUTOSDLC_TOKEN")
    assert "AUTOSDLC_TOKEN" in closed(4501, "").reason


def bad_certificate() -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED] … (_ssl.c:1032)")
    error.verify_message = "self-signed certificate"
    return error


def failure(reason: str | None) -> ssl.SSLError:
    error = ssl.SSLError(1, "[SSL] … (_ssl.c:1032)")
    error.reason = reason  # type: ignore[assignment] # it may be None
    return error


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (socket.gaierror(-2, "Name or service not known"), "Name or service not known"),
        (bad_certificate(), "its certificate does not hold: self-signed certificate"),
        (failure("WRONG_VERSION_NUMBER"), "TLS failed: wrong version number"),
        (failure(None), "TLS failed: no reason given"),
        (ConnectionRefusedError(111, "Connect call failed ('::1', 80)"), "Connection refused"),
        (OSError("Multiple exceptions: \x1b[1m…"), "Multiple exceptions: …"),
        (OSError(), "no answer"),
    ],
)
def test_what_cannot_be_reached_says_why_in_words(error: OSError, said: str) -> None:
    assert unreachable("ws://there", error) == (
        f"cannot reach ws://there: {said}",
        False,
        None,
        False,
    )
