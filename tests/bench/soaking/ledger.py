"""What was published and acknowledged, and which rules were found broken."""

from collections import Counter
from collections.abc import Iterable

from tests.bench.soaking.story import Made

SHOWN = 20
"""Broken rules that are told in full."""


class Ledger:
    def __init__(self) -> None:
        self.published: dict[str, Made] = {}
        self.acknowledged: set[str] = set()
        self.counts: Counter[str] = Counter()
        """Whatever is worth a number in the summary."""
        self.longest: dict[str, float] = {}
        self.broken: list[str] = []

    def publish(self, made: Made) -> Made:
        """Note an event before it is sent."""
        # Its text is not needed again.
        self.published[made.id] = made._replace(data={})
        return made

    def acknowledge(self, ids: Iterable[str]) -> None:
        self.acknowledged.update(ids)

    def note(self, what: str, value: float) -> None:
        """Keep the highest."""
        self.longest[what] = max(value, self.longest.get(what, value))

    def wrong(self, what: str) -> None:
        self.broken.append(what)
        if len(self.broken) <= SHOWN:
            print(f"BROKEN {what}", flush=True)
