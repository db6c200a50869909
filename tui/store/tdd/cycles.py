"""The cycles of all agents, folded from phases, test results, coverage, and what agents say."""

from collections import OrderedDict
from math import inf
from typing import TYPE_CHECKING

from tui.store.bounds import cut
from tui.store.tdd.budget import Budget
from tui.store.tdd.coverage import LINE_BYTES, covered_files, drops, figures
from tui.store.tdd.cycle import Cycle, Round
from tui.store.tdd.discipline import (
    COLLECTION_ERROR,
    Evidence,
    Rule,
    describe_drops,
    edited_code,
    green_untested,
    passed_at_once,
    skips_refactor,
)
from tui.store.tdd.results import MAX_FAILURES, Failure, TestFile, Totals

if TYPE_CHECKING:
    from tui.protocol.models.agent import AgentErrorEvent, AgentLogEvent, AgentTaskUpdateEvent
    from tui.protocol.models.tdd import (
        Coverage,
        CoverageUpdateEvent,
        TddPhaseChangeEvent,
        TestResultEvent,
    )

MAX_FILES = 2_000
"""Test files kept for an agent."""
MAX_CYCLES = 5_000
"""Agents kept."""
MAX_TRACEBACKS = 2 * 1024 * 1024
"""Characters of tracebacks, of all agents together; those of the files longest unheard of go."""
MAX_DETAILS = 32 * 1024 * 1024
"""Bytes, roughly, of failures without their tracebacks and of uncovered lines, likewise."""
COVERED = ""
"""Stands for all of an agent's covered files where others have the path of a test file."""
MINIMUM = 80.0
"""Percent that coverage should have, where nobody says another: from there on it is green."""


class Cycles:
    """All cycles, by agent id."""

    def __init__(self, minimum: float = MINIMUM) -> None:
        self.by_agent: OrderedDict[str, Cycle] = OrderedDict()
        self.minimum = minimum
        """Percent that coverage should have at least; 0: nobody minds."""
        self._whole_from = inf
        """From when on (Unix ms) all that happens is heard of, as far as is known."""
        self._tracebacks = Budget(MAX_TRACEBACKS, self._drop_tracebacks)
        self._details = Budget(MAX_DETAILS, self._drop_details)
        """Both by agent and file."""

    def current(self) -> Cycle | None:
        """The cycle to show: one that is red before others, then the newest heard of."""
        return max(
            self.by_agent.values(),
            key=lambda c: (c.totals.failing > 0, c.seen),
            default=None,
        )

    def failing(self) -> int:
        return sum(cycle.totals.failing for cycle in self.by_agent.values())

    def listen(self, at: float) -> None:
        """All that happens from now on (Unix ms) is heard of, until some is `missed`."""
        self._whole_from = min(self._whole_from, at)

    def missed(self, at: float) -> None:
        """Events were lost up to now (Unix ms): what happened in them is not known for sure."""
        self._whole_from = at
        for cycle in self.by_agent.values():
            cycle.evidence.witnessed = cycle.sure = False

    def on_phase(self, event: "TddPhaseChangeEvent") -> None:
        data = event.data
        at = event.timestamp
        cycle = self._of(data.agent_id, data.task_id, at)
        phase = cut(data.current_phase)
        totals = None if data.test_results is None else Totals.of(data.test_results)
        if cycle.phase != phase:
            self._change_phase(cycle, phase, data.previous_phase, data.duration, at)
        if totals is not None:
            if totals.failing == 0:
                self._drop_failing(cycle)
            if totals != cycle.totals or not cycle.runs:  # else it is the run that we know
                cycle.count_run(totals, at)
            cycle.end_run()
        if phase == "red":
            known = cycle.summed if totals is None else totals
            self._weigh(cycle, known, at, tested=totals is not None)
        if data.coverage is not None:
            self._cover(cycle, data.coverage, at)

    def on_result(self, event: "TestResultEvent") -> None:
        data = event.data
        at = event.timestamp
        cycle = self._of(data.agent_id, data.task_id, at)
        path = data.test_file
        if path in cycle.ran:
            cycle.end_run()
        before = cycle.files.pop(path, None)
        if len(cycle.files) >= MAX_FILES:
            self._forget(cycle, next(iter(cycle.files)))
        failures = tuple([Failure.of(path, f) for f in (data.failures or ())[:MAX_FAILURES]])
        file = TestFile(path, Totals.of(data.results), data.results.duration, failures, at)
        for failure in failures:
            file.broken += failure.collection
        cycle.keep(file, before)
        cycle.ran.add(path)
        if failures or (before is not None and before.failures):
            self._keep_failures(cycle, file)
        cycle.count_run(cycle.summed, at)
        if cycle.phase != "red":
            cycle.uncollected = ""  # what could not be collected would have stopped this run
        elif at >= cycle.since:
            self._weigh(cycle, cycle.summed, at, tested=True)
            self._judge_passing(cycle, before, file)
        cycle.dropped.discard(path)

    def on_coverage(self, event: "CoverageUpdateEvent") -> None:
        data = event.data
        cycle = self._of(data.agent_id, data.task_id, event.timestamp)
        self._cover(cycle, data.coverage, event.timestamp)
        cycle.covered_files = files = covered_files(data, cycle.covered_files)
        lines = sum([len(file.uncovered) for file in files])
        self._details.put((cycle.agent_id, COVERED), lines * LINE_BYTES)

    # What agents say may tell something of their cycles; each of these says whether it did.

    def on_task(self, event: "AgentTaskUpdateEvent") -> bool:
        return self._on_word(event.data.agent_id, event.data.details, event.timestamp)

    def on_log(self, event: "AgentLogEvent") -> bool:
        return self._on_word(event.data.agent_id, event.data.context, event.timestamp)

    def on_error(self, event: "AgentErrorEvent") -> bool:
        data = event.data
        if data.code != COLLECTION_ERROR or (cycle := self.by_agent.get(data.agent_id)) is None:
            return False
        cycle.uncollected = cut(data.message)
        return self._judge_collection(cycle, event.timestamp)

    def _on_word(self, agent_id: str, said: object, at: float) -> bool:
        if said is None or (cycle := self.by_agent.get(agent_id)) is None or cycle.phase != "red":
            return False
        evidence = cycle.evidence
        if not evidence.witnessed or evidence.failed:
            return False
        path = edited_code(said) if at >= cycle.since else None
        return path is not None and bool(
            cycle.breach(Rule.CODE_FIRST, at, f"{path} edited before a test failed")
        )

    def _of(self, agent_id: str, task_id: str, at: float) -> Cycle:
        cycle = self.by_agent.get(agent_id)
        if cycle is None:
            if len(self.by_agent) >= MAX_CYCLES:
                _, old = self.by_agent.popitem(last=False)
                for path in (COVERED, *old.files):
                    self._release(old, path)
            cycle = self.by_agent[agent_id] = Cycle(agent_id, since=at)
            cycle.rounds.append(Round(1, cut(task_id), at))
        else:
            self.by_agent.move_to_end(agent_id)
        cycle.task_id = cut(task_id)
        if at > cycle.seen:
            cycle.seen = at
        return cycle

    def _forget(self, cycle: Cycle, path: str) -> None:
        self._release(cycle, path)
        cycle.forget(path)

    def _drop_failing(self, cycle: Cycle) -> None:
        """All has passed: what still fails is left from files that were renamed or deleted."""
        failing = [p for p, file in cycle.files.items() if file.totals.failing or file.failures]
        for path in failing:
            self._forget(cycle, path)
        if len(cycle.dropped) < MAX_FILES:
            cycle.dropped.update(failing)

    def _change_phase(
        self, cycle: Cycle, phase: str, said: str | None, duration: float | None, at: float
    ) -> None:
        previous = cycle.phase or cut(said)
        if duration is None and cycle.phase:
            duration = at - cycle.since
        if previous and duration is not None:
            cycle.rounds[-1].spend(previous, duration)
        if cycle.phase == "red" and green_untested(cycle.evidence, phase):
            cycle.breach(Rule.CODE_FIRST, at, f"{phase}, though no test had failed in red")
        cycle.provisional = None
        skipped = skips_refactor(cycle.phase, said, phase)
        if phase == "red":
            if previous in ("green", "refactor"):
                cycle.count += 1
                if not cycle.run_over and len(cycle.runs) > 1:
                    # The run that shows the red is told before it, and is no part of the last.
                    cycle.rounds[-1].totals = cycle.before
                cycle.rounds.append(Round(cycle.number, cycle.task_id, at, totals=cycle.totals))
            # What is told of a phase at first may be its present state, long after it began.
            begins = at >= self._whole_from and said != "red"
            cycle.evidence = Evidence(witnessed=cycle.sure or begins)
        else:
            cycle.uncollected = ""
        if skipped:
            cycle.breach(Rule.REFACTOR_SKIPPED, at, "red follows green")
        cycle.phase = phase
        cycle.sure = True
        cycle.since = at

    def _weigh(self, cycle: Cycle, totals: Totals, at: float, *, tested: bool) -> None:
        """What `totals` say of the red phase that goes on."""
        cycle.evidence.tested |= tested
        if totals.failing > cycle.broken:
            cycle.evidence.failed = True
            cycle.take_back()
        elif cycle.broken and not cycle.uncollected:
            file = next(file for file in cycle.files.values() if file.broken)
            said = file.failures[0].message if file.failures else "not collected"
            cycle.uncollected = cut(f"{file.path}: {said}")
        self._judge_collection(cycle, at)

    def _judge_collection(self, cycle: Cycle, at: float) -> bool:
        if cycle.phase != "red" or cycle.evidence.failed or not cycle.uncollected:
            return False
        return bool(cycle.breach(Rule.COLLECTION_RED, at, cycle.uncollected))

    def _judge_passing(self, cycle: Cycle, before: TestFile | None, file: TestFile) -> None:
        evidence = cycle.evidence
        if not evidence.witnessed:
            return
        if before is None and (evidence.failed or file.path in cycle.dropped):
            return
        if new := passed_at_once(before, file):
            tests = "1 new test passes" if new == 1 else f"{new} new tests pass"
            said = f"{tests} at once in {file.path}"
            breach = cycle.breach(Rule.PASSES_IN_RED, file.at, said)
            if before is None and breach is not None:
                cycle.provisional = breach

    def _cover(self, cycle: Cycle, coverage: "Coverage", at: float) -> None:
        if cycle.coverage is not None and figures(coverage) == figures(cycle.coverage):
            return
        if lost := drops(cycle.coverage, coverage):
            cycle.breach(Rule.COVERAGE_DROPPED, at, describe_drops(lost, self.minimum))
        cycle.previous_coverage = cycle.coverage
        cycle.coverage = coverage
        cycle.rounds[-1].lines = coverage.lines

    # What is large, within budgets for all agents together.

    def _keep_failures(self, cycle: Cycle, file: TestFile) -> None:
        key = (cycle.agent_id, file.path)
        failures = file.failures
        self._tracebacks.put(key, sum([len(failure.traceback) for failure in failures]))
        self._details.put(key, sum([failure.size for failure in failures]))

    def _drop_tracebacks(self, key: tuple[str, str]) -> None:
        agent_id, path = key
        file = self.by_agent[agent_id].files[path]
        file.failures = tuple(failure._replace(traceback="") for failure in file.failures)

    def _drop_details(self, key: tuple[str, str]) -> None:
        agent_id, path = key
        cycle = self.by_agent[agent_id]
        if path == COVERED:
            cycle.covered_files = tuple(f._replace(uncovered=()) for f in cycle.covered_files)
        else:
            self._tracebacks.remove(key)
            cycle.files[path].failures = ()

    def _release(self, cycle: Cycle, path: str) -> None:
        self._tracebacks.remove((cycle.agent_id, path))
        self._details.remove((cycle.agent_id, path))
