"""A process that publishes into a journal until it is killed, and says what was acknowledged.

`python -m tests.support.journalling FILE NAME`; one line of JSON for each answer: the ids.
"""

import asyncio
import json
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from tests.support.frames import draft, log, status
from tui.protocol.express import Draft
from tui.server.brokers import Outcome
from tui.server.brokers.journal import JournalBroker

UNDER_WAY = 5
BATCH = 20


async def publish(path: Path, name: str) -> None:
    async with JournalBroker(path) as broker:
        number = 0
        room = asyncio.Semaphore(UNDER_WAY)

        def answer(drafts: Sequence[Draft], outcomes: Sequence[Outcome]) -> None:
            assert list(outcomes) == [None] * len(drafts)
            sys.stdout.write(json.dumps([one.id for one in drafts]) + "\n")
            sys.stdout.flush()
            room.release()

        while True:
            await room.acquire()
            drafts = [
                draft(kind(f"{name}-{n}", f"coder-{n % 7}"))
                for n in range(number, number + BATCH)
                for kind in ((status, log)[n % 2],)
            ]
            number += BATCH
            broker.publish(drafts, partial(answer, drafts))


if __name__ == "__main__":
    asyncio.run(publish(Path(sys.argv[1]), sys.argv[2]))
