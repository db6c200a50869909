"""The plain layer over real sockets: what a client written from the document meets."""

import asyncio
import gzip
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
import websockets
from websockets.exceptions import InvalidStatus

from tests.functional.server.conftest import LOCAL, Start
from tests.support.frames import TOKEN, frame, log, status
from tests.support.peer import BEARER, peer
from tui.server.limits.sizes import Limits


@dataclass
class Subscription:
    id: str
    unsubscribe: Callable[[], Awaitable[None]]


class AutoSDLCWebSocket:
    """The document's Python kit, to the letter but for a header argument renamed since."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self.token = token
        self.ws: Any = None
        self.handlers: dict[str, list[Callable[[Any], Awaitable[None]]]] = {}
        self.unhandled: list[str] = []

    async def connect(self) -> None:
        headers = {"Authorization": f"Bearer {self.token}"}
        self.ws = await websockets.connect(self.url, additional_headers=headers, proxy=None)
        self.task = asyncio.create_task(self._handle_messages())

    async def subscribe_to_agent(
        self, agent_id: str, events: list[str] | None = None
    ) -> Subscription:
        subscription_id = f"sub-{agent_id}"
        await self._send(
            {
                "type": "subscribe",
                "data": {
                    "subscriptionId": subscription_id,
                    "resource": "agent",
                    "resourceId": agent_id,
                    "events": events or ["status", "task_update", "log", "metric"],
                },
            }
        )
        return Subscription(
            id=subscription_id, unsubscribe=lambda: self.unsubscribe(subscription_id)
        )

    async def unsubscribe(self, subscription_id: str) -> None:
        await self._send({"type": "unsubscribe", "data": {"subscriptionId": subscription_id}})

    def on(self, event: str, handler: Callable[[Any], Awaitable[None]]) -> None:
        self.handlers.setdefault(event, []).append(handler)

    async def _send(self, message: dict[str, Any]) -> None:
        await self.ws.send(json.dumps(message))

    async def _handle_messages(self) -> None:
        async for message in self.ws:
            data = json.loads(message)
            event_type = data.get("type")
            if event_type not in self.handlers:
                self.unhandled.append(event_type)
            for handler in self.handlers.get(event_type, []):
                await handler(data)


async def test_the_documents_python_kit_works(url: str) -> None:
    ws = AutoSDLCWebSocket(url=url, token=TOKEN)
    await ws.connect()
    heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    for type_ in ("agent_status", "pong"):
        ws.on(type_, heard.put)
    subscription = await ws.subscribe_to_agent("coder-001")
    await ws._send({"type": "ping", "data": {}})
    assert (await heard.get())["type"] == "pong"
    async with peer(url) as publisher:
        await publisher.send(status("evt-1", "coder-001"))
        event = await heard.get()
        assert event == json.loads(status("evt-1", "coder-001")) | {"metadata": {}}
        await subscription.unsubscribe()
        await ws._send({"type": "ping", "data": {}})
        assert (await heard.get())["type"] == "pong"
        await publisher.send(status("evt-2", "coder-001"))
        await publisher.say("ping")
        await publisher.hear_until("pong")
    await ws._send({"type": "ping", "data": {}})
    assert (await heard.get())["type"] == "pong"
    assert ws.unhandled == ["connect"]
    await ws.ws.close()
    await ws.task


async def test_plain_clients_see_nothing_of_v1_and_no_batches(url: str) -> None:
    async with peer(url, subprotocols=["something.else"]) as plain, peer(url, v1=True) as publisher:
        assert plain.socket.subprotocol is None
        assert publisher.socket.subprotocol == "autosdlc.v1"
        connect = await plain.hear()
        assert connect["type"] == "connect"
        assert set(connect["data"]) == {"clientId"}
        await plain.say("subscribe", subscriptionId="s", resource="agent")
        await plain.say("ping", "m-1")
        assert (await plain.hear())["type"] == "pong"
        await publisher.send(b"[" + log("e-1") + b"," + log("e-2") + b"," + status("e-3") + b"]")
        for id_ in ("e-1", "e-2", "e-3"):
            event = json.loads(await plain.socket.recv())
            assert (event["id"], event["metadata"]) == (id_, {})


async def test_a_token_in_band(url: str) -> None:
    async with peer(url, token=False) as client:
        assert (await client.hear())["type"] == "connect"
        await client.say("subscribe", "m-1", subscriptionId="s")
        refused = await client.hear()
        assert refused["data"]["code"] == "unauthenticated"
        assert refused["metadata"]["correlationId"] == "m-1"
        await client.say("auth_request", type="api-key", token=TOKEN)
        assert (await client.hear())["type"] == "auth_success"
        await client.say("ping")
        assert (await client.hear())["type"] == "pong"


async def test_a_wrong_token_in_band_is_closed_with_4501(url: str) -> None:
    async with peer(url, token=False) as client:
        await client.say("auth_request", type="api-key", token="wrong")
        [_, failure] = await client.hear_until("auth_failure")
        assert failure["data"]["code"] == "unauthenticated"
        assert (await client.closed())[0] == 4501


async def test_who_does_not_authenticate_is_closed_with_4501(start: Start) -> None:
    url = (await start(replace(LOCAL, limits=Limits(unauthenticated_time=0.05)))).url
    async with peer(url, token=False) as silent, peer(url) as known:
        async with asyncio.timeout(3):
            assert (await silent.closed())[0] == 4501
        await known.say("ping")
        await known.hear_until("pong")


@pytest.mark.parametrize(
    ("headers", "origin", "answer"),
    [
        ({"Authorization": "Bearer wrong"}, None, 401),
        ({"Cookie": "auth-token=wrong"}, None, 401),
        (BEARER, "https://evil.example", 403),
        ({}, "https://evil.example", 403),
    ],
)
async def test_refused_handshakes(
    url: str, headers: dict[str, str], origin: str | None, answer: int
) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with peer(url, headers, origin=origin, token=False):
            pass
    assert refused.value.response.status_code == answer
    assert TOKEN.encode() not in (refused.value.response.body or b"")


async def test_a_listed_origin_and_a_cookie_are_welcome_on_any_path(start: Start) -> None:
    record = await start(replace(LOCAL, origins=("https://dash.example",)))
    cookie = {"Cookie": f"auth-token={TOKEN}"}
    elsewhere = record.url.removesuffix("/ws") + "/any/path"
    async with peer(elsewhere, cookie, origin="https://dash.example", token=False) as client:
        await client.say("ping")
        await client.hear_until("pong")


async def test_no_token_is_logged(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    record = await start(LOCAL)
    async with peer(record.url) as known, peer(f"{record.url}?token={TOKEN}", token=False) as other:
        await known.say("auth_request", type="api-key", token=TOKEN)
        await known.hear_until("auth_success")
        await other.hear()
    ours = [one.getMessage() for one in caplog.records if not one.name.startswith("websockets")]
    assert ours
    assert TOKEN not in " ".join(ours)


async def test_a_token_in_the_address_is_not_read(url: str) -> None:
    async with peer(f"{url}?token={TOKEN}", token=False) as client:
        await client.say("ping")
        assert (await client.hear_until("error"))[-1]["data"]["code"] == "unauthenticated"


async def test_too_large_is_refused_and_much_too_large_is_closed_with_1009(url: str) -> None:
    async with peer(url, token=False) as unknown, peer(url) as known:
        await unknown.send(log("e-1", message="x" * 5_000))
        assert (await unknown.hear_until("error"))[-1]["data"]["code"] == "too_large"
        await known.send(log("e-2", message="x" * 200_000))
        await known.say("ping")
        await known.hear_until("pong")
        await known.send(log("e-3", message="x" * 300_000))
        assert (await known.closed())[0] == 1009


async def test_gzip_is_read_and_a_bomb_is_too_large(url: str) -> None:
    async with peer(url) as client:
        await client.say("subscribe", resource="agent")
        await client.socket.send(gzip.compress(log("e-1", message="x" * 10_000)))
        event = (await client.hear_until("agent_log"))[-1]
        assert len(event["data"]["message"]) == 10_000
        await client.socket.send(gzip.compress(b"0" * 50_000_000))
        assert (await client.hear())["data"]["code"] == "too_large"


async def test_disconnect_is_answered_with_a_clean_close(url: str) -> None:
    async with peer(url) as client:
        await client.send(frame("disconnect"))
        assert await client.closed() == (1000, "")
