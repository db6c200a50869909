"""Handlers that do more than look, against the real server."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.functional.client.conftest import BUSY, FAST, Seen, until
from tests.support.frames import TOKEN
from tests.support.proxy import Link, Proxy
from tui.client import Client
from tui.server.config import ServerConfig
from tui.server.embedded import EmbeddedServer

EVENTS, SIZE = 200, 40_000
"""Of one replay, 8 MB in all: twice as much as the kernel's buffers take."""


@pytest.fixture
def url() -> Iterator[str]:
    config = ServerConfig(
        port=0, http_port="off", token=TOKEN, kind="embedded", announce=False,
        rate_limits="off", history_bytes=4 * EVENTS * SIZE,
    )  # fmt: skip
    server = EmbeddedServer(config)
    yield server.start().url
    server.stop()


@pytest.fixture
async def writer(url: str) -> AsyncIterator[Client]:
    async with Client(url, TOKEN, options=FAST) as client:
        yield client


def log(message: str) -> dict[str, Any]:
    return {"agentId": "coder-001", "level": "info", "message": message, "timestamp": 1}


def started(workflow: str) -> dict[str, Any]:
    return {
        "workflowId": workflow, "workflowType": "feature", "initiator": "pm", "steps": [],
        "estimatedDuration": 1,
    }  # fmt: skip


async def test_a_handler_may_publish_more_than_the_outbox_is_to_hold(
    url: str, writer: Client
) -> None:
    """It is not held up: what it would wait for is read only once it has returned."""
    answers, seen = 300, Seen()
    options = replace(FAST, outbox_bytes=400 * answers, queue_bytes=1)
    published: list[str] = []
    async with (
        Client(url, TOKEN, options=options) as client,
        Client(url, TOKEN, options=FAST) as reader,
    ):

        async def answer(event: Any) -> None:
            for number in range(answers):
                id_ = f"{event.id}-{number}"
                await client.publish("agent_log", log("x" * 100), event_id=id_)
                published.append(id_)

        client.on("agent_status", answer)
        reader.on("agent_log", seen)
        await client.subscribe("agent", "*", ["status"])
        await reader.subscribe("agent", "*", ["log"])
        await writer.publish("agent_status", BUSY)
        assert await seen.ids(answers) == published
        assert await client.flush(5)
        assert (client.dropped, client.refused) == (0, 0)


async def test_a_replay_can_be_left_and_the_connection_goes_on(url: str, writer: Client) -> None:
    logs, workflows, begun = Seen(), Seen(), asyncio.Event()

    def slow(link: Link) -> None:
        link.to_client.rate = 5_000_000

    async with (
        Proxy("127.0.0.1", urlsplit(url).port or 0) as proxy,
        Client(f"ws://127.0.0.1:{proxy.port}/ws", TOKEN, options=FAST) as client,
    ):
        subscription = await client.subscribe("agent", "*", ["log"])

        async def leave(event: Any) -> None:
            if event.metadata.replayed and not begun.is_set():
                await subscription.unsubscribe()
                begun.set()
            await logs(event)

        client.on("agent_log", leave)
        client.on("workflow_started", workflows)
        await writer.publish("agent_log", log("before"))
        await logs.count(1)
        proxy.on_link = slow
        proxy.refuse()
        proxy.reset()
        await until(client, lambda s: s.phase == "waiting")
        for _ in range(EVENTS):
            await writer.publish("agent_log", log("x" * SIZE))
        assert await writer.flush(10)
        await proxy.listen()
        await begun.wait()

        # Behind the answer to this comes nothing of what was left.
        await client.subscribe("workflow")
        await writer.publish("workflow_started", started("wf-1"))
        await workflows.count(1)
        had = len(logs.items)
        assert had < EVENTS
        await writer.publish("agent_log", log("unheard"))
        await writer.publish("workflow_started", started("wf-2"))
        await workflows.count(2)
        assert len(logs.items) == had

        again = await client.subscribe("agent", "*", ["log"])
        assert again.state == "active"
        await writer.publish("agent_log", log("heard"))
        await logs.count(had + 1)
        assert logs.items[-1].data.message == "heard"
        assert client.status.phase == "live"
