"""A run is as it would be without the plugin, whatever becomes of the events."""

import socket

import pytest

from tests.functional.sources.pytest_project import Ear, Project


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({}, "autosdlc: no server found; start autosdlc-tui, or set AUTOSDLC_URL"),
        ({"AUTOSDLC_URL": "ws://127.0.0.1:1/ws"}, "autosdlc: could not deliver to ws://127"),
        ({"AUTOSDLC_URL": "http://nowhere"}, "autosdlc: could not deliver to http://nowhere: "),
        (
            {"AUTOSDLC_URL": "ws://user:SECRET@127.0.0.1:1/ws?token=SECRET"},
            "autosdlc: could not deliver to ws://127.0.0.1:1/ws: ",
        ),
    ],
    ids=["none", "unreachable", "no address", "an address with secrets"],
)
async def test_without_a_server_a_run_is_as_ever_but_for_one_line(
    lonely: Project, variables: dict[str, str], said: str
) -> None:
    lonely.environment |= variables
    lonely.write("test_a.py", "def test_a(): pass\ndef test_b(): assert 0")
    code, output = await lonely.run("-q", "--autosdlc")
    plain_code, plain = await lonely.run("-q", "-p", "no:autosdlc")
    lines = output.splitlines()
    (ours,) = [line for line in lines if line.startswith("autosdlc:")]
    assert ours.startswith(said)
    assert "SECRET" not in output
    lines.remove(ours)
    # The last line holds the time that the run took.
    assert lines[:-1] == plain.splitlines()[:-1]
    assert code == plain_code == 1


async def test_a_wrong_token_is_one_line(project: Project) -> None:
    project.environment["AUTOSDLC_TOKEN"] = "wrong"
    project.write("test_a.py", "def test_a(): pass")
    code, output = await project.run("--autosdlc")
    (line,) = [line for line in output.splitlines() if line.startswith("autosdlc:")]
    assert "the server refused the token" in line
    assert code == 0


async def test_a_server_that_never_answers_is_not_waited_for(lonely: Project) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # the kernel connects, nobody reads
        url = f"ws://127.0.0.1:{silent.getsockname()[1]}/ws"
        lonely.environment["AUTOSDLC_URL"] = url
        del lonely.environment["AUTOSDLC_PATIENCE"]
        lonely.write("test_a.py", "def test_a(): pass")
        code, output = await lonely.run("--autosdlc")
    assert code == 0
    assert f"autosdlc: still sending to {url} in the background" in output


async def test_a_fault_of_our_own_is_one_line_and_no_failure(project: Project) -> None:
    project.write("test_a.py", "def test_a(): pass\ndef test_b(): assert 0")
    project.write(
        "conftest.py",
        """
        from tui.sources.pytest.tally import Tally

        def fails(*_):
            raise RuntimeError("a fault")

        Tally.add = fails
        """,
    )
    code, output = await project.run("--autosdlc")
    assert code == 1
    assert "1 failed, 1 passed" in output
    assert "autosdlc: gave up: RuntimeError: a fault" in output


async def test_coverage_that_cannot_be_read_costs_nothing_else(project: Project, ear: Ear) -> None:
    project.write("test_a.py", "def test_a(): pass")
    project.write(
        "conftest.py",
        """
        from tui.sources.pytest import reporter

        def fails(_):
            raise RuntimeError("a fault")

        reporter.read_coverage = fails
        """,
    )
    code, output = await project.run("--autosdlc")
    heard = await ear.run_end()
    assert (code, heard.phases, heard.end["status"]) == (0, [(None, "green")], "idle")
    assert "; coverage could not be read: RuntimeError: a fault" in output


async def test_while_it_is_off_nothing_is_imported_for_it(lonely: Project) -> None:
    lonely.write(
        "test_a.py",
        """
        import sys

        def test_a():
            ours = {name for name in sys.modules if name == "tui" or name.startswith("tui.")}
            assert ours == {"tui", "tui.sources", "tui.sources.pytest", "tui.sources.pytest.plugin"}
            assert not {"pydantic", "websockets", "orjson", "asyncio"} & set(sys.modules)
        """,
    )
    code, output = await lonely.run("-p", "no:cov", "-p", "no:xdist")
    assert code == 0, output


async def test_tests_share_their_process_with_nothing_of_ours_that_runs(
    project: Project, ear: Ear
) -> None:
    """No thread, no child to wait for, no heavy module: the tests cannot tell that it is on."""
    project.write(
        "test_a.py",
        """
        import os, sys, threading, time
        import pytest

        def test_a():
            assert threading.active_count() == 1
            assert not {"pydantic", "websockets", "asyncio"} & set(sys.modules)

        def test_children():
            while True:
                try:
                    pid, _ = os.waitpid(-1, os.WNOHANG)
                except ChildProcessError:
                    break
                time.sleep(0.01)
        """,
    )
    code, output = await project.run("--autosdlc", "-p", "no:cov", "-p", "no:xdist")
    assert code == 0, output
    assert (await ear.run_end()).end["reason"] == "2 passed"
