"""Gzip on a link that is none of this machine's own, as far as the client can tell."""

import gzip
import json

import pytest

from tests.functional.client.conftest import FAST, Seen, busy
from tests.functional.client.peer import Peer
from tui.client import Client


async def test_a_server_elsewhere_is_asked_for_gzip(
    v1: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "*")
    seen = Seen()
    # This machine under an address that is not a loopback one.
    async with Client(f"ws://0.0.0.0:{v1.port}/ws", options=FAST) as client:
        client.on("*", seen)
        line = await v1.line()
        assert line.path == "/ws?compression=gzip"
        batch = [busy(f"e{n}", offset=n) for n in range(1, 100)]
        await line.send_raw(gzip.compress(json.dumps(batch).encode()))
        assert len(await seen.ids(99)) == 99


async def test_a_server_on_this_machine_is_not(v1: Peer) -> None:
    async with Client(v1.url, options=FAST):
        assert (await v1.line()).path == "/ws"
