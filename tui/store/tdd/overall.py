"""All agents' cycles as one: sums, and means weighed by how many files each speaks of."""

from collections.abc import Iterable, Sequence
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


def overall(cycles: Sequence[Cycle]) -> Overall:
    phases: dict[str, int] = {}
    sums: dict[str, tuple[float, int]] = {}
    for cycle in cycles:
        if cycle.phase:
            phases[cycle.phase] = phases.get(cycle.phase, 0) + 1
        if cycle.coverage is None:
            continue
        files = len(cycle.covered_files) or 1
        for _, name in FIGURES:
            value: float | None = getattr(cycle.coverage, name)
            if value is not None:
                summed, weight = sums.get(name, (0.0, 0))
                sums[name] = (summed + value * files, weight + files)
    return Overall(
        len(cycles),
        phases,
        _sum(cycle.totals for cycle in cycles),
        _sum(cycle.change for cycle in cycles if len(cycle.runs) > 1),
        sum(cycle.duration for cycle in cycles),
        {name: summed / weight for name, (summed, weight) in sums.items()},
        sum(len(cycle.breaches) for cycle in cycles),
    )


def _sum(totals: Iterable[Totals]) -> Totals:
    # By column: adding ten thousand named tuples to one another is fifty times slower.
    columns = list(zip(*totals, strict=True))
    return Totals(*map(sum, columns)) if columns else NOTHING
