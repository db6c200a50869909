"""Gzip for those who ask for it, in both layers; nobody else ever sees any."""

import asyncio
import gzip
import json
from typing import Any

import pytest

from tests.functional.server.conftest import LOCAL, Start
from tests.support.frames import TOKEN, frame, log
from tests.support.peer import Peer, peer
from tui.client import Client
from tui.protocol.limits import MAX_SEND

LONG = "retry with jitter " * 100
ASKED = "?compression=gzip"


async def frames_until(client: Peer, id_: str) -> list[bytes]:
    """Frames as they come, up to the one with the event of that id."""
    frames = [await client.socket.recv(decode=False)]
    while f'"{id_}"'.encode() not in unzipped(frames[-1]):
        frames.append(await client.socket.recv(decode=False))
    return frames


def unzipped(payload: bytes) -> bytes:
    return gzip.decompress(payload) if is_zipped(payload) else payload


def is_zipped(payload: bytes) -> bool:
    return payload.startswith(b"\x1f\x8b")


@pytest.mark.parametrize("v1", [False, True])
async def test_long_frames_are_zipped_and_say_so_and_short_ones_are_not(url: str, v1: bool) -> None:
    async with peer(url + ASKED, v1=v1) as reader, peer(url, v1=True) as publisher:
        await reader.say("subscribe", resource="agent", snapshot="never")
        await reader.say("ping")
        await reader.hear_until("pong")
        for id_, message in (("short", "x"), ("long", LONG), ("last", "x")):
            await publisher.send(log(id_, message=message))
            await publisher.hear_until("publish_ack")
        found: dict[str, Any] = {}
        for payload in await frames_until(reader, "last"):
            content = json.loads(unzipped(payload))
            for one in content if isinstance(content, list) else [content]:
                found[one["id"]] = (is_zipped(payload), one)
        assert [found[id_][0] for id_ in ("short", "long", "last")] == [False, True, False]
        marks = [found[id_][1]["metadata"].get("compressed") for id_ in ("short", "long", "last")]
        assert marks == [None, True, None]
        assert found["long"][1]["data"]["message"] == LONG


@pytest.mark.parametrize("v1", [False, True])
async def test_who_does_not_ask_is_sent_text(url: str, v1: bool) -> None:
    async with peer(url, v1=v1) as reader, peer(url + ASKED) as publisher:
        await reader.say("subscribe", resource="agent", snapshot="never")
        await reader.say("ping")
        await reader.hear_until("pong")
        await publisher.send(gzip.compress(log("e-1", message=LONG)))
        [sent] = await frames_until(reader, "e-1")
        assert not is_zipped(sent)
        assert "compressed" not in json.loads(sent)["metadata"]


async def test_a_snapshot_is_zipped_too_and_no_larger_than_any_frame(url: str) -> None:
    async with peer(url, v1=True) as publisher, peer(url + ASKED, v1=True) as reader:
        for n in range(60):
            data = {"agentId": f"a-{n}", "agentType": "coder", "status": "busy", "reason": LONG * 9}
            await publisher.send(frame("agent_status", data, f"e-{n}", timestamp=1))
            await publisher.hear_until("publish_ack")
        await reader.say("subscribe", subscriptionId="s", resource="agent")
        pages: list[Any] = []
        while not pages or pages[-1]["data"]["more"]:
            page = await reader.socket.recv(decode=False)
            message = json.loads(unzipped(page))
            if message["data"].get("status") == "snapshot":
                assert is_zipped(page)
                assert len(unzipped(page)) <= MAX_SEND
                pages.append(message)
        assert len(pages) > 1
        assert [one["id"] for page in pages for one in page["data"]["state"]] == [
            f"e-{n}" for n in range(60)
        ]


async def test_our_own_client_asks_elsewhere_and_reads_it(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "*")
    url = (await start(LOCAL)).url
    # This machine under an address that is not a loopback one.
    async with (
        Client(url.replace("127.0.0.1", "0.0.0.0"), TOKEN) as client,
        peer(url, v1=True) as publisher,
    ):
        heard: asyncio.Queue[Any] = asyncio.Queue()
        client.on("*", heard.put)
        await client.subscribe("agent")
        await publisher.send(log("e-1", message=LONG))
        event = await heard.get()
        assert (event.data.message, event.metadata.compressed) == (LONG, True)
