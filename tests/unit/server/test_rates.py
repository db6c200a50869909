"""Rates: how they are written, what holds for whom, and the buckets that keep to them."""

import random
from math import inf
from pathlib import Path

import pytest

from tests.support.clock import Clock
from tui.protocol.catalog import EVENTS
from tui.protocol.errors import ErrorCode
from tui.protocol.topics import Filter
from tui.server.auth import EVERYTHING, Access
from tui.server.config import ServerError
from tui.server.limits.buckets import Bucket
from tui.server.limits.figures import figure, figures, show
from tui.server.limits.limiter import Limiter, Limiters
from tui.server.limits.rates import RateLimits, rate_limits

READER = Access(subscribe=(Filter(),))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.mark.parametrize(
    ("written", "rate"),
    [
        (5000, 5000),
        (0.5, 0.5),
        ("5000", 5000),
        ("5000/min", 5000),
        (" 100 / s ", 6000),
        ("30/h", 0.5),
        ("off", inf),
    ],
)
def test_a_written_rate(written: object, rate: float) -> None:
    assert figure(written) == rate
    assert figure(show(rate)) == rate


@pytest.mark.parametrize(
    "written",
    [
        *(0, -1, 0.0, float("nan"), float("inf"), 10**400, None, True, [5], {}),
        *("0", "-5", "", "5/day", "5 a minute", "5/min/s", "many", "Off", "0x10", "५", "1" * 400),
    ],
)
def test_what_is_no_rate_is_said(written: object) -> None:
    with pytest.raises(ValueError, match="is no rate above zero; say 5000/min"):
        figure(written)


def test_all_faults_of_a_table_are_said_together() -> None:
    with pytest.raises(ValueError, match=r"agent_log: 0 is no rate.*agent_logs: no message type"):
        figures({"agent_log": 0, "*": 5, "agent_logs": 5})
    with pytest.raises(ValueError, match="must be a table"):
        figures([5])


@pytest.mark.parametrize(
    ("access", "type_", "rate"),
    [
        (None, "auth_request", 100),
        (READER, "subscribe", 50),
        (READER, "unsubscribe", 100),
        (READER, "ping", 60),
        (READER, "nonsense", 100),
        (READER, "agent_log", 1000),
        (READER, "agent_status", 100),
        (EVERYTHING, "subscribe", 50),
        (EVERYTHING, "ping", 60),
        (EVERYTHING, "agent_log", 60_000),
        (EVERYTHING, "agent_status", 60_000),
    ],
)
def test_the_figures_of_the_protocol(access: Access | None, type_: str, rate: float) -> None:
    limits = rate_limits("default")
    assert limits is not None
    assert limits.a_minute(access, type_) == rate


def test_a_keys_own_figures_go_first_and_its_star_is_for_events() -> None:
    own = {"agent_log": 5.0, "ping": 7.0, "*": 9.0}
    key = Access(publish=(Filter(),), rates=own)
    limits = RateLimits()
    for type_, rate in (("agent_log", 5), ("ping", 7), ("agent_status", 9), ("subscribe", 50)):
        assert limits.a_minute(key, type_) == rate
    few = Access(publish=(Filter(),), rates={"agent_log": 5.0})
    assert limits.a_minute(few, "agent_status") == 60_000


def test_off_is_no_limits_at_all() -> None:
    assert rate_limits("off") is None


def test_a_file_changes_what_it_names(tmp_path: Path) -> None:
    path = tmp_path / "rates.toml"
    path.write_text('[clients]\nping = "10/s"\n[publishers]\n"*" = "off"\nagent_log = 5\n', "utf-8")
    limits = rate_limits(str(path))
    assert limits is not None
    assert limits.a_minute(READER, "ping") == 600
    assert limits.a_minute(READER, "subscribe") == 50
    assert limits.a_minute(EVERYTHING, "agent_log") == 5
    assert limits.a_minute(EVERYTHING, "agent_status") == inf


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("clients = ", "not TOML"),
        ("speed = 5", "speed: unknown"),
        ("clients = 5", "[clients] must be a table"),
        ("[clients]\nping = -1", "[clients] ping: -1 is no rate"),
        ("[clients]\nconnect = 5", "[clients] connect: no message type"),
        ("[publishers]\nping = 5", "[publishers] ping: no event"),
        ("x = 1\n[clients]\nping = 0", "x: unknown (known: the tables [clients] and"),
        ("\udcff", "cannot be read"),
    ],
)
def test_what_is_wrong_with_a_file_is_named(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "rates.toml"
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(ServerError) as raised:
        rate_limits(str(path))
    assert str(raised.value).startswith(f"{path}: ")
    assert said in str(raised.value)


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(ServerError, match=r"--rate-limits on: no such file; say default, off"):
        rate_limits("on")


def test_a_bucket_gives_a_minutes_worth_at_once_and_then_keeps_pace(clock: Clock) -> None:
    bucket = Bucket(60, clock.now)
    assert [bucket.take(clock.now) for _ in range(60)] == [0.0] * 60
    assert bucket.take(clock.now) == 1.0
    clock.now += 0.25
    assert bucket.take(clock.now) == 0.75
    clock.now += 0.75
    assert bucket.take(clock.now) == 0.0
    assert bucket.take(clock.now) > 0


def test_whoever_waits_as_long_as_told_gets_through(clock: Clock) -> None:
    for rate in (0.1, 7, 59.7, 1000, 60_000):
        bucket = Bucket(rate, clock.now)
        while bucket.take(clock.now) == 0.0:
            pass
        clock.now += bucket.wait(clock.now)
        assert bucket.take(clock.now) == 0.0


@pytest.mark.parametrize("seed", range(20))
def test_nobody_gets_more_than_twice_the_figure_in_any_minute(seed: int) -> None:
    dice = random.Random(seed)
    now, rate = 0.0, dice.choice([1, 10, 100])
    bucket = Bucket(rate, now)
    taken: list[float] = []
    for _ in range(2000):
        now += dice.choice([0.0, 0.0, 0.01, 0.5, 30.0])
        if bucket.take(now) == 0.0:
            taken.append(now)
    for start in taken:
        assert len([at for at in taken if start <= at < start + 60]) <= 2 * rate + 1


def test_a_clock_set_back_neither_refills_nor_starves(clock: Clock) -> None:
    bucket = Bucket(60, clock.now)
    for _ in range(60):
        bucket.take(clock.now)
    clock.now -= 3600
    assert bucket.take(clock.now) == 1.0
    clock.now += 1
    assert bucket.take(clock.now) == 0.0
    assert bucket.take(clock.now) == 1.0


def test_a_clock_set_forward_fills_the_bucket_and_no_more(clock: Clock) -> None:
    bucket = Bucket(5, clock.now)
    clock.now += 10**9
    assert [bucket.take(clock.now) == 0.0 for _ in range(7)] == [True] * 5 + [False] * 2


@pytest.mark.parametrize("rates", [(inf, 5), (5, inf, 5), (5, 0.1), (0.1, 5)])
def test_a_bucket_whose_rate_changes_goes_on(clock: Clock, rates: tuple[float, ...]) -> None:
    bucket = Bucket(rates[0], clock.now)
    for rate in rates[1:]:
        for _ in range(100):
            bucket.take(clock.now)
        bucket.change(rate, clock.now)
    clock.now += 600
    taken = sum(bucket.take(clock.now) == 0.0 for _ in range(100))
    assert taken == max(rates[-1], 1)


def test_without_a_limit_nothing_waits(clock: Clock) -> None:
    limiter = Limiter(RateLimits(publishers={"*": inf}), EVERYTHING, clock)
    assert {limiter.take("agent_log") for _ in range(10_000)} == {0.0}
    # But what comes behind a refused one is held with it.
    assert limiter.take_event("agent_log", 1.5) == 1.5


def test_the_wait_of_a_frame_grows_to_a_minute_and_never_shrinks(clock: Clock) -> None:
    limiter = Limiter(RateLimits(publishers={"*": 60, "agent_log": 0.1}), EVERYTHING, clock)
    held = limiter.take_event("agent_log", 0.0) or limiter.take_event("agent_log", 0.0)
    assert held == 600
    assert limiter.take_event("agent_status", held) == 600
    waits = [0.5]
    for _ in range(200):
        waits.append(limiter.take_event("agent_status", waits[-1]))
    assert waits == sorted(waits)
    assert waits[-1] == 60


def test_ever_new_types_share_one_bucket(clock: Clock) -> None:
    limiter = Limiter(RateLimits(), READER, clock)
    taken = [limiter.take(f"type-{n}") == 0.0 for n in range(200)]
    assert sum(taken) == 100
    assert len(limiter._buckets) == 1


def test_a_refusal_says_the_limit_and_how_long_to_wait(clock: Clock) -> None:
    refusal = Limiter(RateLimits(), EVERYTHING, clock).refusal("agent_log", 0.0123)
    assert refusal.code is ErrorCode.RATE_LIMITED
    assert refusal.retry_after_ms == 13
    assert "agent_log" in refusal.message
    assert "60000/min" in refusal.message


def test_publishers_without_a_connection_are_limited_by_their_key(clock: Clock) -> None:
    limiters = Limiters(RateLimits(publishers={"*": 1}), clock)
    ann = Access(publish=(Filter(),), name="ann")
    assert limiters.of(ann).take("agent_log") == 0.0
    assert limiters.of(ann).take("agent_log") == 60.0
    assert limiters.of(Access(publish=(Filter(),), name="bob")).take("agent_log") == 0.0
    # A key and a JWT may have one name, and are two publishers.
    assert limiters.of(Access(publish=(Filter(),), name="ann", key_id="1")).take("agent_log") == 0.0
    richer = Access(publish=(Filter(),), name="ann", rates={"*": 60.0})
    assert limiters.of(richer).take("agent_log") == 1.0
    clock.now += 1
    assert limiters.of(richer).take("agent_log") == 0.0


def test_only_so_many_publishers_are_remembered(clock: Clock) -> None:
    limiters = Limiters(RateLimits(publishers={"*": 1}), clock, capacity=2)
    a, b, c = (Access(publish=(Filter(),), name=name) for name in "abc")
    for one in (a, b, a, c):
        limiters.of(one).take("agent_log")
    assert limiters.of(a).take("agent_log") > 0
    assert limiters.of(b).take("agent_log") == 0.0


def test_every_event_type_is_limited() -> None:
    limits = RateLimits(publishers={"*": 5})
    assert {limits.a_minute(EVERYTHING, type_) for type_ in EVENTS} == {5}
