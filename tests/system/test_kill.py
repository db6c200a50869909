"""`kill -9` of a server with a journal, amid 50,000 publishes."""

import asyncio
from pathlib import Path
from typing import Any

from tests.support.frames import TOKEN
from tests.support.history import read_streams
from tests.support.publisher import Publisher
from tests.support.served import Served
from tui.client import Client, ClientOptions, Gap, Reconnect

PUBLISHERS = 5
EVENTS = 10_000
"""Of each."""
KILLED_AT = (1_000, 3_000, 5_000, 7_000)
"""So many of one publisher's events are acknowledged."""
OPTIONS = ClientOptions(reconnect=Reconnect(delay=0.05, max_delay=0.2))


async def test_what_a_killed_server_has_acknowledged_is_there_when_it_comes_back(
    tmp_path: Path,
) -> None:
    journal = str(tmp_path / "journal.db")
    seen: asyncio.Queue[str] = asyncio.Queue()
    gaps: list[Gap] = []

    def take(event: Any) -> None:
        seen.put_nowait(event.id)

    with Served(tmp_path, "--journal", journal, "--rate-limits", "off") as served:
        epoch = (await read_streams(served.url))["agent"].epoch
        async with Client(served.url, TOKEN, options=OPTIONS) as subscriber:
            subscriber.on("*", take)
            subscriber.on("gap", gaps.append)
            await subscriber.subscribe("agent")
            publishers = [Publisher(served.url, f"p{n}", batch=50) for n in range(PUBLISHERS)]
            publishing = [asyncio.create_task(one.publish(EVENTS)) for one in publishers]
            for count in KILLED_AT:
                await publishers[0].reaches(count)
                served.kill()
                assert not all(task.done() for task in publishing), "it was over before that"
                await asyncio.to_thread(served.start)
            await asyncio.gather(*publishing)
            for one in publishers:
                one.close()
            # What is acknowledged, nobody sends again: were it lost, it would be missing here.
            stored = (await read_streams(served.url))["agent"]
            assert stored.epoch == epoch
            assert len(stored.ids) == len(set(stored.ids)) == PUBLISHERS * EVENTS
            for one in publishers:
                its_own = [id_ for id_ in stored.ids if id_.startswith(f"{one.name}-")]
                assert its_own == one.acknowledged == sorted(its_own)
            assert [await seen.get() for _ in stored.ids] == stored.ids
            assert gaps == []
