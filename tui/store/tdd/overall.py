"""All agents' cycles as one: sums, and means weighed by how many files each speaks of."""

from collections.abc import Iterable, Iterator, Sequence
from heapq import nlargest, nsmallest
from itertools import islice
from operator import attrgetter
from typing import NamedTuple

from tui.store.tdd.coverage import FIGURES, CoveredFile
from tui.store.tdd.cycle import MAX_RUNS, Cycle
from tui.store.tdd.results import NOTHING, Failure, Run, Totals

MAX_FAILING = 20
"""Agents whose failures are listed: those that ran tests last."""
MAX_WORST = 200
"""Files listed."""

TESTED_AT = attrgetter("tested_at")


class Overall(NamedTuple):
    agents: int
    phases: dict[str, int]
    """How many agents are in each phase."""
    totals: Totals
    change: Totals
    """What the newest run of each agent changed, added up."""
    duration: float
    """Milliseconds."""
    runs: list[Run]
    """Where all agents stood together after each of the newest runs, the last one now."""
    coverage: dict[str, float]
    """Mean of each figure that was measured, by its name on the wire: weighed by files."""
    previous_coverage: dict[str, float]
    """What that was before each agent's newest report."""
    failures: list[tuple[str, Failure]]
    """With whose they are: those of the agent that ran tests last first."""
    files: list[tuple[str, CoveredFile]]
    """With whose they are: the worst first, each path once."""
    breaches: int


def overall(cycles: Sequence[Cycle]) -> Overall:
    phases: dict[str, int] = {}
    for cycle in cycles:
        if cycle.phase:
            phases[cycle.phase] = phases.get(cycle.phase, 0) + 1
    totals = _sum(cycle.totals for cycle in cycles)
    duration = sum(cycle.duration for cycle in cycles)
    return Overall(
        len(cycles),
        phases,
        totals,
        _sum(cycle.change for cycle in cycles if len(cycle.runs) > 1),
        duration,
        _runs(cycles, totals, duration),
        *_means(cycles),
        _failures(cycles),
        _files(cycles),
        sum(len(cycle.breaches) for cycle in cycles),
    )


def _sum(totals: Iterable[Totals]) -> Totals:
    # By column: adding ten thousand named tuples to one another is fifty times slower.
    columns = list(zip(*totals, strict=True))
    return Totals(*map(sum, columns)) if columns else NOTHING


def _means(cycles: Iterable[Cycle]) -> tuple[dict[str, float], dict[str, float]]:
    """Of the newest reports, and of those before; what an agent had no figure of did not move."""
    sums: dict[str, tuple[float, float, int]] = {}
    for cycle in cycles:
        if cycle.coverage is None:
            continue
        files = len(cycle.covered_files) or 1
        for _, name in FIGURES:
            value: float | None = getattr(cycle.coverage, name)
            if value is None:
                continue
            old: float | None = getattr(cycle.previous_coverage, name, None)
            now, before, weight = sums.get(name, (0.0, 0.0, 0))
            before += (value if old is None else old) * files
            sums[name] = (now + value * files, before, weight + files)
    return (
        {name: now / weight for name, (now, _, weight) in sums.items()},
        {name: before / weight for name, (_, before, weight) in sums.items()},
    )


def _runs(cycles: Iterable[Cycle], totals: Totals, duration: float) -> list[Run]:
    """From now backwards: before a run, its agent stood where its run before had left it."""
    # The newest runs are those of as many agents at most.
    latest = nlargest(MAX_RUNS, (cycle for cycle in cycles if cycle.runs), key=TESTED_AT)
    steps = (step for cycle in latest for step in _steps(cycle))
    runs: list[Run] = []
    for run, before in nlargest(MAX_RUNS, steps, key=lambda step: step[0].at):
        runs.append(Run(run.at, totals, duration))
        totals = totals.plus(run.totals, -1).plus(before.totals)
        duration += before.duration - run.duration
    return runs[::-1]


def _steps(cycle: Cycle) -> Iterator[tuple[Run, Run]]:
    """Its runs, the newest first, each with the one before."""
    after: Run | None = None
    for run in reversed(cycle.runs):
        if after is not None:
            yield after, run
        after = run
    if after is not None:
        yield after, Run(0.0, NOTHING, 0.0)


def _failures(cycles: Iterable[Cycle]) -> list[tuple[str, Failure]]:
    failing = (cycle for cycle in cycles if cycle.totals.failing)
    latest = nlargest(MAX_FAILING, failing, key=TESTED_AT)
    return [(cycle.agent_id, failure) for cycle in latest for failure in cycle.failures]


def _files(cycles: Iterable[Cycle]) -> list[tuple[str, CoveredFile]]:
    # The worst files are those of as many agents at most: each agent's come the worst first.
    known = (cycle for cycle in cycles if cycle.covered_files)
    worst = nsmallest(MAX_WORST, known, key=lambda cycle: _percent(cycle.covered_files[0]))
    files = [(cycle.agent_id, file) for cycle in worst for file in cycle.covered_files]
    once: dict[str, tuple[str, CoveredFile]] = {}
    for who, file in sorted(files, key=lambda pair: _percent(pair[1])):
        once.setdefault(file.path, (who, file))
    return list(islice(once.values(), MAX_WORST))


def _percent(file: CoveredFile) -> float:
    """Those of which only the uncovered lines are known come last."""
    return float("inf") if file.lines is None else file.lines
