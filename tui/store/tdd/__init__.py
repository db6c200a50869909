"""Each agent's test-driven cycle: its phases, tests and coverage, and how well it keeps to them."""

from tui.store.tdd.coverage import CoveredFile
from tui.store.tdd.cycle import Cycle, PhaseSpan, Round
from tui.store.tdd.cycles import Cycles
from tui.store.tdd.discipline import Breach, Rule
from tui.store.tdd.overall import Overall, overall
from tui.store.tdd.results import Failure, Run, TestFile, Totals

__all__ = [
    "Breach",
    "CoveredFile",
    "Cycle",
    "Cycles",
    "Failure",
    "Overall",
    "PhaseSpan",
    "Round",
    "Rule",
    "Run",
    "TestFile",
    "Totals",
    "overall",
]
