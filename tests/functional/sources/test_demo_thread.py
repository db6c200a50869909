"""The demo's publishers against a real server."""

import asyncio
import threading

import pytest

from tests.functional.sources.conftest import TOKEN
from tui.client import Client
from tui.discovery import ServerRecord
from tui.protocol.models import AgentStatusEvent
from tui.sources.demo.cast import five_agents
from tui.sources.demo.thread import DemoThread


async def test_all_agents_arrive_and_stop_ends_the_thread(server: ServerRecord) -> None:
    demo = DemoThread(server.url, TOKEN, seed=0, speed=100.0)
    missing = set(five_agents())
    everyone = asyncio.Event()

    def note(event: AgentStatusEvent) -> None:
        missing.discard(event.data.agent_id)
        if not missing:
            everyone.set()

    async with Client(server.url, TOKEN) as client:
        client.on("agent_status", note)
        await client.subscribe("agent")
        demo.start()
        await asyncio.wait_for(everyone.wait(), 30)
    await asyncio.to_thread(demo.stop)
    assert "demo" not in [thread.name for thread in threading.enumerate()]
    demo.stop()


async def test_stopped_at_once_it_ends_too(server: ServerRecord) -> None:
    demo = DemoThread(server.url, TOKEN, seed=0, speed=1.0)
    demo.start()
    await asyncio.wait_for(asyncio.to_thread(demo.stop), 10)
    assert "demo" not in [thread.name for thread in threading.enumerate()]


def test_what_never_began_need_not_be_waited_for() -> None:
    DemoThread("ws://127.0.0.1:1/ws", None, seed=0, speed=1.0).stop()


def test_a_token_that_cannot_be_sent_is_told_to_who_asks() -> None:
    with pytest.raises(ValueError, match="token"):
        DemoThread("ws://127.0.0.1:1/ws", "two\nlines", seed=0, speed=1.0)
