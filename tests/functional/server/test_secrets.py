"""No secret reaches a log, whichever way it comes, right or wrong, even at DEBUG."""

import json
import logging
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import jwt
import pytest
from aiohttp import ClientSession
from websockets.exceptions import InvalidStatus

from tests.functional.server.conftest import LOCAL, Start
from tests.support.frames import TOKEN, log
from tests.support.peer import peer
from tui.discovery import ServerRecord
from tui.server.auth import keyfile, keys

SECRET = "a secret of thirty-two characters"


class Tokens:
    """Right ones and wrong ones, of each kind; by what they are."""

    def __init__(self, path: Path) -> None:
        key, stored = keys.make("ci", ["publisher"])
        with keyfile.edited(path) as known:
            known["ci"] = stored
        claims = {"sub": "ann", "exp": 4_000_000_000, "permissions": ["publisher"]}
        token = jwt.encode(claims, SECRET, "HS256")
        unknown = jwt.encode(claims | {"permissions": ["root"]}, SECRET, "HS256")
        self.right = {"machine": TOKEN, "key": key, "jwt": token}
        self.wrong = {
            "machine": TOKEN[::-1],
            "key": f"{key}x",
            "jwt": f"{token}x",
            "signed, unknown permission": unknown,
        }

    @property
    def secrets(self) -> Iterator[str]:
        """What must not be seen: parts of tokens, too, and the secret that signs them."""
        yield SECRET
        yield quote(SECRET)
        for token in (*self.right.values(), *self.wrong.values()):
            yield from (token, quote(token))
            # A key's own secret, in which there may be a _ as well, and what a JWT is made of.
            parts = (token.split("_", 2)[-1], *token.split("."))
            yield from (part for part in parts if len(part) > 20)


@pytest.fixture
def tokens(tmp_path: Path) -> Tokens:
    return Tokens(tmp_path / "keys.toml")


@pytest.fixture
async def server(
    start: Start, tokens: Tokens, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> ServerRecord:
    monkeypatch.setenv("AUTOSDLC_JWT_SECRET", SECRET)
    config = replace(LOCAL, http_port=0, keys=tmp_path / "keys.toml", allow_query_token=True)
    return await start(config)


def ours(caplog: pytest.LogCaptureFixture) -> str:
    """All that was logged, but by the library that this test's clients are made with."""
    write = logging.Formatter("%(name)s %(message)s").format
    records = [one for one in caplog.records if not one.name.startswith(("websockets.", "tests"))]
    assert records
    return "\n".join(f"{write(one)} {one.args}" for one in records)


def ways(url: str, token: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Address and headers of each way in which a handshake or a request shows a token."""
    yield url, {"Authorization": f"Bearer {token}"}
    yield url, {"Cookie": f"auth-token={token}"}
    yield f"{url}?token={quote(token)}", {}


async def test_no_way_in_leaves_a_token_in_the_log(
    server: ServerRecord, tokens: Tokens, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for kind, token in tokens.right.items():
        for url, headers in ways(server.url, token):
            async with peer(url, headers, token=False) as client:
                await client.send(log(f"e-{kind}"))
                await client.say("ping")
                await client.hear_until("pong")
        async with peer(server.url, token=False) as client:
            await client.say("auth_request", type="jwt", token=token)
            await client.hear_until("auth_success")
    for token in tokens.wrong.values():
        for url, headers in ways(server.url, token):
            with pytest.raises(InvalidStatus, match="401"):
                async with peer(url, headers, token=False):
                    pass
        async with peer(server.url, token=False) as client:
            await client.say("auth_request", type="api-key", token=token)
            [*_, failure] = await client.hear_until("auth_failure")
            assert token not in json.dumps(failure)
            assert (await client.closed())[0] == 4501
    said = ours(caplog)
    assert [secret for secret in tokens.secrets if secret in said] == []


async def test_no_token_in_a_message_that_is_wrong_is_logged_or_sent_back(
    server: ServerRecord, tokens: Tokens, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for token in tokens.right.values():
        for data in (
            {"token": token},
            {"type": 5, "token": token},
            {"type": "jwt", "token": [token]},
        ):
            async with peer(server.url, token=False) as client:
                await client.say("auth_request", "m-1", **data)
                [*_, error] = await client.hear_until("error")
                assert error["metadata"]["correlationId"] == "m-1"
                assert token not in json.dumps(error)
        async with peer(server.url, token=False) as client:
            with suppress(UnicodeDecodeError):
                await client.send(b'{"type":"auth_request","data":{"token":"' + token.encode())
            assert token not in json.dumps((await client.hear_until("error"))[-1])
    said = ours(caplog)
    assert [secret for secret in tokens.secrets if secret in said] == []


async def test_no_token_of_an_http_request_is_logged(
    server: ServerRecord, tokens: Tokens, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    assert server.http_url is not None
    async with ClientSession() as session:
        for token in (*tokens.right.values(), *tokens.wrong.values()):
            right = token in tokens.right.values()
            for url, headers in ways(f"{server.http_url}/events", token):
                for body, status in ((log("e-1"), 202), (b"{", 400)):
                    async with session.post(url, data=body, headers=headers) as response:
                        assert response.status == (status if right else 401)
                        assert token not in await response.text()
    async with peer(server.url, {"Authorization": f"Bearer {TOKEN}"}, token=False) as client:
        await client.say("ping")
        await client.hear_until("pong")
    said = ours(caplog)
    assert [secret for secret in tokens.secrets if secret in said] == []
