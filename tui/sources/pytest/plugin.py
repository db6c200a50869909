"""What pytest loads in every run: the options, and nothing more until they switch it on.

Only the standard library is imported here, and of that only what pytest has loaded already: an
inactive plugin must cost nothing that anyone could notice. `--autosdlc`, or `autosdlc = true` in
the ini file, registers the real hooks of `reporter`. Workers of pytest-xdist stay silent, since
their controller hears of every test, and so do runs that only list tests.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def pytest_addoption(parser: "pytest.Parser") -> None:
    group = parser.getgroup("autosdlc", "live events for autosdlc-tui")
    group.addoption(
        "--autosdlc",
        action="store_true",
        default=False,
        help="send this run's results to the autosdlc-tui server as they happen "
        "(AUTOSDLC_URL and AUTOSDLC_TOKEN, or the server running on this machine)",
    )
    group.addoption(
        "--autosdlc-agent",
        metavar="NAME",
        default=None,
        help="the agent these tests belong to (or AUTOSDLC_AGENT, or ini autosdlc_agent; "
        "default: tester@PROJECT)",
    )
    group.addoption(
        "--autosdlc-task",
        metavar="ID",
        default=None,
        help="the task they belong to (or AUTOSDLC_TASK, or ini autosdlc_task; "
        "default: the git branch, else the project's directory)",
    )
    parser.addini("autosdlc", "send results to the autosdlc-tui server", "bool", default=False)
    parser.addini("autosdlc_agent", "the agent that tests belong to", default="")
    parser.addini("autosdlc_task", "the task that tests belong to", default="")


def pytest_configure(config: "pytest.Config") -> None:
    if not (config.getoption("autosdlc") or config.getini("autosdlc")):
        return
    if hasattr(config, "workerinput") or config.getoption("collectonly"):
        return
    try:
        from tui.sources.pytest.reporter import Reporter

        plugin: object = Reporter(config)
    except Exception as error:  # noqa: BLE001 - nothing of ours may stop a run
        plugin = _Apology(f"autosdlc: nothing sent: {type(error).__name__}: {error}")
    config.pluginmanager.register(plugin, "autosdlc-reporter")


class _Apology:
    """The one line of a run that could not be reported."""

    def __init__(self, line: str) -> None:
        self.line = line

    def pytest_terminal_summary(self, terminalreporter: "pytest.TerminalReporter") -> None:
        terminalreporter.write_line(self.line)
