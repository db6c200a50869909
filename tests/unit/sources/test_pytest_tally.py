"""When a test file has ended, and what came of its tests."""

from tui.sources.pytest.tally import Counts, Failure, FileOutcome, Outcome, Tally, file_of, name_of


def test_a_file_is_handed_out_when_its_last_test_is_over() -> None:
    tally = Tally()
    tally.expect(["a.py::one", "b.py::three", "a.py::two"])
    tally.spend("a.py::one", 0.5)
    tally.add("a.py::one", Outcome.PASSED, 1.0)
    assert tally.finish("a.py::one") is None
    assert tally.progress == 100 / 3
    failure = Failure("two", "no")
    tally.add("a.py::two", Outcome.FAILED, 0.25, failure)
    assert tally.finish("a.py::two") == FileOutcome(
        "a.py", Counts(passed=1, failed=1), 1750.0, (failure,)
    )
    assert tally.left() == []


def test_what_an_aborted_run_leaves_is_handed_out_once() -> None:
    tally = Tally()
    tally.expect(["a.py::one", "a.py::two", "b.py::three"])
    tally.add("a.py::one", Outcome.FAILED, 0)
    tally.finish("a.py::one")
    assert [(file.path, file.counts) for file in tally.left()] == [("a.py", Counts(failed=1))]
    assert tally.left() == []
    assert (tally.done, tally.expected) == (1, 3)


def test_the_worst_stage_counts_and_each_test_once() -> None:
    tally = Tally()
    for outcome in (Outcome.PASSED, Outcome.ERROR):
        tally.add("a.py::torn_down_badly", outcome, 0)
    for outcome in (Outcome.FAILED, Outcome.ERROR):
        tally.add("a.py::failed_then_worse", outcome, 0)
    for outcome in (Outcome.FAILED, Outcome.PASSED):
        tally.add("a.py::subtest_failed", outcome, 0)
    assert tally.counts == Counts(failed=2, error=1)


def test_workers_that_name_the_same_tests_are_heard_once() -> None:
    tally = Tally()
    for _worker in range(2):
        tally.expect(["a.py::one", "a.py::two"])
    assert tally.expected == 2


def test_a_run_full_of_failures_keeps_a_bounded_number_of_texts() -> None:
    tally = Tally()
    for file in range(50):
        for test in range(200):
            tally.add(f"{file}.py::{test}", Outcome.FAILED, 0, Failure(str(test), "x"))
    kept = [len(file.failures) for file in tally.left()]
    assert tally.counts.failing == 10_000
    assert (max(kept), sum(kept)) == (100, 1_000)


def test_node_ids_are_split_at_the_first_colons() -> None:
    assert file_of("tests/a.py::B::c[x::y]") == "tests/a.py"
    assert name_of("tests/a.py::B::c[x::y]") == "B::c[x::y]"
    assert name_of("README.md") == "README.md"
