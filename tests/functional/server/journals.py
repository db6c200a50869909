"""What a journal is told in a test, and what it holds."""

import asyncio
import json
from collections.abc import Callable, Sequence

from tests.support.frames import draft
from tui.protocol.errors import ErrorCode, ProtocolError
from tui.server.brokers import Outcome, Stored
from tui.server.brokers.journal import JournalBroker

WHOLE = 10**9
"""As a page's limit: all there is."""


async def publish(broker: JournalBroker, *raws: bytes) -> list[Outcome]:
    answered: asyncio.Future[Sequence[Outcome]] = asyncio.get_running_loop().create_future()
    broker.publish([draft(raw) for raw in raws], answered.set_result)
    return list(await answered)


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what happens in other threads, and tells nobody."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - threads set no event of this loop
            await asyncio.sleep(0.005)


async def ids(broker: JournalBroker, after: int = 0) -> list[str]:
    found: list[Stored] = []
    while (at := found[-1].offset if found else after) < broker.position("agent").offset:
        page = await broker.read("agent", at, 64 * 1024)
        if not page.events:
            break
        found += page.events
    offsets = [one.offset for one in found]
    assert offsets == list(range(offsets[0], offsets[0] + len(offsets))) if offsets else True
    return [json.loads(one.plain)["id"] for one in found]


def refusal(outcomes: Sequence[Outcome]) -> ProtocolError:
    """Why all of them were refused, for now."""
    assert all(isinstance(one, ProtocolError) for one in outcomes)
    [(code, why)] = {(one.code, one.message) for one in outcomes if one}
    assert code is ErrorCode.UNAVAILABLE
    first = outcomes[0]
    assert first is not None
    assert first.message == why
    assert first.retry_after_ms
    return first


async def until_stored(broker: JournalBroker, raw: bytes) -> None:
    """As a publisher does: what is refused for now is sent again."""
    async with asyncio.timeout(10):
        while (outcomes := await publish(broker, raw)) != [None]:
            refusal(outcomes)
            await asyncio.sleep(0.005)
