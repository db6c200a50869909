"""The cycle: phases, counts, failures, coverage."""

from typing import Any

import pytest

from tests.support.events import event, phase, results
from tui.store import Store
from tui.store.tdd import Cycle, PhaseSpan, Totals, cycles, overall
from tui.store.tdd.results import MAX_TRACEBACK_LINES, trimmed


def cycle(store: Store, agent: str = "a") -> Cycle:
    return store.tdd.by_agent[agent]


def coverage(lines: float, **more: Any) -> Any:
    data = {"agentId": "a", "taskId": "t-1", "coverage": {"lines": lines}, **more}
    return event("coverage_update", data)


def test_a_round_is_counted_when_red_comes_again() -> None:
    store = Store()
    for at, (before, now) in enumerate(
        [("refactor", "red"), ("red", "green"), ("green", "refactor"), ("refactor", "red")]
    ):
        store.apply(phase("a", before, now, at=at * 60))
    state = cycle(store)
    assert (state.phase, state.count) == ("red", 2)
    assert state.rounds[-2].spans == [
        PhaseSpan("red", 60_000),
        PhaseSpan("green", 60_000),
        PhaseSpan("refactor", 60_000),
    ]


def test_the_said_duration_wins_over_the_measured_one() -> None:
    store = Store()
    store.apply(phase("a", "red", "green", duration=1847))
    assert cycle(store).rounds[-1].spans == [PhaseSpan("red", 1847)]


def test_totals_add_up_over_files_and_follow_each_new_result() -> None:
    store = Store()
    store.apply(results("a", "test_x.py", 3, ("test_one",)))
    store.apply(results("a", "test_y.py", 5))
    assert cycle(store).totals == Totals(9, 8, 1, 0)
    store.apply(results("a", "test_x.py", 4))
    assert cycle(store).totals == Totals(9, 9, 0, 0)
    assert cycle(store).duration == 500


def test_failures_of_the_newest_file_come_first() -> None:
    store = Store()
    store.apply(results("a", "test_x.py", 0, ("test_old",), at=1))
    store.apply(results("a", "test_y.py", 0, ("test_new",), at=2))
    assert [failure.name for failure in cycle(store).failures] == ["test_new", "test_old"]


def test_a_passed_run_clears_failures_of_files_that_are_no_more() -> None:
    store = Store()
    store.apply(results("a", "test_gone.py", 0, ("test_x",)))
    totals = {"total": 4, "passing": 4, "failing": 0, "skipped": 0}
    store.apply(phase("a", "red", "green", testResults=totals))
    assert cycle(store).failures == []
    assert cycle(store).totals == Totals(4, 4, 0, 0)
    store.apply(results("a", "test_here.py", 4))
    assert (cycle(store).totals, cycle(store).duration) == (Totals(4, 4, 0, 0), 250)
    assert store.tdd.failing() == 0
    store.apply(results("a", "test_gone.py", 1, ("test_x",)))
    assert cycle(store).totals == Totals(6, 5, 1, 0), "it was not gone"


def test_coverage_remembers_the_value_before() -> None:
    store = Store()
    store.apply(coverage(80))
    store.apply(coverage(80))
    store.apply(coverage(85))
    state = cycle(store)
    assert state.coverage is not None
    assert state.previous_coverage is not None
    assert (state.previous_coverage.lines, state.coverage.lines) == (80, 85)


def test_the_worst_covered_file_comes_first() -> None:
    store = Store()
    files = [{"path": "a.py", "lines": 90}, {"path": "b.py", "lines": 40, "uncoveredLines": [1]}]
    store.apply(coverage(65, files=files))
    assert [f.path for f in cycle(store).covered_files] == ["b.py", "a.py"]


def test_a_red_agent_is_shown_before_a_newer_green_one() -> None:
    store = Store()
    store.apply(results("red", "test_x.py", 0, ("test_x",), at=1))
    store.apply(results("green", "test_y.py", 3, at=2))
    current = store.tdd.current()
    assert current is not None
    assert current.agent_id == "red"
    assert store.tdd.failing() == 1


def test_a_run_ends_where_a_file_comes_again_and_what_it_changed_is_known() -> None:
    store = Store()
    store.apply(results("a", "test_x.py", 3))
    store.apply(results("a", "test_y.py", 5))
    assert cycle(store).change == Totals(), "of the first run it is not known"
    store.apply(results("a", "test_x.py", 3, ("test_new",)))
    assert cycle(store).change == Totals(1, 0, 1, 0)
    store.apply(results("a", "test_y.py", 7))
    assert cycle(store).change == Totals(3, 2, 1, 0)
    store.apply(results("a", "test_x.py", 4))
    assert cycle(store).change == Totals(0, 1, -1, 0)
    assert [run.totals.total for run in cycle(store).runs] == [8, 11, 11]


def test_a_phase_ends_a_run_and_what_that_changed_stays_known() -> None:
    store = Store()
    store.apply(results("a", "test_x.py", 3))
    store.apply(results("a", "test_x.py", 3, ("test_new",)))
    totals = {"total": 4, "passing": 3, "failing": 1, "skipped": 0}
    store.apply(phase("a", "refactor", "red", testResults=totals))
    assert cycle(store).change == Totals(1, 0, 1, 0)
    store.apply(results("a", "test_y.py", 2))
    assert cycle(store).change == Totals(2, 2, 0, 0)
    assert [run.passed for run in cycle(store).runs] == [1, 0.75, 5 / 6]


def test_each_round_keeps_its_phases_tests_and_coverage() -> None:
    store = Store()
    store.apply(phase("a", "refactor", "red"))
    store.apply(phase("a", "red", "green", at=60))
    store.apply(phase("a", "green", "refactor", at=90))
    store.apply(results("a", "test_x.py", 4, at=95))
    store.apply(coverage(91))
    store.apply(results("a", "test_x.py", 4, ("test_next",), at=100))
    store.apply(phase("a", "refactor", "red", at=100))
    past, now = list(cycle(store).rounds)[-2:]
    assert [past.spent(name) for name in ("red", "green", "refactor")] == [60_000, 30_000, 10_000]
    assert (past.number, past.totals, past.lines) == (2, Totals(4, 4, 0, 0), 91)
    assert (now.number, now.totals.failing, now.spans) == (3, 1, [])


def test_a_phase_that_comes_again_in_a_round_adds_to_it() -> None:
    store = Store()
    for at, now in enumerate(("green", "refactor", "green", "refactor")):
        store.apply(phase("a", "", now, at=at * 10))
    assert cycle(store).rounds[-1].spans == [
        PhaseSpan("green", 20_000),
        PhaseSpan("refactor", 10_000),
    ]


def test_of_a_traceback_its_beginning_and_its_end_are_kept() -> None:
    text = "\n".join(f"line {n} {'x' * 500}" for n in range(1_000))
    lines = trimmed(text).splitlines()
    assert len(lines) == MAX_TRACEBACK_LINES
    assert lines[0].startswith("line 0 ")
    assert lines[-1].startswith("line 999 ")
    assert lines[MAX_TRACEBACK_LINES // 4].endswith("lines left out …")
    assert max(map(len, lines)) <= 200
    assert trimmed("a\nb") == "a\nb"


def traced(agent: str, file: str, size: int) -> Any:
    text = "\n".join(["y" * 199] * (size // 200))
    totals = {"total": 1, "passing": 0, "failing": 1, "skipped": 0, "duration": 1}
    failures = [{"name": f"test_{file}", "message": "no", "traceback": text}]
    data = {"agentId": agent, "taskId": "t", "testFile": file, "results": totals}
    return event("test_result", data | {"failures": failures})


def test_tracebacks_of_files_longest_unheard_of_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cycles, "MAX_TRACEBACKS", 10_000)
    store = Store()
    for file in ("one", "two", "one"):
        store.apply(traced("a", file, 4_000))
    store.apply(traced("b", "three", 4_000))
    kept = {
        failure.name: bool(failure.traceback)
        for agent in ("a", "b")
        for failure in cycle(store, agent).failures
    }
    assert kept == {"test_one": True, "test_two": False, "test_three": True}


def test_of_failures_and_covered_lines_those_longest_unheard_of_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cycles, "MAX_DETAILS", 20_000)
    store = Store()
    files = [{"path": "x.py", "lines": 9, "uncoveredLines": list(range(300))}]
    names = tuple(f"test_{n}" for n in range(20))
    store.apply(coverage(9, files=files))
    store.apply(results("a", "one", 0, names))
    assert cycle(store).covered_files[0].uncovered
    store.apply(results("b", "two", 0, names))
    assert cycle(store).covered_files == (("x.py", 9, (), None),)
    store.apply(results("b", "three", 0, names))
    store.apply(results("b", "four", 0, names))
    assert (cycle(store).failures, cycle(store).totals.failing) == ([], 20)
    assert {failure.where for failure in cycle(store, "b").failures} == {
        *("two:7", "three:7", "four:7")
    }
    store.apply(results("b", "two", 3))
    store.apply(results("b", "three", 3))
    store.apply(results("b", "four", 3))
    store.apply(coverage(9, files=files))
    store.apply(results("a", "one", 0, ("test_x",)))
    assert cycle(store).covered_files[0].uncovered, "what passes takes no room"


def test_files_of_a_run_are_as_bounded_as_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cycles, "MAX_FILES", 10)
    store = Store()
    for number in range(100):
        store.apply(results("a", f"test_{number}.py", 1))
    assert len(cycle(store).ran) <= len(cycle(store).files) == 10


def test_a_report_of_one_file_takes_the_place_of_what_was_known_of_it() -> None:
    store = Store()
    files = [{"path": "a.py", "lines": 90, "uncoveredLines": [5]}, {"path": "b.py", "lines": 40}]
    store.apply(coverage(65, files=files))
    store.apply(coverage(66, file="a.py", uncoveredLines=[7, 8]))
    worst, known = cycle(store).covered_files
    assert worst.path == "b.py"
    assert (known.path, known.lines, known.uncovered) == ("a.py", 90, (7, 8))
    store.apply(coverage(66, file="new.py", uncoveredLines=[3]))
    assert [file.path for file in cycle(store).covered_files] == ["new.py", "b.py", "a.py"]
    store.apply(coverage(70, files=[{"path": "a.py", "lines": 95}]))
    assert [(f.path, f.lines, f.before) for f in cycle(store).covered_files] == [("a.py", 95, 90)]


def test_over_all_tests_add_up_and_coverage_is_weighed_by_files() -> None:
    store = Store()
    store.apply(results("a", "test_x.py", 3, ("test_x",)))
    store.apply(results("b", "test_y.py", 5))
    store.apply(phase("b", "red", "green"))
    three = [{"path": f"{n}.py", "lines": 90} for n in range(3)]
    store.apply(coverage(90, files=three))
    data = {"agentId": "b", "taskId": "t", "coverage": {"lines": 50, "branches": 20}}
    store.apply(event("coverage_update", data))
    summed = overall(list(store.tdd.by_agent.values()))
    assert (summed.agents, summed.totals, summed.phases) == (2, Totals(9, 8, 1, 0), {"green": 1})
    assert summed.coverage == {"lines": 80, "branches": 20}


def covered(agent: str, lines: float, **more: Any) -> Any:
    data = {"agentId": agent, "taskId": "t", "coverage": {"lines": lines}, **more}
    return event("coverage_update", data)


def test_over_all_coverage_is_held_against_each_agents_report_before() -> None:
    store = Store()
    for agent, before, now in (("a", 80, 90), ("b", 60, 50), ("c", None, 70)):
        if before is not None:
            store.apply(covered(agent, before))
        store.apply(covered(agent, now))
    summed = overall(list(store.tdd.by_agent.values()))
    assert summed.coverage == {"lines": 70}
    assert summed.previous_coverage == {"lines": 70}, "(80 + 60 + 70) / 3: c has not moved"


def test_a_figure_that_is_new_has_not_moved() -> None:
    store = Store()
    store.apply(covered("a", 80))
    store.apply(covered("a", 90, coverage={"lines": 90, "branches": 50}))
    summed = overall(list(store.tdd.by_agent.values()))
    assert summed.previous_coverage == {"lines": 80, "branches": 50}


def test_over_all_runs_say_where_everybody_stood_together() -> None:
    store = Store()
    store.apply(results("a", "x.py", 1, ("test_x",), at=1))
    store.apply(results("b", "y.py", 2, at=2))
    store.apply(results("a", "x.py", 2, at=3))
    store.apply(results("b", "y.py", 1, ("test_y", "test_z"), at=4))
    summed = overall(list(store.tdd.by_agent.values()))
    runs = [(run.totals.passing, run.totals.failing, run.duration) for run in summed.runs]
    assert runs == [(1, 1, 250), (3, 1, 500), (4, 0, 500), (3, 2, 500)]
    assert runs[-1][:2] == (summed.totals.passing, summed.totals.failing)


def test_over_all_failures_and_files_say_whose_they_are() -> None:
    store = Store()
    store.apply(results("a", "x.py", 1, ("test_old",), at=1))
    store.apply(results("b", "y.py", 1, ("test_new",), at=2))
    store.apply(covered("a", 50, files=[{"path": "one.py", "lines": 40}]))
    store.apply(
        covered("b", 50, files=[{"path": "two.py", "lines": 30}, {"path": "one.py", "lines": 90}])
    )
    summed = overall(list(store.tdd.by_agent.values()))
    assert [(who, one.name) for who, one in summed.failures] == [
        ("b", "test_new"),
        ("a", "test_old"),
    ]
    assert [(who, file.path, file.lines) for who, file in summed.files] == [
        ("b", "two.py", 30),
        ("a", "one.py", 40),
    ]
