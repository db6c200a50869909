"""Keys, tokens and limits over real sockets: what a client meets at the door, and once inside."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jwt
import pytest
from websockets.exceptions import InvalidStatus

from tests.functional.server.conftest import LOCAL, Start
from tests.support.frames import TOKEN, frame, log
from tests.support.peer import Peer, peer
from tests.support.raw import open_raw
from tui.server.auth import keyfile, keys
from tui.server.auth.keyfile import StoredKey

SECRET = "a secret of thirty-two characters"
PATIENCE = 10.0
"""Seconds; a server looks at its clients' tokens once a second."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.toml"


def add(path: Path, *allow: str, **more: Any) -> str:
    key, stored = keys.make("ci", allow, **more)

    def put(known: dict[str, StoredKey]) -> None:
        known["ci"] = stored

    edit(path, put)
    return key


def edit(path: Path, change: Callable[[dict[str, StoredKey]], None]) -> None:
    with keyfile.edited(path) as known:
        change(known)


def bearer(token: str, **more: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} | more


async def refused(url: str, headers: dict[str, str]) -> tuple[int, str | None]:
    """Status and Retry-After of a handshake that is turned away."""
    with pytest.raises(InvalidStatus) as raised:
        async with peer(url, headers, token=False):
            pass
    response = raised.value.response
    return response.status_code, response.headers.get("Retry-After")


async def code(client: Peer, said: bytes) -> str | None:
    """The code of the error that a message gets; None where there is none."""
    await client.send(said)
    await client.say("ping")
    heard = await client.hear_until("pong")
    return next((one["data"]["code"] for one in heard if one["type"] == "error"), None)


async def test_a_key_opens_what_it_allows(start: Start, path: Path) -> None:
    key = add(path, "subscribe:agent", "publish:agent:coder-1:*")
    url = (await start(replace(LOCAL, keys=path))).url
    async with peer(url, bearer(key), token=False) as client:
        assert await code(client, frame("subscribe", {"resource": "agent"})) is None
        assert await code(client, frame("subscribe", {"resource": "tdd"})) == "forbidden"
        assert await code(client, log("e-1", "coder-1")) is None
        assert await code(client, log("e-2", "coder-2")) == "forbidden"


async def test_keys_come_and_go_while_the_server_runs(
    start: Start, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.server.auth.keys.LOOK_SECONDS", 0.0)
    url = (await start(replace(LOCAL, keys=path))).url
    assert (await refused(url, bearer("asdlc_0123456789ab_x")))[0] == 401
    key = add(path, "viewer")
    async with (
        asyncio.timeout(PATIENCE),
        peer(url, bearer(key), token=False) as client,
        peer(url) as other,
    ):
        await client.say("ping")
        await client.hear_until("pong")
        edit(path, lambda known: known.clear())
        assert await client.closed() == (4009, "the key is no longer valid")
        await other.say("ping")
        await other.hear_until("pong")
    assert (await refused(url, bearer(key)))[0] == 401


async def test_a_connection_ends_with_its_token_unless_it_is_renewed(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTOSDLC_JWT_SECRET", SECRET)
    url = (await start(LOCAL)).url

    def token(seconds: float) -> str:
        claims = {"sub": "ann", "exp": time.time() + seconds, "permissions": ["viewer"]}
        return jwt.encode(claims, SECRET, "HS256")

    short = bearer(token(3.0))
    async with (
        asyncio.timeout(PATIENCE),
        peer(url, short, token=False) as idle,
        peer(url, short, token=False) as renewed,
    ):
        await renewed.say("auth_request", type="jwt", token=token(3600))
        await renewed.hear_until("auth_success")
        await renewed.say("auth_request", type="jwt", token="wrong")
        await renewed.hear_until("auth_failure")
        assert await idle.closed() == (4009, "the token has expired")
        await renewed.say("ping")
        await renewed.hear_until("pong")
    assert (await refused(url, short))[0] == 401


async def test_rates_are_limited_and_nothing_is_lost_in_silence(start: Start, path: Path) -> None:
    key = add(path, "publisher", rates={"agent_log": 3})
    url = (await start(replace(LOCAL, keys=path))).url
    async with peer(url, bearer(key), v1=True, token=False) as client:
        batch = b"[" + b",".join(log(f"e-{n}") for n in range(5)) + b"]"
        await client.send(batch)
        await client.say("ping")
        heard = await client.hear_until("pong")
    acks = [id_ for one in heard if one["type"] == "publish_ack" for id_ in one["data"]["ids"]]
    assert acks == ["e-0", "e-1", "e-2"]
    errors = [one for one in heard if one["type"] == "error"]
    assert [one["metadata"]["correlationId"] for one in errors] == ["e-3", "e-4"]
    assert [one["data"]["code"] for one in errors] == ["rate_limited"] * 2
    assert 19_000 < errors[0]["data"]["retryAfterMs"] <= 20_000


async def test_off_limits_nothing(start: Start) -> None:
    url = (await start(replace(LOCAL, rate_limits="off"))).url
    async with peer(url) as client:
        await client.send(b"[" + b",".join([frame("ping")] * 200) + b"]")
        pongs = [await client.hear_until("pong") for _ in range(200)]
    assert len(pongs) == 200


async def test_connections_of_one_address_behind_a_proxy_are_counted(start: Start) -> None:
    config = replace(LOCAL, connections_per_address=2, trusted_proxies=("127.0.0.1",))
    url = (await start(config)).url
    home, office = (
        {"X-Forwarded-For": f"1.1.1.1, {one}"} for one in ("203.0.113.9", "198.51.100.7")
    )
    async with peer(url, home) as one, peer(url, home) as two, peer(url, office):
        status, retry_after = await refused(url, home | bearer(TOKEN))
        assert (status, retry_after) == (429, "10")
        await one.socket.close()
        await two.say("ping")
        await two.hear_until("pong")
        async with peer(url, home):
            pass
    async with peer(url), peer(url), peer(url):
        pass  # from this machine itself there are no limits


async def test_wrong_tokens_block_an_address_and_nobody_else(start: Start) -> None:
    url = (await start(replace(LOCAL, trusted_proxies=("127.0.0.1",)))).url
    home, office = {"X-Forwarded-For": "203.0.113.9"}, {"X-Forwarded-For": "198.51.100.7"}
    for _ in range(29):
        assert (await refused(url, home | bearer("wrong")))[0] == 401
    async with peer(url, home, token=False) as client:
        await client.say("auth_request", type="api-key", token="wrong")
        assert (await client.closed())[0] == 4501
    status, retry_after = await refused(url, home | bearer(TOKEN))
    assert status == 429
    assert retry_after in ("1", "2")
    async with peer(url, office):
        pass
    async with peer(url):
        pass


async def test_an_unknown_client_can_have_16_kib_held_and_a_known_one_256(url: str) -> None:
    large = log("e-1", message="x" * 200_000)
    async with peer(url, token=False) as unknown, peer(url, token=False) as later:
        await unknown.send(b" " * 16 * 1024)
        assert (await unknown.hear_until("error"))[-1]["data"]["code"] == "too_large"
        await unknown.send(b" " * (16 * 1024 + 1))
        assert (await unknown.closed())[0] == 1009
        await later.say("auth_request", type="api-key", token=TOKEN)
        await later.hear_until("auth_success")
        assert await code(later, large) is None
    async with peer(url) as known:
        assert await code(known, large) is None


async def test_pieces_of_an_unknown_client_are_not_gathered(url: str) -> None:
    async with await open_raw(url, None) as raw:
        raw.send(b"x" * 10_000, 0x01)
        raw.send(b"x" * 10_000, 0x00)
        assert (await raw.ended()).code == 1009
