"""What a server has stored, seen beside the clients under test: by hand, and without faults."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import orjson

from tests.support.frames import TOKEN, frame
from tests.support.history import positions
from tests.support.raw import RawSocket, open_raw
from tui.protocol.catalog import EVENTS
from tui.protocol.codec import decode_message
from tui.protocol.models.base import Event
from tui.protocol.routing import state_key


class Witness:
    """Every event of the streams, from the moment it began to watch."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.places: dict[str, tuple[str, int]] = {}
        """Resource and offset, by id."""
        self.changed: Callable[[], None] = lambda: None

    async def watch(self, raw: RawSocket) -> None:
        while True:
            message = await raw.message()
            type_ = message["type"]
            assert message["data"].get("status") != "gap", message
            if type_ in EVENTS:
                self.ids.append(message["id"])
                resource, offset = EVENTS[type_].resource, message["metadata"]["offset"]
                self.places[message["id"]] = resource, offset
                self.changed()


@asynccontextmanager
async def watching(url: str) -> AsyncIterator[Witness]:
    witness = Witness()
    async with await open_raw(url, TOKEN, v1=True) as raw:
        await positions(raw, snapshot="never")
        task = asyncio.create_task(witness.watch(raw))
        try:
            yield witness
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def read_state(url: str, resources: set[str]) -> dict[tuple[str, str], str]:
    """The id of the newest event, by type and state key, as a newcomer is told."""
    state = {}
    async with await open_raw(url, TOKEN, v1=True) as raw:
        raw.send(frame("subscribe", {"subscriptionId": "s", "snapshot": "always"}))
        while resources:
            data = (await raw.message())["data"]
            if data.get("status") != "snapshot":
                continue
            for entry in data["state"]:
                event = decode_message(orjson.dumps(entry))
                assert isinstance(event, Event)
                state[event.type, state_key(event) or ""] = event.id
            if not data["more"]:
                resources = resources - {data["resource"]}
    return state
