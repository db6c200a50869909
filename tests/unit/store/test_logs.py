"""Log lines: bounds, folding, and the view that a filter leaves."""

import tracemalloc
from typing import Any

import pytest

from tests.support.events import START, event, log
from tui.store import Store
from tui.store.log_view import SLICE, LogView, Wanted
from tui.store.logs import CONTEXT, LogLine, Logs
from tui.store.query import Query


def line(number: int, message: str = "", agent: str = "a", level: str = "info") -> LogLine:
    return LogLine(float(number), agent, level, message or f"line {number}")


def filled(count: int, **limits: Any) -> Logs:
    logs = Logs(**limits)
    for number in range(count):
        logs.add(line(number))
    return logs


def seen(view: LogView) -> list[str]:
    return [line.message for line in view]


def test_the_oldest_lines_leave_and_are_counted() -> None:
    logs = filled(25, limit=10)
    assert (len(logs.lines), logs.first, logs.end, logs.total, logs.dropped) == (10, 15, 25, 25, 15)
    assert logs.get(14) is None
    assert logs.get(15) == line(15)
    assert logs.get(25) is None


def test_long_lines_leave_by_their_bytes_before_there_are_too_many() -> None:
    logs = Logs(bytes_limit=100_000)
    for number in range(500):
        logs.add(line(number, f"{number}" + "x" * 1_000))
    assert 70 < len(logs.lines) < 90
    assert logs.total == len(logs.lines) + logs.dropped == 500
    logs.add(line(501, "x" * 200_000))
    assert len(logs.lines) == 1, "the newest stays, however long"


def test_what_is_said_again_at_once_is_counted_with_its_first_and_last_time() -> None:
    logs = Logs(limit=2)
    for at in (1, 2, 3):
        logs.add(line(at, "same"))
    (only,) = logs.lines
    assert (only.at, only.last, only.times, logs.total, logs.end) == (1, 3, 3, 3, 1)
    logs.add(line(4, "same", agent="b"))
    logs.add(line(5, "same", level="warn"))
    assert [one.times for one in logs.lines] == [1, 1]
    assert logs.dropped == 3


def test_another_context_is_another_line() -> None:
    store = Store()
    for attempt in (1, 1, 2):
        data = {
            "agentId": "a",
            "level": "info",
            "message": "again",
            "timestamp": START,
            "context": {"attempt": attempt},
        }
        store.apply(event("agent_log", data))
    assert [(one.times, one.context) for one in store.logs.lines] == [
        (2, '{"attempt":1}'),
        (1, '{"attempt":2}'),
    ]


def test_a_context_is_cut_and_an_errors_stack_is_one() -> None:
    store = Store()
    data = {"agentId": "a", "level": "info", "message": "m", "timestamp": START}
    store.apply(event("agent_log", data | {"context": {"x": "y" * 5_000}}))
    store.apply(event("agent_error", {"agentId": "a", "message": "m", "stack": "at line 3"}))
    long, error = store.logs.lines
    assert len(long.context) == CONTEXT
    assert error.context == '{"stack":"at line 3"}'


def test_a_context_beyond_json_stops_nothing() -> None:
    store = Store()
    deep: Any = "x"
    for _ in range(100_000):
        deep = [deep]
    made: Any = log("a", "m")
    store.logs.on_log(
        made.model_copy(update={"data": made.data.model_copy(update={"context": deep})})
    )
    assert store.logs.lines[0].context == "…"


@pytest.mark.parametrize(("start", "stop"), [(0, 5), (12, 17), (18, 30), (20, 20), (0, 30)])
def test_ranges_of_lines_are_the_same_both_ways(start: int, stop: int) -> None:
    logs = filled(20, limit=10)
    wanted = [(n, line(n)) for n in range(max(10, start), min(20, stop))]
    assert list(logs.between(start, stop)) == wanted
    assert list(logs.backwards(start, stop)) == wanted[::-1]


def test_a_view_of_everything_is_the_lines_themselves() -> None:
    logs = filled(20, limit=10)
    view = LogView(logs)
    assert view.done
    assert (len(view), view.number(0), view.place(12), view.place(3), view.place(99)) == (
        10, 10, 2, 0, 10,
    )  # fmt: skip
    assert view[9] == line(19)


def test_a_filter_is_paid_in_slices_the_newest_first() -> None:
    logs = filled(3 * SLICE)
    view = LogView(logs)
    view.want(Wanted(Query.parse("/line .*7$/")))
    view.advance()
    assert not view.done
    assert view.tested == SLICE
    assert seen(view)[-1] == f"line {3 * SLICE - 3}"
    assert len(view) == SLICE // 10
    view.advance()
    view.advance()
    assert view.done
    assert seen(view) == [f"line {n}" for n in range(3 * SLICE) if n % 10 == 7]
    assert [view.number(view.place(n)) for n in (7, 8, 17)] == [7, 17, 17]


@pytest.mark.parametrize("near", [-5, 0, 3, SLICE, 3 * SLICE - 3, 3 * SLICE, 4 * SLICE])
def test_what_is_near_is_tested_first(near: int) -> None:
    logs = filled(3 * SLICE)
    view = LogView(logs)
    view.want(Wanted(Query.parse("/line .*7$/")), near=near)
    view.advance()
    assert view.tested == SLICE
    assert abs(view.number(view.place(min(near, 3 * SLICE - 10))) - near) <= SLICE + 10
    found = {view.number(index) for index in range(len(view))}
    around = range(max(0, near - SLICE // 2), min(3 * SLICE, near + SLICE // 2))
    assert found >= {number for number in around if number % 10 == 7}
    view.advance()
    view.advance()
    assert view.done
    assert seen(view) == [f"line {n}" for n in range(3 * SLICE) if n % 10 == 7]


def test_a_filtered_view_takes_in_what_is_new_and_loses_what_is_gone() -> None:
    logs = filled(10, limit=10)
    view = LogView(logs)
    view.want(Wanted(Query.parse("/[05]$/")))
    view.advance()
    assert seen(view) == ["line 0", "line 5"]
    for number in range(10, 18):
        logs.add(line(number))
        view.advance()
    assert seen(view) == ["line 10", "line 15"]
    assert (view.number(0), view.place(15)) == (10, 1)
    for number in range(18, 60):
        logs.add(line(number))
    view.advance()
    assert seen(view) == ["line 50", "line 55"], "more has come than is kept"


def test_each_line_is_tested_once() -> None:
    tested: list[str] = []

    def matches(text: str) -> bool:
        tested.append(text)
        return True

    logs = filled(30)
    view = LogView(logs)
    view.want(Wanted(Query("x", matches)))
    for _ in range(5):
        view.advance(8)
        logs.add(line(logs.total))
    while not view.done:
        view.advance(8)
    assert len(tested) == len(set(tested)) == 35
    assert len(view) == 35


@pytest.mark.parametrize(
    ("level", "shown"),
    [
        ("", ["debug", "raw", "info", "odd", "warn", "error", "critical"]),
        ("info", ["info", "odd", "warn", "error", "critical"]),
        ("warn", ["warn", "error", "critical"]),
        ("error", ["error", "critical"]),
    ],
)
def test_a_least_level_leaves_what_is_as_bad_or_worse(level: str, shown: list[str]) -> None:
    logs = Logs()
    for name in ("debug", "raw", "info", "odd", "warn", "error", "critical"):
        logs.add(line(0, level=name))
    view = LogView(logs)
    view.want(Wanted(level=level))
    view.advance()
    assert [one.level for one in view] == shown


def test_one_agent_and_a_text_are_both_wanted() -> None:
    logs = Logs()
    for agent in "abab":
        logs.add(line(len(logs.lines), agent=agent))
    view = LogView(logs)
    view.want(Wanted(Query.parse("!line 1"), agent="b"))
    view.advance()
    assert seen(view) == ["line 3"]


@pytest.mark.parametrize("length", [80, 400, 4_096])
def test_as_many_lines_as_may_be_kept_are_within_60_mebibytes(length: int) -> None:
    text = "日本" + "x" * length  # two bytes a character
    tracemalloc.start()
    try:
        logs = Logs()
        for number in range(100_000 if length < 1_000 else 20_000):
            logs.add(LogLine(number + 0.5, "coder-001", "info", f"{number}{text}"[:4_096]))
        held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert held < 60 * 2**20
    assert len(logs.lines) == 100_000 or held > 45 * 2**20, "no less than there is room for"
