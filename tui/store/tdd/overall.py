"""All agents' cycles as one: sums, and means weighed by how many files each speaks of."""

from collections.abc import Iterable
from typing import NamedTuple

from tui.store.tdd.coverage import FIGURES
from tui.store.tdd.cycle import Cycle
from tui.store.tdd.results import NOTHING, Totals


class Overall(NamedTuple):
    agents: int
    phases: dict[str, int]
    """How many agents are in each phase."""
    totals: Totals
    change: Totals
    """What the newest run of each agent changed, added up."""
    duration: float
    """Milliseconds."""
    coverage: dict[str, float]
    """Mean of each figure that was measured, by its name on the wire: weighed by files."""
    breaches: int


def overall(cycles: Iterable[Cycle]) -> Overall:
    totals, change = NOTHING, NOTHING
    agents, breaches, duration = 0, 0, 0.0
    phases: dict[str, int] = {}
    sums: dict[str, tuple[float, int]] = {}
    for cycle in cycles:
        agents += 1
        breaches += len(cycle.breaches)
        duration += cycle.duration
        totals = totals.plus(cycle.totals)
        change = change.plus(cycle.change)
        if cycle.phase:
            phases[cycle.phase] = phases.get(cycle.phase, 0) + 1
        files = max(1, len(cycle.covered_files))
        for _, name in FIGURES:
            value: float | None = getattr(cycle.coverage, name, None)
            if value is not None:
                summed, weight = sums.get(name, (0.0, 0))
                sums[name] = (summed + value * files, weight + files)
    coverage = {name: summed / weight for name, (summed, weight) in sums.items()}
    return Overall(agents, phases, totals, change, duration, coverage, breaches)
