"""Outcomes in, events out: valid whatever a test printed, bounded, and worded for people."""

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.protocol.codec import build_event
from tui.protocol.vocabulary import TddPhase
from tui.sources.pytest import mapping
from tui.sources.pytest.coverage_data import from_report
from tui.sources.pytest.mapping import (
    Event,
    FileCoverage,
    Measured,
    PhaseChange,
    Run,
    RunOutcome,
    describe,
)
from tui.sources.pytest.phases import Ending
from tui.sources.pytest.tally import Counts, Failure, FileOutcome
from tui.sources.pytest.trim import MAX_EVENT, one_line, path_text, traceback_text

RUN = Run("tester@shop", "feature/refund", "pytest tests -x", 1_000.0)


def valid(event: Event) -> dict[str, Any]:
    """The event's data, after the protocol has taken it; at most 48 KiB of it."""
    type_, data = event
    build_event(type_, data, id_="evt-1", timestamp=1.0)
    assert len(orjson.dumps(data)) <= MAX_EVENT
    return data


def test_a_file_is_told_with_its_failures() -> None:
    failure = Failure("TestA::test_b[1]", "assert 3 == 2\n +  where 3 = f()", "test_a.py", 7, "tb")
    counts = Counts(passed=2, failed=1, error=1, skipped=1, xfailed=2, xpassed=1)
    data = valid(mapping.test_result(RUN, FileOutcome("test_a.py", counts, 12.3456, (failure,))))
    assert data["results"] == {
        "total": 8,
        "passing": 3,
        "failing": 2,
        "skipped": 3,
        "errors": 1,
        "xfailed": 2,
        "xpassed": 1,
        "duration": 12.346,
    }
    assert data["failures"] == [
        {
            "name": "TestA::test_b[1]",
            "message": "assert 3 == 2",
            "file": "test_a.py",
            "line": 7,
            "traceback": "tb",
        }
    ]


@settings(max_examples=50)
@given(
    st.lists(
        st.builds(
            Failure,
            st.text(st.characters()),
            st.text(st.characters()),
            st.none() | st.text(st.characters()),
            st.none() | st.integers(1, 10**6),
            st.text(st.characters()),
        ),
        max_size=3,
    ),
    st.text(st.characters()),
)
def test_any_failure_makes_a_valid_event(failures: list[Failure], path: str) -> None:
    valid(mapping.test_result(RUN, FileOutcome(path, Counts(failed=1), 0.0, tuple(failures))))
    for event in mapping.collection_errors(RUN, failures):
        valid(event)


@pytest.mark.parametrize("letter", ["x", "é", "\U0001f600", '"', "\\", "\ud800", "\x1b[31m", "\n"])
def test_failures_of_any_size_fit_into_an_event(letter: str) -> None:
    endless = letter * 50_000
    failure = Failure(endless, endless, endless, 1, endless)
    file = FileOutcome(endless, Counts(failed=100), 0.0, (failure,) * 100)
    assert len(valid(mapping.test_result(RUN, file))["failures"]) >= 15
    valid(mapping.internal_error(RUN, endless, endless))
    lines = tuple(range(100_000, 200_000))
    measured = Measured(50.0, files=(FileCoverage(endless, 50.0, lines),) * 1_000)
    assert len(valid(mapping.coverage_update(RUN, measured))["files"]) >= 30


def test_a_single_failure_keeps_its_whole_traceback() -> None:
    text = "\n".join(f"line {number}" for number in range(200))
    failures = (Failure("t", "m", traceback=text),)
    data = valid(mapping.test_result(RUN, FileOutcome("a.py", Counts(failed=1), 0.0, failures)))
    assert data["failures"][0]["traceback"] == text


def test_a_long_traceback_loses_its_middle() -> None:
    lines = [f"frame {number}" for number in range(1_000)]
    text = traceback_text("\n".join(lines), 500)
    kept = text.splitlines()
    assert len(text) <= 500
    assert kept[0] == "frame 0"
    assert kept[-1] == "frame 999"
    gap = next(line for line in kept if line.startswith("…"))
    assert gap == f"… {1_000 - len(kept) + 1} lines left out …"
    assert len(kept) - kept.index(gap) > kept.index(gap)


def test_texts_are_made_harmless() -> None:
    assert one_line("\n  \n  \x1b[31mred\x1b[0m\ttext\nmore", 80) == "red text"
    assert traceback_text("E   \x1b]0;title\x07boom\n\tat x", 200) == "E   boom\n    at x"
    assert path_text("d/" * 200 + "test_x.py", 20) == "…d/d/d/d/d/test_x.py"


def test_coverage_names_the_worst_files_first() -> None:
    measured = Measured(
        91.5, 84.0, None, (FileCoverage("good.py", 90.0, (3,)), FileCoverage("bad.py", 1.0, (1, 2)))
    )
    data = valid(mapping.coverage_update(RUN, measured))
    assert data["coverage"] == {"lines": 91.5, "branches": 84.0}
    assert [file["path"] for file in data["files"]] == ["bad.py", "good.py"]
    assert data["files"][0]["uncoveredLines"] == [1, 2]


def test_a_coverage_report_becomes_percent() -> None:
    def region(covered: int, statements: int) -> dict[str, Any]:
        return {"summary": {"covered_lines": covered, "num_statements": statements}}

    report: dict[str, Any] = {
        "totals": {
            "covered_lines": 9_999,
            "num_statements": 10_000,
            "num_branches": 3,
            "covered_branches": 1,
        },
        "files": {
            "a.py": region(9_999, 10_000)
            | {
                "missing_lines": [4],
                "functions": {"f": region(1, 2), "g": region(0, 2), "stub": region(0, 0)}
                | {"": region(5, 5)},
            }
        },
    }
    assert from_report(report) == Measured(99.99, 33.33, 50.0, (FileCoverage("a.py", 99.99, (4,)),))
    assert from_report({"totals": {"num_statements": 0}, "files": {}}) is None


def test_a_phase_carries_totals_coverage_and_how_long_the_last_one_took() -> None:
    change = PhaseChange(TddPhase.RED, TddPhase.GREEN, 61_000.4)
    data = valid(mapping.phase_change(RUN, change, Counts(passed=3), Measured(80.0), 5_000.0))
    assert (data["previousPhase"], data["currentPhase"]) == ("red", "green")
    assert data["duration"] == 61_000
    assert data["coverage"] == {"lines": 80.0}
    assert data["testResults"] == {"total": 3, "passing": 3, "failing": 0, "skipped": 0}
    first = valid(
        mapping.phase_change(RUN, PhaseChange(None, TddPhase.RED, None), Counts(failed=1), None, 1)
    )
    assert first["previousPhase"] is None
    assert "duration" not in first


OUTCOMES = [
    (RunOutcome(Ending.COMPLETE, Counts(passed=2), 1), "2 passed", "idle", "info"),
    (
        RunOutcome(Ending.COMPLETE, Counts(passed=139, failed=3, error=1), 4.81, exit_code=1),
        "3 failed, 1 error, 139 passed",
        "idle",
        "warn",
    ),
    (
        RunOutcome(Ending.COMPLETE, Counts(skipped=1, xfailed=2), 1),
        "1 skipped, 2 xfailed",
        "idle",
        "info",
    ),
    (
        RunOutcome(Ending.NO_TESTS, Counts(), 1, exit_code=5),
        "no tests ran",
        "idle",
        "warn",
    ),
    (
        RunOutcome(Ending.COLLECTION, Counts(), 1, collection_errors=2, exit_code=2),
        "collection failed: 2 errors",
        "error",
        "error",
    ),
    (
        RunOutcome(Ending.INTERRUPTED, Counts(passed=12), 1, exit_code=2, done=12, expected=142),
        "interrupted after 12 of 142 tests; 12 passed",
        "idle",
        "warn",
    ),
    (RunOutcome(Ending.USAGE, Counts(), 1, exit_code=4), "usage error", "error", "error"),
    (RunOutcome(Ending.INTERNAL, Counts(), 1, exit_code=3), "internal error", "error", "error"),
    (
        RunOutcome(Ending.COMPLETE, Counts(passed=2), 1, exit_code=1),
        "2 passed, but pytest ended with exit code 1",
        "idle",
        "warn",
    ),
    (
        RunOutcome(Ending.COMPLETE, Counts(passed=2), 1, waiting=1),
        "2 passed (1 test that failed before did not run)",
        "idle",
        "warn",
    ),
]


@pytest.mark.parametrize(("outcome", "text", "status", "level"), OUTCOMES)
def test_the_end_is_said_in_words(outcome: RunOutcome, text: str, status: str, level: str) -> None:
    log, last = (valid(event) for event in mapping.ended(RUN, outcome, 7_000.0))
    assert describe(outcome) == text
    assert (last["status"], last["reason"]) == (status, text)
    assert log["level"] == level
    assert log["message"] == f"pytest: {text} in {outcome.seconds:.2f}s"


def test_progress_names_the_run() -> None:
    data = valid(mapping.progress(RUN, 33.333))
    assert data["status"] == "busy"
    assert data["currentTask"] == {
        "id": "feature/refund",
        "type": "test",
        "title": "pytest tests -x",
        "progress": 33.3,
        "startTime": 1_000.0,
    }
