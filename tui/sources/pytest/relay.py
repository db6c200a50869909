"""The process that holds a test run's connection: lines from its pipe in, events to the server out.

    AUTOSDLC_URL=ws://… AUTOSDLC_TOKEN=… python -m tui.sources.pytest.relay < lines

It reads what `publisher` writes and answers one line when all is delivered, or as soon as it knows
that this will not be. While tests run silently it repeats the last status now and then, so that a
test of minutes does not look like an agent that is gone.
"""

import asyncio
import json
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import TYPE_CHECKING

from tui.protocol.catalog import MessageType
from tui.protocol.errors import ProtocolError
from tui.protocol.vocabulary import AgentStatus
from tui.sources.pytest.mapping import Event, vanished

if TYPE_CHECKING:
    from tui.client import Client, ConnectionStatus

SOURCE = "pytest"
"""`metadata.source` of all that is sent."""
END = b"null\n"
LINE_LIMIT = 1024 * 1024
REPEAT_AFTER = 10.0
"""Seconds without a line after which a `busy` status is repeated."""
DELIVER_WITHIN = 10.0
"""Seconds after the run's end that a server is given to come back and take the rest."""


def main() -> None:
    if os.fork():
        # The caller's tests must not find a child they did not start.
        os._exit(0)
    with suppress(KeyboardInterrupt):
        asyncio.run(run())


async def run() -> None:
    from tui.client import Client  # after the fork, and while pytest collects

    lines = asyncio.StreamReader(limit=LINE_LIMIT)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    try:
        client = Client(os.environ["AUTOSDLC_URL"], os.environ.get("AUTOSDLC_TOKEN"), source=SOURCE)
    except ValueError as error:
        answer((0, str(error)))
        return
    client.start()
    answer(await relay(lines, client))
    await client.close()


def answer(report: tuple[int, str | None]) -> None:
    with suppress(OSError):  # nobody waits any more
        os.write(sys.stdout.fileno(), json.dumps(report).encode() + b"\n")


async def relay(lines: asyncio.StreamReader, client: "Client") -> tuple[int, str | None]:
    """How many events the server has got, and what was wrong, in words; None where nothing was."""
    failed = _Failure(client)
    complaints: list[str] = []
    client.on("error", lambda error: complaints.append(error.data.error))
    taken = spoilt = 0
    async for type_, data in events(lines):
        taken += 1
        try:
            await client.publish(type_, data)
        except ProtocolError as error:  # one bad event must not keep the others back
            complaints.append(f"{type_}: {error}")
            spoilt += 1
        if failed.for_good:
            break
    problem = await failed.or_delivered(client)
    lost = spoilt + client.refused + client.dropped
    sent = taken - lost - client.pending
    if problem is not None:
        return sent, f"the rest was not: {problem}" if sent else problem
    if not lost:
        return sent, None
    why = "; ".join(dict.fromkeys(complaints)) or "too many or too large for the server"
    return sent, f"{lost} lost: {why}"


async def events(
    lines: asyncio.StreamReader, repeat_after: float = REPEAT_AFTER
) -> AsyncGenerator[Event, None]:
    """What came down the pipe, and what silence means: the run goes on, or it is dead."""
    busy: Event | None = None
    while True:
        try:
            line = await asyncio.wait_for(lines.readline(), repeat_after)
        except TimeoutError:
            if busy is not None:
                yield busy
            continue
        if line == END:
            return
        try:
            type_, data = json.loads(line)
        except ValueError:  # the pipe was cut, perhaps in the middle of a line
            if busy is not None:
                yield vanished(busy[1]["agentId"])
            return
        if type_ == MessageType.AGENT_STATUS:
            busy = (type_, data) if data["status"] == AgentStatus.BUSY else None
        yield type_, data


class _Failure:
    """Watches for a connection that cannot be made: nobody should wait for its next try."""

    def __init__(self, client: "Client") -> None:
        self._status = client.status
        self._live_once = False
        self._changed = asyncio.Event()
        client.on_status(self._note)

    def _note(self, status: "ConnectionStatus") -> None:
        self._status = status
        self._live_once = self._live_once or status.phase == "live"
        self._changed.set()

    @property
    def for_good(self) -> bool:
        return self._status.phase == "stopped"

    @property
    def _hopeless(self) -> bool:
        return self.for_good or (self._status.phase == "waiting" and not self._live_once)

    async def or_delivered(self, client: "Client") -> str | None:
        """None once all is delivered; else why it is not."""
        if self._hopeless and not self.for_good:
            client.retry_now()  # the last try may be long ago
            self._changed.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), 1)
        delivery = asyncio.create_task(client.flush(DELIVER_WITHIN))
        while not delivery.done() and not self._hopeless:
            self._changed.clear()
            change = asyncio.create_task(self._changed.wait())
            await asyncio.wait({delivery, change}, return_when=asyncio.FIRST_COMPLETED)
            change.cancel()
        if delivery.done() and delivery.result():
            return None
        delivery.cancel()
        return self._status.reason or "the server did not take the events in time"


if __name__ == "__main__":
    main()
