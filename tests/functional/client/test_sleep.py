"""A laptop that slept: its wall clock has gone on, its monotonic clock has not."""

import time
from dataclasses import replace

from tests.functional.client.conftest import FAST, until
from tests.functional.client.peer import Peer
from tui.client import Client, Heartbeat, Reconnect
from tui.client.clock import Clock


class Laptop:
    def __init__(self) -> None:
        self.slept = 0.0
        self.clock = Clock(wall=lambda: time.time() + self.slept)


async def test_the_link_is_probed_at_once_and_a_dead_one_given_up(v1: Peer) -> None:
    laptop = Laptop()
    options = replace(FAST, heartbeat=Heartbeat(interval=1000, timeout=0.2))
    async with Client(v1.url, options=options, clock=laptop.clock) as client:
        line = await v1.line()
        await line.take("ping", 1)
        await until(client, lambda s: s.round_trip is not None)
        v1.pongs = False
        laptop.slept = 3600.0
        await line.take("ping", 2)
        waiting = await until(client, lambda s: s.phase != "live")
        assert "stale" in (waiting.reason or "")
        v1.pongs = True
        await until(client, lambda s: s.phase == "live")


async def test_a_client_that_waits_for_its_next_try_tries_at_once(plain: Peer) -> None:
    laptop = Laptop()
    options = replace(FAST, reconnect=Reconnect(delay=10_000, max_delay=10_000))
    async with Client(plain.url, options=options, clock=laptop.clock) as client:
        (await plain.line()).reset()
        await until(client, lambda s: s.phase == "waiting")
        laptop.slept = 3600.0
        await until(client, lambda s: s.phase == "live")
