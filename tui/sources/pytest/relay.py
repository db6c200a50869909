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
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tui.client import Client, ConnectionStatus

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
    from tui.client import Client

    lines = asyncio.StreamReader(limit=LINE_LIMIT)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    token = os.environ.get("AUTOSDLC_TOKEN") or None
    report: tuple[int, str | None]
    try:
        client = Client(os.environ["AUTOSDLC_URL"], token, source="pytest")
        client.start()
        report = await relay(lines, client)
    except Exception as error:  # noqa: BLE001 - whoever waits is told, whatever it is
        report = (0, str(error) or type(error).__name__)
    with suppress(OSError):  # nobody waits any more
        os.write(sys.stdout.fileno(), json.dumps(report).encode() + b"\n")
    await client.close()


async def relay(
    lines: asyncio.StreamReader, client: "Client", *, repeat_after: float = REPEAT_AFTER
) -> tuple[int, str | None]:
    """How many events the server has got, and what was wrong, in words; None where nothing was."""
    failed = _Failure(client)
    published, refused = 0, None
    status: tuple[str, dict[str, Any]] | None = None
    while not failed.for_good:
        try:
            line = await asyncio.wait_for(lines.readline(), repeat_after)
        except TimeoutError:
            if status is not None:
                await client.publish(*status)
            continue
        event = _event(line)
        if event is None:
            break
        try:
            await client.publish(*event)
        except Exception as error:  # noqa: BLE001 - one bad event must not keep the others back
            refused = f"{event[0]} could not be sent: {error}"
            continue
        published += 1
        busy = event[0] == "agent_status" and event[1].get("status") == "busy"
        if event[0] == "agent_status":
            status = event if busy else None
    if problem := await failed.or_delivered(client):
        return 0, problem
    return published, refused


def _event(line: bytes) -> tuple[str, dict[str, Any]] | None:
    """The event of one line; None at the end, also where the run was killed in mid-line."""
    try:
        type_, data = json.loads(line)
    except (ValueError, TypeError):
        return None
    return str(type_), data


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
