"""A test-driven cycle as lines: ribbon, tests, coverage, failures, breaches, files. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from heapq import nlargest
from itertools import islice
from math import isfinite

from rich.cells import cell_len

from tui.protocol.text import clean
from tui.store.tdd import Breach, CoveredFile, Cycle, Failure, Overall, Round, Totals
from tui.store.tdd.coverage import FIGURES
from tui.widgets.cells import Line, age, clock_time, filled, fit, line_width, meter, spark, spread

GOOD, FAIR = 80.0, 60.0
"""Coverage is green from GOOD percent, yellow from FAIR, red below."""
WIDE = 72
"""Cells from which on there is room for long trends and meters."""
PHASES = ("red", "green", "refactor")
GAP = ("  ", "")
Drawn = Callable[[int], Line]
"""A line that is yet to be laid out in a width."""


def always(line: Line) -> Drawn:
    """A line that is the same in any width."""
    return lambda _: line


def phase_style(phase: str) -> str:
    return phase if phase in PHASES else "text"


def ribbon(cycle: Cycle, now: float, width: int) -> Line:
    """This round's phases: those that are over with their durations, those to come dimmed."""
    round_ = cycle.rounds[-1]
    over = [span.phase for span in round_.spans if span.phase not in (*PHASES, cycle.phase)]
    here = [] if cycle.phase in PHASES or not cycle.phase else [cycle.phase]
    spans: list[tuple[str, str]] = []
    for phase in (*over, *PHASES, *here):
        if spans:
            spans.append((" ▸ ", "dim"))
        spent = round_.spent(phase)
        if phase == cycle.phase:
            spans.append((f"▌{phase.upper()} {age(now - cycle.since)}▐", phase_style(phase)))
        elif spent:
            spans.append((f"{phase.upper()} {age(spent)}", phase_style(phase)))
        else:
            spans.append((phase, "dim"))
    number = ((f"cycle {cycle.number}", "dim"),)
    return spread(tuple(spans), number, width)


def counts(totals: Totals) -> Line:
    return (
        (f"✓{totals.passing} ", "ok" if totals.passing else "dim"),
        (f"✗{totals.failing} ", "bad" if totals.failing else "dim"),
        (f"↷{totals.skipped}", "dim"),
    )


def change(change: Totals) -> Line:
    """What the newest run changed: more tests, and more or fewer failures."""
    if not any(change):
        return ()
    said: list[tuple[str, str]] = [(" Δ", "dim")]
    if change.total:
        said.append((f"{change.total:+d}", "text"))
    if change.failing:
        said.append((f" ✗{change.failing:+d}", "bad" if change.failing > 0 else "ok"))
    elif not change.total and change.passing:
        said.append((f"✓{change.passing:+d}", "ok" if change.passing > 0 else "dim"))
    elif not change.total:
        said.append((f"↷{change.skipped:+d}", "dim"))
    return tuple(said)


def tests_line(tested: Cycle | Overall, width: int) -> Line:
    totals = tested.totals
    tests = f"{totals.total} test{'s' * (totals.total != 1)} "
    runs = list(tested.runs)
    durations = [run.duration for run in runs]
    room = 5 if width < WIDE else len(runs)
    passed = spark([run.passed for run in runs][-room:], 1.0)
    trend = spark(durations[-room:], max(durations, default=0.0)) if len(runs) > 1 else ""
    took: Line = ((f" {seconds(tested.duration)} ", "text"), (trend, "dim"))
    return filled(
        width,
        ((tests, "strong"), *counts(totals)),
        change(tested.change),
        took if tested.duration else (),
        ((f"  pass {passed}", "dim"),) if len(runs) > 1 else (),
    )


def seconds(milliseconds: float) -> str:
    """`0.25s`, `4.8s`, and from a minute on `2m14s`."""
    if milliseconds >= 60_000 or not isfinite(milliseconds):
        return age(milliseconds)
    return f"{milliseconds / 1000:.{2 if milliseconds < 1000 else 1}f}s"


def coverage_line(
    now: Mapping[str, float], before: Mapping[str, float], minimum: float, width: int
) -> Line:
    """The figures with how each moved; `!` marks one below the minimum."""
    least = ((f"min {minimum:g}", "dim"),) if minimum else ()
    for wordy in (True, False):
        groups: list[Line] = []
        for label, name in FIGURES:
            value = now.get(name)
            if value is not None:
                low = "!" if value < minimum else ""
                moved = _moved(before.get(name), value, wordy=wordy)
                figure = (f"{value:.1f}{moved}{low}", grade(value, minimum))
                groups.append(((f"{label} ", "dim"), figure, GAP if wordy else (" ", "")))
        if not wordy or sum(map(line_width, groups)) + line_width(least) <= width:
            return filled(width, *groups, least)
    return ()


def _moved(before: float | None, now: float, *, wordy: bool) -> str:
    if before is None or round(before, 1) == round(now, 1):
        return ""
    arrow = "▲" if now > before else "▼"
    return f"{arrow}{abs(now - before):.1f}" if wordy else arrow


def grade(percent: float, minimum: float = 0.0) -> str:
    if percent >= GOOD:
        return "ok" if percent >= minimum else "warn"
    return "warn" if percent >= FAIR else "bad"


def failure_lines(failure: Failure, most: int = 0, who: str = "") -> list[Drawn]:
    """Name and place, message, and the last `most` lines of the traceback."""
    trace = failure.traceback.splitlines()[-most:] if most else []
    return [
        partial(_failed, failure, who),
        always((("    ", ""), (failure.message, "bad"))),
        *(always((("    │ ", "dim"), (line, "dim"))) for line in trace),
    ]


def _failed(failure: Failure, who: str, width: int) -> Line:
    """The name, and as much of the place as there is whole room for."""
    name: Line = (("✗ ", "bad"), (f"{failure.name}  ", "strong"))
    where = failure.where.rpartition("/")[2]
    places = (f"{who}{failure.where}", f"{who}{where}", who or where)
    fitting = (place for place in places if line_width(name) + cell_len(place) <= width)
    return (*name, (next(fitting, ""), "dim"))


def breach_lines(breach: Breach, width: int, who: str = "") -> list[Drawn]:
    """When, in which cycle, which rule, and what was seen: in two lines where one will not do."""
    head: Line = (("⚠ ", "warn"), (f"cycle {breach.cycle} {breach.rule}", "warn"))
    at: Line = ((f"  {clock_time(breach.at, seconds=False)}", "dim"),)
    said = f"{who}{breach.said}"
    if line_width(head) + cell_len(said) + line_width(at) + 2 < width:
        return [partial(spread, (*head, (f": {said}", "text")), at)]
    return [partial(spread, head, at), always((("    ", ""), (said, "text")))]


def file_line(file: CoveredFile, minimum: float, width: int) -> Line:
    """Percent, meter, path, and what is not covered, as far as there is room."""
    share, style = "    ? ", "dim"
    if file.lines is not None:
        share, style = f"{file.lines:5.1f}%", grade(file.lines, minimum)
    moved = _moved(file.before, file.lines, wordy=False) if file.lines is not None else ""
    bar, path = _file_columns(width)
    missing = whole_words(ranges(file.uncovered, width), max(4, width - bar - path - 11))
    return (
        (f"{share}{moved or ' '} ", style),
        (f"{meter((file.lines or 0.0) / 100, bar)} ", style),
        (fit_path(file.path, path) + "  ", "text"),
        (missing or "all covered", "dim"),
    )


def files_head(width: int) -> Line:
    """The titles of `file_line`'s columns."""
    bar, path = _file_columns(width)
    return ((fit("COVERAGE", bar + 9) + fit("FILE", path + 2) + "UNCOVERED", "head"),)


def _file_columns(width: int) -> tuple[int, int]:
    """The cells of the meter and of the path."""
    return (5, width * 2 // 5) if width < WIDE else (16, width // 3)


def whole_words(listed: str, width: int) -> str:
    """A list with commas, or as many of its items as there is room for."""
    while cell_len(listed) > width and "," in listed:
        listed = f"{listed.removesuffix('…').rpartition(',')[0]}…"
    return listed


def fit_path(path: str, width: int) -> str:
    """A path in exactly `width` cells; where that is not enough, its folders go first."""
    path = clean(path)
    while cell_len(path) > width and "/" in path.removeprefix("…/"):
        path = f"…/{path.removeprefix('…/').partition('/')[2]}"
    return fit(path, width)


def round_line(round_: Round, width: int) -> Line:
    """A past round: its phases, and how its tests and coverage stood in the end."""
    spans: list[tuple[str, str]] = [(f"cycle {round_.number:<3} ", "dim")]
    for phase in PHASES:
        spent = round_.spent(phase)
        said = f"{phase.upper()} {age(spent)}" if spent else phase
        room = len(phase) + 8
        spans.append((fit(said, room), phase_style(phase) if spent else "dim"))
    lines: Line = () if round_.lines is None else ((f"  {round_.lines:.1f}%", "dim"),)
    return filled(width, tuple(spans), counts(round_.totals), lines)


def past_rounds(cycle: Cycle) -> list[Round]:
    """Those that are over and of which something is known, the newest first."""
    return [round_ for round_ in list(cycle.rounds)[-2::-1] if round_.spans]


def breaches(cycles: Iterable[Cycle], most: int) -> list[Breach]:
    """The newest first."""
    found = (breach for cycle in cycles for breach in reversed(cycle.breaches))
    return nlargest(most, found, key=lambda breach: breach.at)


def figures(coverage: object) -> dict[str, float]:
    """What of a coverage was measured, by its name on the wire."""
    values = ((name, getattr(coverage, name, None)) for _, name in FIGURES)
    return {name: value for name, value in values if value is not None}


def ranges(lines: Sequence[int], most: int = 6) -> str:
    """Line numbers as a person writes them: `12-14,30,41-44`."""
    runs: list[list[int]] = []
    for line in sorted(set(lines)):
        if runs and line == runs[-1][-1] + 1:
            runs[-1][1:] = [line]
        else:
            runs.append([line])
    said = ["-".join(map(str, run)) for run in islice(runs, most)]
    return ",".join(said) + ("…" if len(runs) > most else "")
