"""Tokens that expire, and are asked for anew."""

import asyncio
from http import HTTPStatus

import pytest

from tests.functional.client.conftest import FAST, until
from tests.functional.client.peer import Peer
from tui.client import Client, ConnectionStopped


async def test_a_token_that_has_expired_is_asked_for_anew(v1: Peer) -> None:
    tokens = iter(("first", "second"))
    v1.token = "first"
    async with Client(v1.url, lambda: next(tokens), options=FAST) as client:
        line = await v1.line()
        v1.token = "second"
        await line.close(4009, "the token has expired")
        assert (await v1.line(2)).authorization == "Bearer second"
        await until(client, lambda s: s.phase == "live")


async def test_a_refused_token_is_asked_for_once_more_and_then_it_is_over(v1: Peer) -> None:
    asked: list[str] = []

    async def token() -> str:
        asked.append("old" if len(asked) < 3 else "new")
        return asked[-1]

    v1.token = "new"
    client = Client(v1.url, token, options=FAST)
    with pytest.raises(ConnectionStopped, match="HTTP 401"):
        await client.connect()
    assert asked == ["old"] * 2
    with pytest.raises(ConnectionStopped):
        await client.connect()
    await client.connect()
    assert asked == ["old"] * 3 + ["new"]
    await client.close()


async def test_a_token_that_cannot_be_had_is_asked_for_again_later(plain: Peer) -> None:
    fails = True

    def token() -> str:
        if fails:
            raise OSError("the keyring is locked")
        return "sesame"

    plain.token = "sesame"
    client = Client(plain.url, token, options=FAST)
    client.start()
    waiting = await until(client, lambda s: s.phase == "waiting")
    assert waiting.reason == "no token to be had: the keyring is locked"
    assert plain.handshakes == 0
    fails = False
    await client.connect()
    await client.close()


async def test_closing_while_a_token_is_asked_for_leaves_nothing_behind(plain: Peer) -> None:
    asked = asyncio.Event()

    async def token() -> str:
        asked.set()
        await asyncio.Event().wait()
        return "never"

    client = Client(plain.url, token, options=FAST)
    client.start()
    await asked.wait()
    await client.close()
    assert client.status.phase == "stopped"


async def test_a_token_for_the_document_s_servers_is_given_in_band(plain: Peer) -> None:
    async with Client(plain.url, lambda: "sesame", options=FAST) as client:
        line = await plain.line()
        error = {"error": "who are you?", "code": "unauthenticated"}
        await line.send({"type": "error", "data": error})
        [request] = await line.take("auth_request")
        assert request["data"] == {"type": "api-key", "token": "sesame"}
        await line.send({"type": "auth_success", "data": {}})
        await until(client, lambda s: s.phase == "live")


async def test_access_that_is_denied_is_no_matter_of_another_token(plain: Peer) -> None:
    plain.refuse_with = HTTPStatus.FORBIDDEN
    with pytest.raises(ConnectionStopped, match="HTTP 403"):
        await Client(plain.url, lambda: "sesame", options=FAST).connect()
    assert plain.handshakes == 1


async def test_a_token_that_did_is_asked_for_once_more_when_it_does_no_longer(v1: Peer) -> None:
    tokens = iter(("old", "new", "newer"))
    v1.token = "new"
    async with Client(v1.url, lambda: next(tokens), options=FAST) as client:
        v1.token = "newer"
        await (await v1.line()).close(4501, "that token is over")
        assert (await v1.line(2)).authorization == "Bearer newer"
        await until(client, lambda s: s.phase == "live")
