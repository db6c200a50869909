"""Real runs of pytest against a real server: what the dashboard would hear of them."""

import signal

import pytest

from tests.functional.sources.pytest_project import Ear, Project, said
from tui.discovery import ServerRecord

PRICES = """
    def price(amount, member):
        if member:
            return amount * 90 // 100
        return {amount}

    def never():
        return 1
"""
TESTS = """
    import pytest
    from prices import price

    @pytest.fixture
    def broken():
        raise LookupError("no such shop")

    class TestPrice:
        @pytest.mark.parametrize("amount", [1, 2])
        def test_plain(self, amount):
            assert price(amount, False) == amount

    def test_member():
        assert price(100, True) == 90
"""


async def test_red_green_refactor_over_three_runs(project: Project, ear: Ear) -> None:
    project.write("tests/test_price.py", TESTS)
    project.write("conftest.py", "")
    project.write("prices.py", PRICES.format(amount=1))
    code, output = await project.run("--autosdlc", "tests")
    assert code == 1, output
    red = await ear.run_end()
    assert red.phases == [(None, "red")]
    assert red.one("test_result") == {
        "agentId": "tester@shop",
        "taskId": "shop",
        "testFile": "tests/test_price.py",
        "results": red.one("test_result")["results"]
        | {"total": 3, "passing": 2, "failing": 1, "skipped": 0},
        "failures": red.one("test_result")["failures"],
    }
    (failure,) = red.one("test_result")["failures"]
    assert failure["name"] == "TestPrice::test_plain[2]"
    assert failure["message"] == "assert 1 == 2"
    assert (failure["file"], failure["line"]) == ("tests/test_price.py", 12)
    assert "price(amount, False) == amount" in failure["traceback"]
    first = red.all("agent_status")[0]
    assert (first["status"], first["agentType"]) == ("busy", "tester")
    assert first["currentTask"]["title"] == "pytest tests"
    assert (red.end["status"], red.end["reason"]) == ("idle", "1 failed, 2 passed")
    assert red.one("agent_log")["level"] == "warn"

    project.write("prices.py", PRICES.format(amount="amount"))
    assert (await project.run("--autosdlc"))[0] == 0
    green = await ear.run_end()
    assert green.phases == [("red", "green")]
    change = green.one("tdd_phase_change")
    assert change["testResults"] == {"total": 3, "passing": 3, "failing": 0, "skipped": 0}
    assert change["duration"] > 0
    assert green.end["reason"] == "3 passed"

    assert (await project.run("--autosdlc"))[0] == 0
    assert (await ear.run_end()).phases == [("green", "refactor")]


async def test_passing_tests_elsewhere_do_not_turn_a_red_project_green(
    project: Project, ear: Ear
) -> None:
    project.write("test_a.py", "def test_a(): assert 0")
    project.write("test_b.py", "def test_b(): pass\ndef test_c(): pass")
    await project.run("--autosdlc")
    assert (await ear.run_end()).phases == [(None, "red")]
    await project.run("--autosdlc", "test_b.py")
    other = await ear.run_end()
    assert other.phases == []
    assert other.end["reason"] == "2 passed (1 test that failed before did not run)"
    project.write("test_a.py", "def test_renamed(): pass")
    await project.run("--autosdlc", "-k", "test_b")
    assert (await ear.run_end()).phases == []
    await project.run("--autosdlc")
    assert (await ear.run_end()).phases == [("red", "green")]


async def test_failures_of_every_kind_name_their_place(project: Project, ear: Ear) -> None:
    project.write(
        "test_kinds.py",
        """
        import json, pytest

        @pytest.fixture
        def broken():
            raise LookupError("no such shop")

        @pytest.fixture
        def messy():
            yield
            raise OSError("left open")

        def test_setup(broken): pass
        def test_teardown(messy): pass
        def test_fixture(missing): pass
        def test_deep(): json.loads("{")
        def test_hostile(): raise ValueError("\\x1b[31m\\udc80" + "x" * 100_000)

        class TestSub:
            def test_subtests(self, subtests):
                for i in range(3):
                    with subtests.test("even", i=i):
                        assert i % 2 == 0
        """,
    )
    assert (await project.run("--autosdlc"))[0] == 1
    heard = await ear.run_end()
    result = heard.one("test_result")
    assert (result["results"]["total"], result["results"]["failing"]) == (6, 6)
    found = {
        f["name"]: (f.get("file"), f.get("line"), f["message"][:40]) for f in result["failures"]
    }
    assert found == {
        "test_setup": ("test_kinds.py", 6, "setup: LookupError: no such shop"),
        "test_teardown": ("test_kinds.py", 11, "teardown: OSError: left open"),
        "test_fixture": ("test_kinds.py", 15, "setup: fixture 'missing' not found"),
        "test_deep": ("test_kinds.py", 16, "json.decoder.JSONDecodeError: Expecting "),
        "test_hostile": ("test_kinds.py", 17, "ValueError: " + "x" * 28),
        "TestSub::test_subtests [even] (i=1)": ("test_kinds.py", 23, "assert (1 % 2) == 0"),
    }
    assert heard.end["reason"] == "3 failed, 3 errors"


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one process", "xdist"])
async def test_coverage_is_told_with_its_uncovered_lines(
    project: Project, ear: Ear, workers: tuple[str, ...]
) -> None:
    project.write("prices.py", PRICES.format(amount="amount"))
    project.write("conftest.py", "")
    project.write("tests/test_price.py", TESTS)
    project.write("tests/test_other.py", "def test_other(): pass")
    code, output = await project.run("--autosdlc", "--cov=prices", "--cov-branch", *workers)
    assert code == 0, output
    heard = await ear.run_end()
    update = heard.one("coverage_update")
    assert update["coverage"] == {"lines": 83.33, "branches": 100.0, "functions": 50.0}
    assert update["files"] == ({"path": "prices.py", "lines": 83.33, "uncoveredLines": (8,)},)
    assert heard.one("tdd_phase_change")["coverage"] == update["coverage"]
    files = [result["testFile"] for result in heard.all("test_result")]
    assert sorted(files) == ["tests/test_other.py", "tests/test_price.py"]
    assert heard.end["reason"] == "4 passed"
    assert len([e for e in heard.all("agent_status") if e["status"] == "idle"]) == 1


async def test_coverage_run_is_read_and_left_whole(project: Project, ear: Ear) -> None:
    project.write("prices.py", PRICES.format(amount="amount"))
    project.write("conftest.py", "")
    project.write("tests/test_price.py", TESTS)
    project.write(".coveragerc", "[run]\nsource = prices\n[paths]\nsource =\n    .\n    /other\n")
    code, output = await project.python("-m", "coverage", "run", "-m", "pytest", "--autosdlc")
    assert code == 0, output
    update = (await ear.run_end()).one("coverage_update")
    assert update["coverage"] == {"lines": 83.33, "functions": 50.0}
    assert "83%" in (await project.python("-m", "coverage", "report"))[1]


async def test_under_xdist_failures_come_once_and_with_their_place(
    project: Project, ear: Ear
) -> None:
    project.write("test_a.py", "def test_one(): assert 1 == 2\ndef test_two(): pass")
    project.write("test_b.py", "def test_three(): pass")
    assert (await project.run("--autosdlc", "-n", "2"))[0] == 1
    heard = await ear.run_end()
    (failure,) = [f for r in heard.all("test_result") for f in r["failures"]]
    assert (failure["file"], failure["line"]) == ("test_a.py", 1)
    assert heard.phases == [(None, "red")]
    assert heard.all("agent_status")[-2]["currentTask"]["progress"] <= 100


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one process", "xdist"])
async def test_a_run_that_stops_at_the_first_failure_tells_what_it_has(
    project: Project, ear: Ear, workers: tuple[str, ...]
) -> None:
    project.write("test_a.py", "def test_one(): assert 0\ndef test_two(): pass")
    await project.run("--autosdlc", "-x", *workers)
    heard = await ear.run_end()
    assert heard.one("test_result")["results"]["failing"] == 1
    assert heard.phases == [(None, "red")]
    assert heard.end["status"] == "idle"


QUIET = {
    "skips": ("import pytest\npytest.skip('later', allow_module_level=True)", 5, "1 skipped"),
    "xfails": (
        """
        import pytest
        @pytest.mark.xfail
        def test_x(): assert 0
        @pytest.mark.skip
        def test_y(): pass
        """,
        0,
        "1 skipped, 1 xfailed",
    ),
    "nothing": ("", 5, "no tests ran"),
}


@pytest.mark.parametrize(("text", "exit_code", "reason"), QUIET.values(), ids=QUIET)
async def test_what_says_nothing_about_the_code_is_never_red(
    project: Project, ear: Ear, text: str, exit_code: int, reason: str
) -> None:
    project.write("test_a.py", text)
    code, output = await project.run("--autosdlc")
    assert code == exit_code, output
    heard = await ear.run_end()
    assert heard.phases == []
    assert heard.all("agent_error") == []
    assert (heard.end["status"], heard.end["reason"]) == ("idle", reason)


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one process", "xdist"])
async def test_a_collection_error_is_an_error_and_not_red(
    project: Project, ear: Ear, workers: tuple[str, ...]
) -> None:
    project.write("test_a.py", "import shop_that_is_not_there")
    project.write("test_b.py", "def test_b(): pass")
    await project.run("--autosdlc", *workers)
    heard = await ear.run_end()
    error = heard.one("agent_error")
    assert error["code"] == "collection_error"
    assert "test_a.py" in error["message"]
    assert "No module named 'shop_that_is_not_there'" in error["message"]
    assert heard.phases == []
    assert heard.end["status"] == "error"
    assert heard.end["reason"].startswith("collection failed: 1 error")
    assert heard.one("agent_log")["level"] == "error"


async def test_a_path_that_does_not_exist_is_a_usage_error(project: Project, ear: Ear) -> None:
    assert (await project.run("--autosdlc", "nowhere.py"))[0] == 4
    heard = await ear.run_end()
    assert (heard.end["status"], heard.end["reason"]) == ("error", "usage error")
    assert heard.phases == []


SLOW = """
    import threading
    def test_one(): assert 0
    def test_forever(): threading.Event().wait()
"""


async def test_an_interrupted_run_says_so(project: Project, ear: Ear) -> None:
    project.write("test_a.py", SLOW)
    process = await project.start("-m", "pytest", "--autosdlc")
    await ear.until(lambda event: said(event).get("currentTask", {}).get("progress") == 50)
    process.send_signal(signal.SIGINT)
    await process.communicate()
    heard = await ear.run_end()
    assert heard.phases == []
    assert heard.end["reason"] == "interrupted after 1 of 2 tests; 1 failed"


async def test_a_run_that_is_killed_does_not_stay_busy(project: Project, ear: Ear) -> None:
    project.write("test_a.py", SLOW)
    process = await project.start("-m", "pytest", "--autosdlc")
    await ear.until(lambda event: said(event).get("currentTask", {}).get("progress") == 50)
    process.kill()
    await process.communicate()
    heard = await ear.run_end()
    assert heard.end["status"] == "error"
    assert "killed" in heard.end["reason"]


async def test_the_server_of_this_machine_is_found_and_the_ini_switches_it_on(
    project: Project, server: ServerRecord, ear: Ear
) -> None:
    del project.environment["AUTOSDLC_URL"]
    project.write(
        "pytest.ini",
        "[pytest]\nautosdlc = true\nautosdlc_agent = coder-001\nautosdlc_task = task-789\n",
    )
    project.write("test_a.py", "def test_a(): pass")
    code, output = await project.run()
    heard = await ear.run_end()
    assert (heard.end["agentId"], heard.one("test_result")["taskId"]) == ("coder-001", "task-789")
    (line,) = [line for line in output.splitlines() if line.startswith("autosdlc:")]
    assert (code, line) == (0, f"autosdlc: {len(heard.events)} events sent to {server.url}")
