"""A clock whose hands the tests turn."""

from tui.client.clock import Clock


class Hands:
    def __init__(self) -> None:
        self.now = 1000.0
        self.clock = Clock(monotonic=lambda: self.now, wall=lambda: 1_700_000_000 + self.now)

    def turn(self, seconds: float) -> None:
        self.now += seconds
