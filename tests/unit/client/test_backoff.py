from random import Random

import pytest

from tui.client.backoff import LONGEST_HINT, Backoff
from tui.client.options import Reconnect


class Highest(Random):
    """Randomness that always takes the upper end: the ceiling itself becomes visible."""

    def uniform(self, a: float, b: float) -> float:
        return max(a, b)


def test_the_ceiling_doubles_up_to_the_maximum() -> None:
    backoff = Backoff(Reconnect(), Highest())
    ceilings = [backoff.ended(lasted=0.0) for _ in range(9)]
    assert ceilings == [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]


def test_the_wait_is_spread_over_the_whole_range_below_the_ceiling() -> None:
    waits = []
    for seed in range(300):
        backoff = Backoff(Reconnect(), Random(seed))
        for _ in range(7):
            backoff.ended(lasted=0.0)
        waits.append(backoff.ended(lasted=0.0))
    assert all(0.0 <= wait <= 30.0 for wait in waits)
    assert min(waits) < 1.0
    assert max(waits) > 29.0


@pytest.mark.parametrize(("lasted", "ceiling"), [(0.0, 8.0), (9.9, 8.0), (10.0, 0.25)])
def test_only_a_stable_connection_resets_it(lasted: float, ceiling: float) -> None:
    backoff = Backoff(Reconnect(), Highest())
    for _ in range(5):
        backoff.ended(lasted=0.0)
    assert backoff.ended(lasted) == ceiling


def test_a_hint_is_waited_out_before_the_jitter_but_not_believed_without_end() -> None:
    assert Backoff(Reconnect(), Highest()).ended(0.0, hint=3.0) == 3.25
    assert Backoff(Reconnect(), Highest()).ended(0.0, hint=1e9) == LONGEST_HINT + 0.25


def test_attempts_are_counted_since_the_last_stable_connection() -> None:
    backoff = Backoff(Reconnect(attempts=2), Random(1))
    backoff.ended(lasted=0.0)
    backoff.ended(lasted=60.0)
    backoff.ended(lasted=0.0)
    assert not backoff.spent
    backoff.ended(lasted=0.0)
    assert backoff.spent


def test_thousands_of_failures_do_not_overflow() -> None:
    backoff = Backoff(Reconnect(), Highest())
    for _ in range(5000):
        wait = backoff.ended(lasted=0.0)
    assert wait == 30.0
