"""Two hundred courses of events in which everything goes wrong, in virtual time.

Clients by the book (`readers`, `publishers`) speak with a real gateway, its connections, sessions
and brokers (`world`), while connections are lost, readers stall, clocks are set, brokers answer
late and the server is started anew (`course`); what each is owed is kept beside it (`ledger`). A
course is made from one number, and is the same for the same: `pytest -k 'seed-17]'`. For others:
`pytest tests/unit/server/schedules --chaos 1000`, or `--chaos 1000@1000` from a number on.
"""

import pytest

from tests.support.virtual import in_virtual_time
from tests.unit.server.schedules.course import Course
from tests.unit.server.schedules.world import World

STEPS = 220


@in_virtual_time
async def test_nothing_is_lost_repeated_or_left_behind(
    schedule: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(schedule)
    monkeypatch.setattr("tui.server.catchup.PAGE_BYTES", world.dice.choice([1, 2_000, 64 * 1024]))
    monkeypatch.setattr("tui.server.snapshot.STATE_EVENTS", world.dice.choice([1, 256]))
    await Course(world).run(STEPS)
    await world.settle()
    world.check()
    await world.end()
