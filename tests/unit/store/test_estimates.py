"""How long things take, learnt from how long they took."""

from math import inf, nan
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.store.estimates import MAX_KEYS, MAX_SAMPLES, Estimates

durations = st.lists(st.floats(0, 1e9), min_size=1, max_size=MAX_SAMPLES)


def learnt(values: list[float]) -> Estimates:
    estimates = Estimates()
    for value in values:
        estimates.learn("feature", "plan", value)
    return estimates


@given(durations)
def test_an_estimate_lies_within_what_was_seen_and_its_quartiles_are_in_order(
    values: list[float],
) -> None:
    estimate = learnt(values).of("feature", "plan")
    assert estimate is not None
    assert min(values) <= estimate.low <= estimate.median <= estimate.high <= max(values)
    assert estimate.seen == len(values)
    assert estimate.spread >= 0


@given(durations, st.randoms())
def test_the_order_in_which_they_were_seen_does_not_matter(
    values: list[float], random: Random
) -> None:
    shuffled = list(values)
    random.shuffle(shuffled)
    assert learnt(values).of("feature", "plan") == learnt(shuffled).of("feature", "plan")


@given(st.floats(0, 1e9), st.integers(1, 2 * MAX_SAMPLES))
def test_what_always_takes_the_same_is_expected_exactly(value: float, times: int) -> None:
    estimate = learnt([value] * times).of("feature", "plan")
    assert estimate is not None
    assert estimate[:3] == (value, value, value)


def test_one_outlier_moves_the_median_little() -> None:
    estimate = learnt([10, 11, 12, 13, 5_000]).of("feature", "plan")
    assert estimate is not None
    assert (estimate.median, estimate.low, estimate.high, estimate.spread) == (12, 11, 13, 1)


def test_old_durations_give_way_to_newer_ones() -> None:
    estimate = learnt([1.0] * MAX_SAMPLES + [9.0] * MAX_SAMPLES).of("feature", "plan")
    assert estimate is not None
    assert (estimate.low, estimate.seen) == (9, MAX_SAMPLES)


@pytest.mark.parametrize("value", [-1, nan, inf])
def test_what_is_no_duration_teaches_nothing(value: float) -> None:
    assert learnt([value]).of("feature", "plan") is None


def test_an_estimate_follows_what_is_learnt_after_it_was_asked_for() -> None:
    estimates = learnt([5])
    assert estimates.of("feature", "plan") == (5, 5, 5, 1)
    estimates.learn("feature", "plan", 7)
    assert estimates.of("feature", "plan") == (6, 5.5, 6.5, 2)


def test_types_and_steps_are_told_apart() -> None:
    estimates = learnt([5])
    assert estimates.of("feature", "review") is None
    assert estimates.of("bugfix", "plan") is None
    assert estimates.of("feature") is None


def test_what_was_not_seen_for_longest_is_forgotten() -> None:
    estimates = learnt([5])
    estimates.learn("old", "", 1)
    for number in range(MAX_KEYS - 1):
        estimates.learn("feature", "plan", 5)
        estimates.learn("many", str(number), 1)
    assert estimates.of("old") is None
    assert estimates.of("feature", "plan") is not None
