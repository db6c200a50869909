"""When clients are told to come back."""

from collections import Counter

import pytest

from tui.client.ending import closed
from tui.protocol.errors import CloseCode
from tui.server.farewell import FIRST_MS, LAST_MS, farewells


@pytest.mark.parametrize("clients", [0, 1, 2, 5_900, 50_000])
def test_however_many_they_are_they_come_back_one_after_another(clients: int) -> None:
    words = list(farewells(clients, restarts=True))
    assert len(words) == clients
    assert {code for code, _ in words} <= {CloseCode.RESTARTING}
    delays = [closed(code, reason).hint or 0.0 for code, reason in words]
    assert delays == sorted(delays)
    assert all(0.5 <= delay <= LAST_MS / 1000 for delay in delays)
    assert max(Counter(delays).values(), default=0) <= 1 + clients // (LAST_MS - FIRST_MS)


def test_few_need_not_wait_long() -> None:
    *_, (_, reason) = farewells(3, restarts=True)
    assert reason == "restarting; back in 510 ms"


def test_who_will_find_nobody_any_more_is_told_no_time() -> None:
    assert set(farewells(2, restarts=False)) == {(CloseCode.GOING_AWAY, "the server is stopping")}
