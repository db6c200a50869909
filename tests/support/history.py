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
    async with await open_raw(url, TOKEN, v1=True) as raw:
        heads = await positions(raw, snapshot="never")
    start = {name: {"epoch": at["epoch"], "offset": 0} for name, at in heads.items()}
    streams = {name: Stream(at["epoch"], []) for name, at in heads.items()}
    async with await open_raw(url, TOKEN, v1=True) as raw:
        raw.send(frame("subscribe", {"subscriptionId": "s", "resume": start, "snapshot": "never"}))
        while any(len(streams[name].ids) < at["offset"] for name, at in heads.items()):
            payload = await raw.frame()
            assert payload is not None, f"closed: {raw.ending}"
            for message in messages([payload]):
                _take(message, streams)
    return streams


def _take(message: dict[str, Any], streams: dict[str, Stream]) -> None:
    assert message["data"].get("status") != "gap", f"not all is kept: {message}"
    if spec := EVENTS.get(message["type"]):
        ids = streams[spec.resource].ids
        ids.append(message["id"])
        assert message["metadata"]["offset"] == len(ids), message
