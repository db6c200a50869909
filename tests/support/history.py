"""What a server has stored, read from the beginning as any v1 client may."""

from typing import Any, NamedTuple

from tests.support.frames import TOKEN, frame, messages
from tests.support.raw import RawSocket, open_raw
from tui.protocol.catalog import EVENTS


class Stream(NamedTuple):
    epoch: str
    ids: list[str]
    """In the order of their offsets, 1 first."""


async def positions(raw: RawSocket, **subscription: Any) -> dict[str, Any]:
    """Subscribe, and be told where the streams stand."""
    raw.send(frame("subscribe", {"subscriptionId": "s", **subscription}))
    while True:
        payload = await raw.frame()
        assert payload is not None, f"closed: {raw.ending}"
        for message in messages([payload]):
            if message["data"].get("status") == "active":
                found: dict[str, Any] = message["data"]["positions"]
                return found


async def read_streams(url: str) -> dict[str, Stream]:
    """Every stream, whole; raises AssertionError where something is missing."""
    first = await open_raw(url, TOKEN, v1=True)
    heads = await positions(first, snapshot="never")
    first.reset()
    raw = await open_raw(url, TOKEN, v1=True)
    start = {name: {"epoch": at["epoch"], "offset": 0} for name, at in heads.items()}
    raw.send(frame("subscribe", {"subscriptionId": "s", "resume": start, "snapshot": "never"}))
    streams = {name: Stream(at["epoch"], []) for name, at in heads.items()}
    while any(len(streams[name].ids) < at["offset"] for name, at in heads.items()):
        payload = await raw.frame()
        assert payload is not None, f"closed: {raw.ending}"
        for message in messages([payload]):
            assert message["data"].get("status") != "gap", f"not all is kept: {message}"
            if spec := EVENTS.get(message["type"]):
                ids = streams[spec.resource].ids
                ids.append(message["id"])
                assert message["metadata"]["offset"] == len(ids), message
    raw.reset()
    return streams
