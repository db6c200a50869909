"""HTTP beside the WebSocket port: publishing, and what can be seen of the server."""

import asyncio
import gzip
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.functional.server.conftest import HTTP, HeldPublishing, Start
from tests.support.browsing import ask, connected, post
from tests.support.frames import TOKEN, frame, log, status
from tests.support.peer import BEARER, peer
from tests.support.raw import open_raw
from tui.discovery import ServerRecord
from tui.server import run
from tui.server.auth import keyfile, keys
from tui.server.run import serve


def key(path: Path, *allow: str, rates: dict[str, float] | None = None) -> dict[str, str]:
    """The header of one who is allowed just that."""
    token, stored = keys.make("ci", allow, rates=rates)
    with keyfile.edited(path) as known:
        known["ci"] = stored
    return {"Authorization": f"Bearer {token}"}


def batch(*events: bytes) -> bytes:
    return b"[" + b",".join(events) + b"]"


async def test_an_event_that_is_posted_reaches_those_who_subscribed(server: ServerRecord) -> None:
    async with peer(server.url) as client:
        await client.say("subscribe", resource="agent")
        await client.say("ping")
        await client.hear_until("pong")
        answer = await post(server, log("evt-1"))
        assert (answer.status, answer.body) == (202, {"ids": ["evt-1"], "errors": []})
        assert (await client.hear_until("agent_log"))[-1]["id"] == "evt-1"


async def test_of_a_batch_each_is_judged_by_itself(server: ServerRecord) -> None:
    wrong = log("e-2").replace(b'"info"', b"3")
    body = batch(log("e-1"), wrong, b"{]", frame("fly"), log("e-5"))
    answer = await post(server, body)
    assert answer.status == 202
    assert answer.body["ids"] == ["e-1", "e-5"]
    second, third, fourth = answer.body["errors"]
    assert (second["index"], second["id"], second["field"]) == (1, "e-2", "data.level")
    assert (third["index"], third["code"]) == (2, "invalid_message")
    assert (fourth["index"], fourth["code"]) == (3, "unknown_type")


async def test_who_sends_an_event_again_hears_the_same(server: ServerRecord) -> None:
    async with peer(server.url) as client:
        await client.say("subscribe", resource="agent")
        for _ in range(2):
            assert (await post(server, log("evt-1"))).body["ids"] == ["evt-1"]
        await client.say("ping")
        heard = [message["type"] for message in await client.hear_until("pong")]
        assert heard.count("agent_log") == 1


async def test_what_is_posted_is_counted(server: ServerRecord) -> None:
    await post(server, batch(log("e-1"), status("e-2"), log("e-3")))
    page = (await ask(server, "/metrics")).text
    assert 'websocket_messages_received_total{type="agent_log"} 2' in page


async def test_gzip_is_read(server: ServerRecord) -> None:
    body = gzip.compress(log("evt-1", message="x" * 200_000))
    assert (await post(server, body, BEARER | {"Content-Encoding": "gzip"})).status == 202


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b"", 400, "not JSON"),
        (b"{", 400, "not JSON"),
        (b"[", 400, "not JSON"),
        (b"3", 400, ""),
        (b"\xff", 400, ""),
        (log("e").replace(b'"agentId"', b'"x"'), 400, "data.agentId"),
        (frame("ping"), 400, "ping is no event type"),
        (frame("fly"), 400, "fly is no event type"),
        (b"\x1f\x8bbroken", 400, "broken gzip"),
        (log("e", message="x" * 300_000), 413, "larger than 262144 bytes"),
        (b"x" * 1_000_000, 413, "larger than 262144 bytes"),
        (gzip.compress(b"0" * 50_000_000), 413, "larger than 262144 bytes"),
        (batch(*[log("e")] * 1001), 413, "more than 1000 events"),
        (b'{"a":' * 2000 + b"1" + b"}" * 2000, 400, ""),
        (log("e")[:-1] + b',"x":' + b"[" * 40 + b"]" * 40 + b"}", 400, "nested deeper than 32"),
    ],
)
async def test_what_cannot_be_read_is_refused(
    server: ServerRecord, body: bytes, status: int, said: str
) -> None:
    answer = await post(server, body)
    assert answer.status == status
    assert said in answer.body["error"]
    assert answer.headers["Content-Type"].startswith("application/json")


async def test_where_all_were_refused_the_field_is_named(server: ServerRecord) -> None:
    answer = await post(server, frame("agent_log", {"agentId": "a"}, "evt-1", timestamp=1))
    assert answer.status == 400
    assert answer.body["errors"][0]["field"] == "data.level"
    assert answer.body["errors"][0]["id"] == "evt-1"


async def test_an_unknown_content_encoding_is_415(server: ServerRecord) -> None:
    assert (await post(server, log("e"), BEARER | {"Content-Encoding": "br"})).status == 415


async def test_nobody_publishes_without_a_good_token(server: ServerRecord) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Cookie": "auth-token=wrong"}):
        answer = await post(server, log("e"), headers)
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert "oken" in answer.body["error"]
    assert (await ask(server, f"/events?token={TOKEN}", log("e"), {})).status == 401


async def test_a_token_comes_as_for_the_websocket(start: Start) -> None:
    server = await start(replace(HTTP, allow_query_token=True, origins=("https://dash.example",)))
    cookie = {"Cookie": f"auth-token={TOKEN}"}
    assert (await post(server, log("e-1"), cookie)).status == 202
    assert (await ask(server, f"/events?token={TOKEN}", log("e-2"), {})).status == 202
    assert (
        await post(server, log("e-3"), BEARER | {"Origin": "https://dash.example"})
    ).status == 202
    assert (
        await post(server, log("e-4"), BEARER | {"Origin": "https://evil.example"})
    ).status == 403


async def test_an_origin_that_is_no_text_harms_nobody(server: ServerRecord) -> None:
    async with connected(server) as (reader, writer):
        writer.write(b"POST /events HTTP/1.1\r\nHost: h\r\nOrigin: \xff\xfe\r\n\r\n")
        assert b" 403 " in await reader.readline()


async def test_who_tries_tokens_is_not_answered_for_a_while(start: Start) -> None:
    server = await start(replace(HTTP, trusted_proxies=("127.0.0.1",)))
    elsewhere = {"X-Forwarded-For": "192.0.2.7"}
    wrong = elsewhere | {"Authorization": "Bearer wrong"}
    statuses = [(await post(server, log("e"), wrong)).status for _ in range(31)]
    assert statuses == [401] * 30 + [429]
    refused = await post(server, log("e"), BEARER | elsewhere)
    assert (refused.status, int(refused.headers["Retry-After"]) > 0) == (429, True)
    assert (await post(server, log("e"), BEARER | {"X-Forwarded-For": "192.0.2.8"})).status == 202


async def test_permissions_are_those_of_the_key(start: Start, tmp_path: Path) -> None:
    path = tmp_path / "keys.toml"
    viewer = key(path, "viewer")
    server = await start(replace(HTTP, keys=path))
    for body in (log("e"), b"{"):
        assert (await post(server, body, viewer)).status == 403


async def test_what_a_key_may_not_publish_is_refused(start: Start, tmp_path: Path) -> None:
    path = tmp_path / "keys.toml"
    narrow = key(path, "publish:agent:coder-1")
    server = await start(replace(HTTP, keys=path))
    allowed, denied = log("e-1", "coder-1"), log("e-2", "coder-2")
    answer = await post(server, batch(allowed, denied), narrow)
    assert answer.status == 202
    assert answer.body["ids"] == ["e-1"]
    assert answer.body["errors"][0]["code"] == "forbidden"
    assert (await post(server, denied, narrow)).status == 403
    assert (await post(server, batch(denied, frame("fly")), narrow)).status == 400


async def test_over_the_rate_it_says_when_to_try_again(start: Start, tmp_path: Path) -> None:
    path = tmp_path / "keys.toml"
    slow = key(path, "publisher", rates={"agent_log": 2.0})
    server = await start(replace(HTTP, keys=path))
    first = await post(server, batch(*(log(f"e-{n}") for n in range(3))), slow)
    assert first.status == 202
    assert first.body["ids"] == ["e-0", "e-1"]
    assert first.body["errors"][0]["code"] == "rate_limited"
    assert 0 < first.body["errors"][0]["retryAfterMs"] <= 30_000
    second = await post(server, log("e-2"), slow)
    assert second.status == 429
    assert 0 < int(second.headers["Retry-After"]) <= 30
    assert (await post(server, status("e-3"), slow)).status == 202


async def test_what_is_not_there_is_said_with_what_is(server: ServerRecord) -> None:
    missing = await ask(server, "/nowhere")
    assert missing.status == 404
    for path in ("POST /events", "GET /healthz", "GET /readyz", "GET /metrics", "GET /clients"):
        assert path in missing.body["error"]
    wrong = await ask(server, "/events")
    assert (wrong.status, wrong.headers["Allow"]) == (405, "POST")
    assert (await ask(server, "/healthz", b"")).status == 405


async def test_health_needs_no_token_and_tells_nothing_of_the_machine(server: ServerRecord) -> None:
    assert "Server" not in (await ask(server, "/healthz", headers={})).headers
    assert (await ask(server, "/healthz", headers={})).body == {"status": "ok"}
    assert (await ask(server, "/readyz", headers={})).body == {"status": "ready"}


async def test_a_disk_that_stalls_makes_the_server_unready(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "LAG_SECONDS", 0.05)
    path = tmp_path / "journal.db"
    server = await start(replace(HTTP, journal=path))
    with closing(sqlite3.connect(path, isolation_level=None)) as person:
        person.execute("BEGIN IMMEDIATE")
        answer = asyncio.create_task(post(server, log("evt-1")))
        async with asyncio.timeout(10):
            while (ready := await ask(server, "/readyz", headers={})).status == 200:
                pass
        assert ready.status == 503
        assert "has waited" in ready.body["error"]
        assert (await ask(server, "/healthz", headers={})).status == 200
        person.execute("ROLLBACK")
    assert (await answer).status == 202
    assert (await ask(server, "/readyz", headers={})).status == 200


async def test_a_server_that_stops_takes_no_connections_and_answers_what_it_was_asked(
    held_publishing: HeldPublishing,
) -> None:
    stop = asyncio.Event()
    listening: asyncio.Future[ServerRecord] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(serve(HTTP, ready=listening.set_result, stop=stop))
    server = await listening
    stubborn = await open_raw(server.url, TOKEN)
    stubborn.stall()  # so that the stop takes a while
    async with connected(server) as (kept, writer):
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n")
        assert b" 200 " in await kept.readline()
        answer = asyncio.create_task(post(server, log("evt-1")))
        await held_publishing.asked.wait()
        stop.set()
        async with asyncio.timeout(10):  # before the stubborn one is given up
            await kept.read()
        for url in (server.http_url, server.url):
            address = urlsplit(url or "")
            with pytest.raises(ConnectionError):
                await asyncio.open_connection(address.hostname, address.port)
    assert not serving.done()
    held_publishing.go_on.set()
    assert (await answer).body["ids"] == ["evt-1"]
    stubborn.resume()
    await serving
    stubborn.close()


async def test_clients_are_shown_to_an_admin_only(start: Start, tmp_path: Path) -> None:
    path = tmp_path / "keys.toml"
    publisher = key(path, "publisher")
    server = await start(replace(HTTP, keys=path))
    async with peer(server.url, v1=True) as first, peer(server.url, token=False) as second:
        await first.say("subscribe", subscriptionId="s-1", resource="agent", events=["status"])
        await first.hear_until("subscription_update")
        [hello] = await second.hear_until("connect")
        answer = await ask(server, "/clients")
        assert answer.status == 200
        one, two = answer.body["clients"]
        assert (one["name"], one["layer"]) == ("machine", "v1")
        assert one["address"] == "127.0.0.1"
        assert one["subscriptions"] == [{"id": "s-1", "filter": "agent:*:status"}]
        assert (one["queueBytes"], one["lag"]) == (0, 0)
        assert (two["id"], two["name"]) == (hello["data"]["clientId"], None)
        assert (two["layer"], two["subscriptions"]) == ("plain", [])
        assert one["since"] <= two["since"]
    assert (await ask(server, "/clients", headers=publisher)).status == 403
    assert (await ask(server, "/clients", headers={})).status == 401
