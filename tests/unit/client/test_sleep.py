"""A machine that sleeps, told by two clocks of which only one goes on."""

from tui.client.clock import Clock
from tui.client.sleep import LEAP, SleepWatch


class Clocks:
    def __init__(self) -> None:
        self.steady, self.wall = 50.0, 1_700_000_000.0
        self.watch = SleepWatch(Clock(monotonic=lambda: self.steady, wall=lambda: self.wall))

    def go_on(self, seconds: float, asleep: float = 0.0) -> float:
        self.steady += seconds
        self.wall += seconds + asleep
        return self.watch.slept()


def test_sleep_is_what_the_wall_clock_gains() -> None:
    clocks = Clocks()
    assert clocks.go_on(1.0) == 0.0
    assert clocks.go_on(1.0, asleep=3600.0) == 3600.0
    assert clocks.go_on(1.0) == 0.0, "it is told once"
    assert clocks.go_on(3600.0) == 0.0, "a loop that stood still did not sleep"


def test_a_clock_that_is_set_right_is_no_sleep() -> None:
    clocks = Clocks()
    for step in (LEAP / 2, -LEAP / 2, -7200.0, LEAP / 2, LEAP / 2):
        assert clocks.go_on(1.0, asleep=step) == 0.0
