"""Pane 2: is the code green, and was it written test first? One agent's cycle, or all of them."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, ClassVar

from tui.details.subject import Subject
from tui.panes.one_of import OneOfPane, Row
from tui.panes.tdd_words import (
    breach_words,
    cycle_record,
    failure_words,
    file_words,
    round_record,
    tests_words,
)
from tui.protocol.topics import Filter
from tui.store import Slice
from tui.store.tdd import CoveredFile, Cycle, Failure, Overall, overall
from tui.store.tdd.cycle import Round
from tui.widgets import cycle_lines as draw
from tui.widgets.cells import Column, Line, age, column_widths, table_line

ROOMY, TALL = 56, 14
"""Cells and rows from which on a pane has room for tracebacks and every file."""
HEAT_FROM, HEAT_SHARE = 24, 8
"""Rows from which on files are a heat map, too, and the share of them that it has: an eighth."""
TRACED, TRACEBACK = 3, 6
"""Failures whose traceback is shown there, and its lines."""
WORST = 5
"""Files listed where there is less room."""
MAX_BREACHES = MAX_FAILED = 50
"""Listed over all agents."""
MAX_FILES = 200
PAST = 3
"""Past cycles shown as soon as there is room for them."""
SHORT = {"red": "RED", "green": "GRN", "refactor": "REF"}
AGENTS = (
    Column("", 3),
    Column("AGENT", 12, flex=2),
    Column("TASK", 6, flex=1, wanted_from=64),
    Column("FOR", 6, right=True, wanted_from=40),
    Column("TESTS", 7, right=True),
    Column("FAIL", 5, right=True),
    Column("LINE", 6, right=True),
    Column("!", 3, right=True),
)


class Sections(Sequence[Row]):
    """Rows on top, one for each cycle, and rows below: each cycle's is made when it is seen."""

    def __init__(
        self, top: list[Row], cycles: list[Cycle], make: Callable[[Cycle], Row], below: list[Row]
    ) -> None:
        self._top, self._cycles, self._make, self._below = top, cycles, make, below

    def __len__(self) -> int:
        return len(self._top) + len(self._cycles) + len(self._below)

    def __getitem__(self, index: Any) -> Any:
        """The row at an index; of slices nobody has need."""
        if index < len(self._top):
            return self._top[index]
        index -= len(self._top)
        if index < len(self._cycles):
            return self._make(self._cycles[index])
        return self._below[index - len(self._cycles)]


class TddPane(OneOfPane):
    NUMBER = 2
    NAME = "TDD"
    SPOKEN = "TDD"
    FILTERS: ClassVar[tuple[Filter, ...]] = (Filter("tdd"),)
    SLICES = frozenset({Slice.TDD})
    EMPTY = "no tests yet: run pytest --autosdlc in a project"

    _cycle: Cycle | None = None
    """The one that is shown."""
    _all: Overall | None = None
    _sums: tuple[object, Overall] | None = None
    """All as one, and how much had been told by then."""

    @property
    def agent(self) -> str:
        """Whose cycle is shown, or would be if not all were; empty where there is none."""
        return self._cycle.agent_id if self._cycle else ""

    def ids(self) -> Sequence[str]:
        return sorted(self.store.tdd.by_agent)

    def usual(self) -> str | None:
        current = self.store.tdd.current()
        return current.agent_id if current else None

    def known(self, id_: str) -> bool:
        return id_ in self.store.tdd.by_agent

    def record(self, item: Row) -> dict[str, Any]:
        if item.thing is None or item.subject is None:
            return {}
        if isinstance(item.thing, Cycle):
            return cycle_record(item.thing)
        about = {"agent": item.subject.key}
        return about | (
            round_record(item.thing) if isinstance(item.thing, Round) else item.thing._asdict()
        )

    def update_rows(self) -> None:
        width, height = self.width_beside_scrollbar, self.known_room.height
        cycle = self._cycle = self.store.tdd.by_agent.get(self.shown or "")
        self._all = None
        if cycle is None:
            self.rows = ()
        elif self.overview:
            cycles = sorted(
                self.store.tdd.by_agent.values(),
                key=lambda c: (not c.totals.failing, not c.breaches, c.agent_id),
            )
            self._all = self._summed(cycles)
            self.rows = self._draw_all(self._all, cycles, width, height - self.compact)
        else:
            self.rows = self._draw(cycle, width, height - self.compact)
        super().update_rows()

    def summary(self) -> Line:
        if self._all is not None:
            totals = self._all.totals
            tests = (f"✗{totals.failing} ", "bad") if totals.failing else _passing(totals.passing)
            many = self._all.agents > 1
            who = (f"all {self._all.agents:,} agents" if many else "the only agent", "text")
            return (tests, *_warnings(self._all.breaches), who)
        cycle = self._cycle
        if cycle is None:
            return ()
        phase = (f"{cycle.phase.upper()} " if cycle.phase else "", draw.phase_style(cycle.phase))
        failing = cycle.totals.failing
        tests = (f"✗{failing} ", "bad") if failing else _passing(cycle.totals.passing)
        who = (f"{cycle.agent_id} {cycle.task_id}", "dim")
        return (
            phase,
            tests,
            *_warnings(len(cycle.breaches)),
            who,
            *self.others(len(self.store.tdd.by_agent)),
        )

    def _draw(self, cycle: Cycle, width: int, height: int) -> list[Row]:
        """What matters most first; the warnings are in sight, however many tests fail."""
        roomy = width >= ROOMY and height >= TALL
        about, minimum = Subject("cycle", cycle.agent_id), self.store.tdd.minimum
        rows = [
            Row(partial(draw.ribbon, cycle, self.clock()), "phase", about, cycle),
            Row(partial(draw.tests_line, cycle), "tests", about, None, partial(tests_words, cycle)),
        ]
        if cycle.coverage is not None:
            now, before = draw.figures(cycle.coverage), draw.figures(cycle.previous_coverage)
            line = partial(draw.coverage_line, now, before, minimum)
            rows.append(Row(line, "coverage", about))
        rows += self._heat(cycle.covered_files, width, height, about)
        failures = [
            row
            for number, failure in enumerate(cycle.failures)
            for row in _failure(
                cycle.agent_id, failure, TRACEBACK if roomy and number < TRACED else 0
            )
        ]
        breaches = _breaches((cycle,), width, named=False)
        room = max(2, height - len(rows) - min(2, len(breaches)))
        room -= 0 if roomy else room % 2
        rows += [*failures[:room], *breaches, *failures[room:]]
        files = [f for f in cycle.covered_files if f.uncovered][: MAX_FILES if roomy else WORST]
        rows += _files([(cycle.agent_id, file) for file in files], minimum)
        past = draw.past_rounds(cycle)
        if past and (roomy or height - len(rows) > PAST):
            rows.append(Row(draw.always((("PAST CYCLES", "head"),)), "past"))
            rows += [
                Row(partial(draw.round_line, one), f"round {one.number}", about, one)
                for one in past
            ]
        return rows

    def _heat(
        self, files: Sequence[CoveredFile], width: int, height: int, about: Subject | None = None
    ) -> list[Row]:
        if height < HEAT_FROM:
            return []
        from tui.widgets.heat import heat_lines

        lines = heat_lines(files, self.store.tdd.minimum, width, height // HEAT_SHARE)
        return [Row(line, f"heat {number}", about) for number, line in enumerate(lines)]

    def _summed(self, cycles: Sequence[Cycle]) -> Overall:
        """All of them as one; added up anew only when something has been told since."""
        told = self.store.events, len(cycles)
        if self._sums is None or self._sums[0] != told:
            self._sums = told, overall(cycles)
        return self._sums[1]

    def _draw_all(
        self, summed: Overall, cycles: list[Cycle], width: int, height: int
    ) -> "Sections":
        phases = tuple(
            (f"{phase.upper()} {count}  ", draw.phase_style(phase))
            for phase, count in sorted(summed.phases.items())[:6]
        )
        minimum = self.store.tdd.minimum
        rows = [
            Row(draw.always(phases or (("no phase yet", "dim"),)), "phases"),
            Row(partial(draw.tests_line, summed), "tests", words=partial(tests_words, summed)),
        ]
        if summed.coverage:
            line = partial(draw.coverage_line, summed.coverage, summed.previous_coverage, minimum)
            rows.append(Row(line, "coverage"))
        rows += self._heat([file for _, file in summed.files], width, height)
        heads = tuple((column.title, "head") for column in AGENTS)
        rows.append(Row(partial(_table_line, heads), "columns"))
        below = [
            row
            for who, failure in summed.failures[:MAX_FAILED]
            for row in _failure(who, failure, named=True)
        ]
        below += _breaches(cycles, width, named=True)
        below += _files([(who, file) for who, file in summed.files if file.uncovered], minimum)
        return Sections(rows, cycles, self._agent_row, below)

    def _agent_row(self, cycle: Cycle) -> Row:
        line = partial(self._agent, cycle)
        return Row(line, f"agent {cycle.agent_id}", Subject("cycle", cycle.agent_id), cycle)

    def _agent(self, cycle: Cycle, width: int) -> Line:
        totals = cycle.totals
        lines = cycle.coverage.lines if cycle.coverage else None
        covered = (
            ("", "")
            if lines is None
            else (f"{lines:.1f}%", draw.grade(lines, self.store.tdd.minimum))
        )
        warned = len(cycle.breaches)
        return _table_line(
            (
                (SHORT.get(cycle.phase, cycle.phase[:3].upper()), draw.phase_style(cycle.phase)),
                (cycle.agent_id, "text"),
                (cycle.task_id, "dim"),
                (age(self.clock() - cycle.since) if cycle.phase else "", "dim"),
                (f"✓{totals.passing}", "ok" if totals.passing else "dim"),
                (f"✗{totals.failing}", "bad" if totals.failing else "dim"),
                covered,
                (f"⚠{warned}" if warned else "", "warn"),
            ),
            width,
        )


def _table_line(cells: Line, width: int) -> Line:
    return table_line(AGENTS, column_widths(AGENTS, width), cells)


def _failure(who: str, failure: Failure, traced: int = 0, *, named: bool = False) -> list[Row]:
    """With so many lines of its traceback; `named`: with whose it is."""
    lines = draw.failure_lines(failure, traced, f"{who}  " if named else "")
    key, about = f"failure {who} {failure.where} {failure.name}", Subject("cycle", who)
    words = partial(failure_words, failure, who if named else "")
    return [
        Row(line, f"{key} {part}", about, None if part else failure, words)
        for part, line in enumerate(lines)
    ]


def _files(files: Sequence[tuple[str, CoveredFile]], minimum: float) -> list[Row]:
    """Each with whose it is, below a head; nothing where there are none."""
    rows = [
        Row(
            partial(draw.file_line, file, minimum),
            f"file {file.path}",
            Subject("cycle", who),
            file,
            partial(file_words, file),
        )
        for who, file in files
    ]
    return [Row(draw.files_head, "files"), *rows] if rows else []


def _breaches(cycles: Iterable[Cycle], width: int, *, named: bool) -> list[Row]:
    """The newest first; `named`: with whose it was."""
    return [
        Row(
            line,
            f"breach {breach.agent_id} {breach.rule} {breach.at} {breach.said} {part}",
            Subject("cycle", breach.agent_id),
            None if part else breach,
            partial(breach_words, breach, breach.agent_id if named else ""),
        )
        for breach in draw.breaches(cycles, MAX_BREACHES)
        for part, line in enumerate(
            draw.breach_lines(breach, width, f"{breach.agent_id}: " if named else "")
        )
    ]


def _passing(count: int) -> tuple[str, str]:
    return (f"✓{count} ", "ok")


def _warnings(count: int) -> Line:
    return ((f"⚠{count} ", "warn"),) if count else ()
