"""Secrets are taken out of any text, and nothing else is."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.server.redaction import REMOVED, redact

SECRET = "s3cr3t-Value.of_somebody"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    "text",
    [
        f"> Authorization: Bearer {SECRET}",
        f"authorization: Basic {SECRET}",
        f"{{'Authorization': 'Bearer {SECRET}'}}",
        f"with bearer {SECRET}, again",
        f"GET /ws?compression=gzip&token={SECRET}&x=1 HTTP/1.1",
        f"/ws?token={SECRET}",
        f"Cookie: theme=dark; auth-token={SECRET}; session={SECRET}",
        f"a cookie auth-token={SECRET}",
        json.dumps({"type": "auth_request", "data": {"type": "api-key", "token": SECRET}}),
        json.dumps({"a": json.dumps({"type": "api-key", "token": SECRET})}),
        json.dumps({"token": f'quoted " and \\ {SECRET}'}),
        json.dumps({"said": json.dumps({"token": SECRET})}),
        json.dumps([json.dumps([json.dumps({"token": SECRET})])]),
        repr(json.dumps({"token": SECRET}).encode()),
        repr({"api_key": SECRET, "apiKey": SECRET, "clientSecret": SECRET}),
        f'{{"type":"auth_request","data":{{"token":"{SECRET}',
        f"ws://ann:{SECRET}@host:8765/ws",
        f"ws://{SECRET}@host",
        f"the key asdlc_ci_{SECRET} is unknown",
        f"asdlc_{SECRET}",
    ],
)
def test_no_secret_is_left(text: str) -> None:
    assert SECRET not in redact(text)
    assert "s3cr3t" not in redact(text)
    assert REMOVED in redact(text)


@pytest.mark.parametrize("before", ["", " ", "\n", "'", "token ", "\\n", "("])
def test_no_json_web_token_is_left(before: str) -> None:
    for text in (f"x{before}{JWT} end", json.dumps(f"x{before}{JWT}")):
        if before:
            assert "eyJ" not in redact(text)
    assert redact(f"{JWT}") == REMOVED


@pytest.mark.parametrize(
    "text",
    [
        "client connected client=client-1 key=machine address=127.0.0.1",
        "the token is not valid here",
        "the token is in /home/ann/state/token; Ctrl-C stops the server",
        json.dumps({"agentId": "coder-1", "message": "3 tokens left", "tokens": 3}),
        "ws://127.0.0.1:8765/ws",
        "mail ann@host about http://host/path",
        "Secretary: Ms. Key",
    ],
)
def test_all_else_is_left_as_it_is(text: str) -> None:
    assert redact(text) == text


_KEYS = st.sampled_from(["token", "a", "Cookie:"])
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["token", "a", "Cookie:"]), inner)
    ),
)


@given(_JSON)
def test_json_stays_json(value: object) -> None:
    json.loads(redact(json.dumps(value)))
    json.loads(redact(json.dumps(value, ensure_ascii=False)))


@pytest.mark.parametrize(
    "piece",
    [
        "eyJ",
        "a-",
        "\\",
        '\\"',
        '"',
        '"token',
        '"token":',
        "://a",
        "bearer ",
        "token=",
        "cookie:",
        "-token",
        "eyJ.",
        "asdlc_ ",
        " ",
        "'token' : ",
    ],
)
def test_hostile_text_takes_no_longer_than_any_other(piece: str) -> None:
    text = piece * (200_000 // len(piece))
    begun = time.process_time()
    redact(text)
    assert time.process_time() - begun < 1
