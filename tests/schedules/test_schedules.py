"""Two hundred courses of events in which everything goes wrong between real clients and servers.

Real clients speak through the real library with a real listener, over a network and a time that
are made from one number (`world`), while links are cut, stalled and lost, servers end and begin
anew, machines sleep and handlers are slow or fail (`course`). What each client is owed is kept
beside it (`account`), and so are its attempts to connect (`attempts`).
"""

import asyncio
import os
import subprocess
import sys
from hashlib import sha256

import pytest

from tests.schedules.course import Course
from tests.schedules.world import World
from tests.support.network import NetworkLoop
from tests.support.virtual import run_virtually

STEPS = 120


def played(seed: int, patch: pytest.MonkeyPatch) -> World:
    """A whole course, with its checks."""
    worlds = []

    async def play() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, NetworkLoop)
        world = World(seed, loop)
        worlds.append(world)
        world.settings(patch)
        await Course(world).run(STEPS)
        await world.settle()
        world.check()
        await world.end()

    try:
        run_virtually(play(), NetworkLoop)
    except BaseException as fault:
        fault.add_note(worlds[0].last_notes)
        fault.add_note(f"replay it: pytest tests/schedules --chaos 1@{seed}")
        raise
    return worlds[0]


def test_every_client_ends_up_with_what_the_server_has(
    schedule: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    played(schedule, monkeypatch)


def digest(seed: int) -> str:
    """All that happened in a course, each piece that arrived and its time, in short."""
    with pytest.MonkeyPatch.context() as patch:
        notes = played(seed, patch).notes
    return sha256("\n".join(notes).encode()).hexdigest()


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_a_seed_gives_the_same_course_in_any_process(seed: int) -> None:
    here = digest(seed)
    assert digest(seed) == here
    assert digest(seed + 100) != here
    code = f"from tests.schedules.test_schedules import digest; print(digest({seed}))"
    elsewhere = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONHASHSEED": str(seed)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert elsewhere.stdout.strip() == here
