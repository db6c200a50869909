"""pytest's reports read into plain values: what a stage of a test says, and why it failed.

Reports come as pytest made them or as pytest-xdist rebuilt them, and other plugins make their own:
only what is there is read.
"""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui.sources.pytest.tally import Failure, Outcome, name_of
from tui.sources.pytest.trim import excerpt

if TYPE_CHECKING:
    import pytest

_FOREIGN = ("site-packages", "dist-packages")


@dataclass(frozen=True, slots=True)
class Project:
    """Where paths in reports are relative to: the directory pytest started in, and its rootdir."""

    start: Path
    root: Path

    def own(self, path: str) -> str | None:
        """The path from the root, where it is one of the project's own files."""
        with suppress(ValueError, OSError):
            absolute = Path(os.path.normpath(self.start / path))
            inside = absolute.relative_to(self.root)
            if not any(part in _FOREIGN for part in inside.parts):
                return str(inside)
        return None


def outcome_of(report: "pytest.TestReport") -> Outcome | None:
    """What this stage says of its test; None where it says nothing, as a setup that went well."""
    xfail = hasattr(report, "wasxfail")
    # A plain string: pytest-rerunfailures says `rerun`, and then the last run counts.
    match str(report.outcome), report.when:
        case "failed", "setup" | "teardown":
            return Outcome.ERROR
        case "failed", _:
            return Outcome.FAILED
        case "skipped", _:
            return Outcome.XFAILED if xfail else Outcome.SKIPPED
        case "passed", "call":
            return Outcome.XPASSED if xfail else Outcome.PASSED
    return None


def is_subtest(report: object) -> bool:
    """Whether it is a part of a test that goes on (pytest 9, or pytest-subtests before it)."""
    return type(report).__name__.lower() == "subtestreport"


def failure_of(report: "pytest.TestReport | pytest.CollectReport", project: Project) -> Failure:
    """Why this stage failed; the place is the deepest one in the project's own files."""
    name = name_of(report.nodeid) or "pytest"
    if is_subtest(report):
        name = _subtest_name(report, name)
    message = _message(report)
    if report.when in ("setup", "teardown"):
        message = f"{report.when}: {message}"
    file, line = _place(report, project)
    return Failure(name, message, file, line, excerpt(report.longreprtext))


def _subtest_name(report: Any, name: str) -> str:
    describe = getattr(report, "_sub_test_description", None) or getattr(
        report, "sub_test_description", None
    )
    return f"{name} {describe()}" if callable(describe) else name


def _message(report: "pytest.TestReport | pytest.CollectReport") -> str:
    longrepr: Any = report.longrepr
    crash = getattr(longrepr, "reprcrash", None)
    if crash is not None and crash.message:
        return str(crash.message)
    if errorstring := getattr(longrepr, "errorstring", None):  # a fixture that does not exist
        return str(errorstring)
    marked = [
        line[1:].strip() for line in report.longreprtext.splitlines() if line.startswith("E ")
    ]
    return marked[-1] if marked else report.longreprtext


def _place(
    report: "pytest.TestReport | pytest.CollectReport", project: Project
) -> tuple[str | None, int | None]:
    longrepr: Any = report.longrepr
    places = [
        (entry.reprfileloc.path, entry.reprfileloc.lineno)
        for entry in getattr(getattr(longrepr, "reprtraceback", None), "reprentries", ())
        if getattr(entry, "reprfileloc", None) is not None
    ]
    crash = getattr(longrepr, "reprcrash", None)
    if crash is not None:
        places.append((crash.path, crash.lineno))
    for path, line in reversed(places):
        if (own := project.own(str(path))) is not None:
            return own, int(line)
    location = getattr(report, "location", None)
    if not location or not location[0]:
        return None, None
    line = location[1]
    return str(location[0]), None if line is None else line + 1
