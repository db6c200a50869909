"""One agent's cycle: what is true of it now, and what its rounds and runs were."""

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from tui.store.tdd.coverage import CoveredFile
from tui.store.tdd.discipline import Breach, Evidence, Rule
from tui.store.tdd.results import MAX_FAILURES, NOTHING, Failure, Run, TestFile, Totals

if TYPE_CHECKING:
    from tui.protocol.models.tdd import Coverage

MAX_ROUNDS = 50
MAX_RUNS = 24
"""As many as a sparkline shows."""
MAX_BREACHES = 20


class PhaseSpan(NamedTuple):
    """One past phase; `duration` in milliseconds."""

    phase: str
    duration: float


class Round:
    """One cycle from red to red; milliseconds."""

    def __init__(self, number: int, task_id: str, started: float, totals: Totals = NOTHING) -> None:
        self.number = number
        self.task_id = task_id
        self.started = started
        self.spans: list[PhaseSpan] = []
        """Its past phases: each at most once, the same phase again adds to it."""
        self.totals = totals
        """The newest results in it."""
        self.lines: float | None = None
        """Line coverage, in percent."""

    def spend(self, phase: str, duration: float) -> None:
        for place, span in enumerate(self.spans):
            if span.phase == phase:
                self.spans[place] = PhaseSpan(phase, span.duration + duration)
                return
        if len(self.spans) < MAX_RUNS:
            self.spans.append(PhaseSpan(phase, duration))

    def spent(self, phase: str) -> float:
        return sum(span.duration for span in self.spans if span.phase == phase)


class Cycle:
    """One agent's cycle."""

    def __init__(self, agent_id: str, since: float = 0.0) -> None:
        self.agent_id = agent_id
        self.task_id = ""
        self.phase = ""
        self.sure = False
        """Whether that is the phase it is in, or was until the next one is told."""
        self.since = since
        self.seen = 0.0
        self.count = 0
        """Completed rounds: how often red followed green or refactor."""
        self.rounds: deque[Round] = deque(maxlen=MAX_ROUNDS)
        """The last one goes on."""
        self.totals = NOTHING
        self.before = NOTHING
        """What they were before the newest run."""
        self.summed = NOTHING
        """The newest results of all files, added up as they come."""
        self.broken = 0
        """How many of their failures are files that could not be collected."""
        self.duration = 0.0
        """Milliseconds that those took."""
        self.tested_at = 0.0
        self.files: dict[str, TestFile] = {}
        self.dropped: set[str] = set()
        """Files that failed when all was said to pass: they may be no more, or have passed."""
        self.runs: deque[Run] = deque(maxlen=MAX_RUNS)
        """The last one may still go on."""
        self.ran: set[str] = set()
        """Files that the newest run has reported; a file that comes again begins another."""
        self.run_over = True
        self.coverage: Coverage | None = None
        self.previous_coverage: Coverage | None = None
        self.covered_files: tuple[CoveredFile, ...] = ()
        """The worst first."""
        self.evidence = Evidence()
        self.breaches: deque[Breach] = deque(maxlen=MAX_BREACHES)
        """The newest last."""
        self.uncollected = ""
        """What could not be collected since the last green, where an `agent_error` said so."""
        self.provisional: Breach | None = None
        """One of `breaches` that is taken back when a test fails in this phase."""

    @property
    def number(self) -> int:
        return self.count + 1

    @property
    def change(self) -> Totals:
        """What the newest run changed; nothing, where it is the first."""
        return self.totals.plus(self.before, -1) if len(self.runs) > 1 else NOTHING

    @property
    def failures(self) -> list[Failure]:
        """Those of the newest file first."""
        files = sorted((f for f in self.files.values() if f.failures), key=lambda f: -f.at)
        return [failure for file in files for failure in file.failures][:MAX_FAILURES]

    def keep(self, file: TestFile, known: TestFile | None) -> None:
        """Take in a file's results, instead of what was known of it."""
        self.files[file.path] = file
        self.duration += file.duration
        self.broken += file.broken
        if known is None:
            self.summed = self.summed.plus(file.totals)
            return
        self.duration -= known.duration
        self.broken -= known.broken
        if known.totals != file.totals:
            self.summed = self.summed.plus(file.totals).plus(known.totals, -1)

    def forget(self, path: str) -> None:
        """Leave a file's results out from now on."""
        file = self.files.pop(path)
        self.ran.discard(path)
        self.summed = self.summed.plus(file.totals, -1)
        self.duration -= file.duration
        self.broken -= file.broken

    def count_run(self, totals: Totals, at: float) -> None:
        """Take in results of the newest run, or of another where that is over."""
        self.tested_at = at
        run = Run(at, totals, self.duration)
        if self.run_over:
            self.run_over = False
            self.before = self.totals
            self.runs.append(run)
        else:
            self.runs[-1] = run
        self.totals = self.rounds[-1].totals = totals

    def end_run(self) -> None:
        self.run_over = True
        self.ran.clear()

    def breach(self, rule: Rule, at: float, said: str) -> Breach | None:
        """Note that a rule was broken, once in a cycle and for each thing said; None: known."""
        fresh = Breach(rule, at, self.agent_id, self.number, said)
        for known in self.breaches:
            same = known.rule is rule and known.cycle == fresh.cycle
            if same and (rule is not Rule.COVERAGE_DROPPED or known.said == said):
                return None
        self.breaches.append(fresh)
        return fresh

    def take_back(self) -> None:
        if self.provisional is not None and self.provisional in self.breaches:
            self.breaches.remove(self.provisional)
        self.provisional = None
