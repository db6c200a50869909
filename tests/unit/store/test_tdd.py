"""The cycle: phases, counts, failures, coverage."""

from typing import Any

from tests.support.events import event, phase, results
from tui.store import Store
from tui.store.tdd import Cycle, PhaseSpan, Totals


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
    assert list(state.past) == [
        PhaseSpan("red", 60_000),
        PhaseSpan("green", 60_000),
        PhaseSpan("refactor", 60_000),
    ]


def test_the_said_duration_wins_over_the_measured_one() -> None:
    store = Store()
    store.apply(phase("a", "red", "green", duration=1847))
    assert list(cycle(store).past) == [PhaseSpan("red", 1847)]


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
