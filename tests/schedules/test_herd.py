"""Five hundred clients whose server goes away and comes back: they do not come all at once."""

import asyncio
from collections.abc import Iterable
from math import sqrt

import pytest

from tests.schedules.world import World
from tests.support.network import NetworkLoop
from tests.support.virtual import run_virtually
from tui.client import ClientOptions, Reconnect

CLIENTS = 500
AWAY = 5.0
"""How long there is no server (seconds)."""
BUCKET = 0.1
LATER = 60
"""Of those who have failed for `AWAY` seconds; most wait up to 2 s by then, so 25 are expected."""


def bound(attempt: int) -> float:
    """How many of everybody's n-th attempts may be in one bucket: five sigma above full jitter's.

    Whatever came before, the last wait spreads them over its ceiling; the first two are the same.
    """
    options = Reconnect()
    ceiling = min(options.max_delay, options.delay * 2 ** max(attempt - 2, 0))
    share = min(1.0, BUCKET / ceiling)
    return float(CLIENTS * share + 5 * sqrt(CLIENTS * share * (1 - share)))


def most_at_once(times: Iterable[float]) -> int:
    """How many of these are within one bucket, wherever it begins."""
    ordered = sorted(times)
    return max(sum(at <= one < at + BUCKET for one in ordered) for at in ordered)


@pytest.mark.parametrize("kill", [True, False], ids=["killed", "stopped"])
def test_a_herd_comes_back_spread_out(kill: bool) -> None:
    async def play() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, NetworkLoop)
        world = World(1, loop)
        world.delay = world.rates = None
        await world.start()
        for _ in range(CLIENTS):
            world.add(ClientOptions()).start()

        async def all_live() -> None:
            for _ in range(int(Reconnect().max_delay / BUCKET)):
                if all(one.client.status.phase == "live" for one in world.stations):
                    return
                await asyncio.sleep(BUCKET)
            raise AssertionError("not all have come back")

        await all_live()
        await asyncio.sleep(2 * Reconnect().stable_after)
        died = loop.time()
        await world.stop(kill=kill)
        await asyncio.sleep(died + AWAY - loop.time())
        back = loop.time()
        await world.start()
        await all_live()
        made = [[at for at in one.attempts.made if at > died] for one in world.stations]
        assert all(made)
        for number in range(1, max(map(len, made)) + 1):
            same = [one[number - 1] for one in made if len(one) >= number]
            assert most_at_once(same) <= bound(number), f"attempt {number}"
        assert most_at_once(at for one in made for at in one if at > back) <= LATER
        assert not any(one.account.gaps for one in world.stations)
        await world.end()

    run_virtually(play(), NetworkLoop)
