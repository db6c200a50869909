"""Schedules of faults over real sockets, after which everybody must have everything once.

A schedule that fails says its seed and what went wrong; `-k seed_N` replays it.
"""

import asyncio
from collections import defaultdict

import pytest

from tests.functional.client.chaos import Reader, World, chaos
from tests.functional.client.witness import Witness, read_state

AMPLE, SCANT = 8 * 1024 * 1024, 1500
"""What the server keeps of each resource (bytes): everything, or a few events."""
PATIENCE = 45.0
"""Seconds for one schedule, which takes one or two."""


@pytest.mark.parametrize("seed", range(10), ids=lambda seed: f"seed_{seed}")
async def test_whatever_happens_each_event_is_stored_once_and_handled_once(seed: int) -> None:
    history = SCANT if seed % 3 == 2 else AMPLE
    async with chaos(seed, history) as (world, witness, url):
        try:
            async with asyncio.timeout(PATIENCE):
                await world.run()
            check_stored(world, witness)
            for reader in world.readers:
                check_handled(reader, witness)
                assert history == SCANT or not reader.gaps
                assert reader.state == await read_state(url, {"agent", "tdd", "workflow"})
        except (AssertionError, TimeoutError) as error:
            said = [f"seed {seed}", *world.schedule]
            said += [str(client.status) for client in world.clients]
            error.add_note("\n".join(said))
            raise


def check_stored(world: World, witness: Witness) -> None:
    assert (world.publisher.refused, world.publisher.dropped) == (0, 0)
    stored = by_stream(witness.ids, witness)
    assert stored == by_stream(world.published, witness)


def check_handled(reader: Reader, witness: Witness) -> None:
    """Everything once, and what is missing was told of; without a gap also in order."""
    assert len(reader.ids) == len(set(reader.ids))
    told: defaultdict[str, set[int]] = defaultdict(set)
    for gap in reader.gaps:
        assert gap.lost_from is not None
        assert gap.lost_to is not None
        told[gap.resource] |= set(range(gap.lost_from, gap.lost_to + 1))
    missing = {witness.places[id_] for id_ in set(witness.ids) - set(reader.ids)}
    assert {(resource, at) for resource, at in missing if at not in told[resource]} == set()
    if not reader.gaps:
        assert by_stream(reader.ids, witness) == by_stream(witness.ids, witness)


def by_stream(ids: list[str], witness: Witness) -> dict[str, list[str]]:
    streams = defaultdict(list)
    for id_ in ids:
        resource, _ = witness.places[id_]
        streams[resource].append(id_)
    return streams
