"""A server with limits of its own: what it says of them, and that it keeps to them."""

import gzip
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.functional.server.conftest import LOCAL, running
from tests.support.browsing import post
from tests.support.frames import TOKEN, frame, log, messages, status
from tests.support.peer import Peer, peer
from tui.server.config import ServerConfig
from tui.server.limits.sizes import Limits

LIMITS = Limits(
    message=2048,
    publisher_message=4096,
    unauthenticated_message=1024,
    frame=8192,
    depth=8,
    subscriptions=2,
    filter=5,
    state_keys=2,
)


def configured(**changed: Any) -> ServerConfig:
    return replace(LOCAL, limits=replace(LIMITS, **changed))


async def refusal(client: Peer) -> dict[str, Any]:
    data: dict[str, Any] = (await client.hear_until("error"))[-1]["data"]
    return data


async def test_what_is_said_is_what_holds() -> None:
    async with (
        running(configured()) as server,
        peer(server.url, v1=True) as known,
        peer(server.url, v1=True, token=False) as unknown,
    ):
        said = (await known.hear_until("connect"))[-1]["data"]["limits"]
        assert said == {"maxMessageBytes": 4096, "maxSubscriptions": 2}
        said = (await unknown.hear_until("connect"))[-1]["data"]["limits"]
        assert said["maxMessageBytes"] == 1024
        await unknown.say("auth_request", type="api-key", token=TOKEN + "x" * 1024)
        assert (await refusal(unknown))["code"] == "too_large"
        await known.send(log("e-1", message="x" * 3500))
        await known.hear_until("publish_ack")
        await known.send(log("e-2", message="x" * 4096))
        assert (await known.closed())[0] == 1009


async def test_what_nests_deeper_and_asks_for_more_is_refused() -> None:
    async with running(configured()) as server, peer(server.url) as client:
        await client.send(nested(8))
        await client.send(nested(9))
        assert (await refusal(client))["error"] == "nested deeper than 8 levels"
        await client.say("subscribe", subscriptionId="a", resource="agent", resourceId="123456")
        assert (await refusal(client))["details"]["field"] == "data.resourceId"
        for id_ in ("a", "b", "c"):
            await client.say("subscribe", subscriptionId=id_, resource="agent", resourceId="12345")
        assert (await refusal(client))["error"] == "more than 2 subscriptions"


async def test_no_frame_is_larger_than_one_may_be() -> None:
    config = configured(publisher_message=7 * 1024, state_keys=100)
    async with running(config) as server, peer(server.url, v1=True) as client:
        for n in range(50):
            await client.send(status(f"e-{n}", f"{n}-{'x' * 200}"))
        wanted: list[tuple[dict[str, Any], Callable[[bytes], bool]]] = [
            ({}, is_last_page),
            ({"resume": {"since": 0}}, lambda payload: b'"e-49"' in payload),
        ]
        for start, ends in wanted:
            await client.say("subscribe", subscriptionId="s", resource="agent", **start)
            frames = [await client.socket.recv(decode=False)]
            while not ends(frames[-1]):
                frames.append(await client.socket.recv(decode=False))
            assert sum(map(len, frames)) > 2 * 8192
            assert max(map(len, frames)) <= 8192


@pytest.mark.parametrize("journal", [False, True])
async def test_of_the_state_no_more_is_kept_than_may_be(journal: bool, tmp_path: Path) -> None:
    config = replace(configured(), journal=tmp_path / "journal.db" if journal else None)
    async with running(config) as server, peer(server.url, v1=True) as client:
        for name in ("a", "b", "c"):
            await client.send(status(f"e-{name}", name))
        await client.say("subscribe", subscriptionId="s", resource="agent")
        page = await client.hear()
        while page["data"].get("status") != "snapshot":
            page = await client.hear()
        assert [one["data"]["agentId"] for one in page["data"]["state"]] == ["b", "c"]


async def test_http_keeps_to_them_too() -> None:
    async with running(replace(configured(), http_port=0)) as server:
        for body, wanted in (
            (log("e-1", message="x" * 3500), 202),
            (log("e-2", message="x" * 4096), 413),
            (gzip.compress(log("e-3", message="x" * 4096)), 413),
            (nested(9), 400),
        ):
            assert (await post(server, body)).status == wanted


def nested(depth: int) -> bytes:
    """An event that nests so deep; it and its data are two of them."""
    context: object = {}
    for _ in range(depth - 3):
        context = {"a": context}
    data = {"agentId": "a", "level": "info", "message": "m", "timestamp": 1, "context": context}
    return frame("agent_log", data, f"e-{depth}", timestamp=1)


def is_last_page(payload: bytes) -> bool:
    data = messages([payload])[-1]["data"]
    return data.get("status") == "snapshot" and not data["more"]
