"""How a connection is ended: what its client is still given, and how long that may take.

It does not cost the client the reason why it has to go that an answer is slow to come: the reason
follows the answer, or goes without it. A stop of the server leaves time for that, too.
"""

import asyncio
from contextlib import suppress

from tui.server.flush import Flush
from tui.server.outbox import PlainOutbox, V1Outbox
from tui.server.peer import Peer

ANSWER_SECONDS = 2.5
"""How long the broker has to answer what the client has published."""
CLOSE_SECONDS = 2.0
"""How long a reader has to take what was sent before, and for its part in the closing."""


async def take_leave(
    peer: Peer,
    code: int,
    reason: str,
    answered: asyncio.Event,
    outbox: PlainOutbox | V1Outbox,
    flush: Flush,
) -> None:
    """Send what waits, once all that was published is `answered`, and take part in the closing."""
    with suppress(TimeoutError):
        async with asyncio.timeout(ANSWER_SECONDS):
            await answered.wait()
    with suppress(TimeoutError):
        async with asyncio.timeout(CLOSE_SECONDS):
            while outbox.count:
                await peer.drained()
                flush.now(outbox)
                await asyncio.sleep(0)
            await peer.leave(code, reason)


async def hang_up(peer: Peer, code: int, reason: str) -> None:
    """Say why, and wait for nothing else: the client may not read any more."""
    with suppress(TimeoutError):
        async with asyncio.timeout(CLOSE_SECONDS):
            await peer.hang_up(code, reason)
