"""Events on their way to one server, until it has taken them or there is no sense in waiting."""

import asyncio
from collections.abc import Callable
from uuid import uuid4

from tui.cli.parcels import Parcels
from tui.client import Client, ConnectionStatus
from tui.client.refusal import LONGEST_RETRY
from tui.protocol.errors import RETRYABLE, ErrorCode, ProtocolError
from tui.protocol.models import ErrorMessage
from tui.protocol.text import clean

TICK = 0.1
"""Seconds between two looks at how it goes."""
FOREVER = 1e9
"""Seconds: it is the watch that knows when there is no sense in waiting."""

SENT_AGAIN = RETRYABLE | {ErrorCode.UNAUTHENTICATED}
"""After these the client sends the event again."""


class GaveUpError(Exception):
    """The server takes nothing; the message is the reason."""


class Sender:
    """Used once."""

    def __init__(
        self,
        client: Client,
        wait: float,
        *,
        wrong: Callable[[int | None, str], None],
        look: Callable[[], None],
    ) -> None:
        """`wait` is how many seconds the server may take nothing.

        `wrong` is told why an event is not delivered, with its number where that is known; `look`
        is called at every tick.
        """
        self._client = client
        self._wait = wait
        self._wrong = wrong
        self._look = look
        # An id tells the event's number, whenever the server has something to say of it.
        self._run = f"evt-{uuid4()}"
        self._published = 0
        self._in_hand = 0
        self._reason = ""
        self._patient_until = 0.0
        self._live = asyncio.Event()
        self.read = 0
        """The number of the event that was read last."""

    @property
    def taken(self) -> int:
        """Events that the server has answered, refused ones included."""
        return self._published - self._client.pending

    @property
    def left(self) -> int:
        """Events that were read and are not answered."""
        return self._client.pending + self._in_hand

    async def run(self, parcels: Parcels) -> None:
        """Send all; raises GaveUpError, and what `parcels` does where they cannot be read."""
        client = self._client
        client.on_status(self._on_status)
        client.on("error", self._on_error)
        client.start()
        sending = asyncio.create_task(self._send(parcels))
        watching = asyncio.create_task(self._watch())
        try:
            await asyncio.wait((sending, watching), return_when=asyncio.FIRST_COMPLETED)
            await (sending if sending.done() else watching)
        finally:
            sending.cancel()
            watching.cancel()
            await asyncio.gather(sending, watching, return_exceptions=True)
            await client.close()

    async def _send(self, parcels: Parcels) -> None:
        client = self._client
        async for number, parcel in parcels:
            self.read = number
            if isinstance(parcel, str):
                self._wrong(number, parcel)
                continue
            # What is published without a connection is kept only as far as there is room.
            self._in_hand = 1
            await self._live.wait()
            self._in_hand = 0
            self._published += 1
            try:
                await client.publish(
                    parcel.type,
                    parcel.data,
                    source=parcel.source,
                    correlation_id=parcel.correlation_id,
                    event_id=f"{self._run}-{number}",
                    timestamp=parcel.timestamp,
                )
            except ProtocolError as error:
                self._published -= 1
                self._wrong(number, str(error))
        if not await client.flush(FOREVER):  # the client has stopped, as the watch will see
            await asyncio.Event().wait()

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        taken, since = self.taken, loop.time()
        while True:
            await asyncio.sleep(TICK)
            self._look()
            if self.taken != taken or not self.left:
                taken, since = self.taken, loop.time()
            if self._client.status.phase == "stopped":
                raise GaveUpError(self._reason)
            if loop.time() > max(since, self._patient_until) + self._wait:
                said = f"the server has taken nothing for {self._wait:g} s"
                raise GaveUpError(self._reason or said)

    def _on_status(self, status: ConnectionStatus) -> None:
        if status.phase == "live":
            self._reason = ""
            self._live.set()
        else:
            self._live.clear()
            self._reason = status.reason or self._reason

    def _on_error(self, message: ErrorMessage) -> None:
        data = message.data
        reason = clean(data.error, 300)
        if data.code in SENT_AGAIN:
            self._reason = reason
            seconds = min((data.retry_after_ms or 0) / 1000, LONGEST_RETRY)
            self._patient_until = asyncio.get_running_loop().time() + seconds
            return
        about = (message.metadata.correlation_id if message.metadata else None) or ""
        run, _, number = about.rpartition("-")
        is_ours = run == self._run and number.isdecimal()
        self._wrong(int(number) if is_ours else None, f"the server refuses it: {reason}")
