"""The coverage that pytest-cov or `coverage run` measured, read when the tests are over.

Read through coverage's own JSON report, because that is where its API gives lines, branches and
functions at once, after the user's own omissions. It costs about as much as one more report.
"""

import json
import math
import sys
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui.sources.pytest.mapping import FileCoverage, Measured

if TYPE_CHECKING:
    import pytest
    from coverage import Coverage


def read_coverage(config: "pytest.Config") -> Measured | None:
    """What was measured in this run; None where nothing was."""
    measurement = _of_pytest_cov(config) or _of_coverage_run(config)
    if measurement is None:
        return None
    with tempfile.TemporaryDirectory(prefix="autosdlc-") as directory, warnings.catch_warnings():
        # Whatever coverage has to say here, it has said to the user, or will.
        warnings.simplefilter("ignore")
        path = Path(directory, "coverage.json")
        measurement.json_report(
            outfile=str(path), ignore_errors=True, pretty_print=False, show_contexts=False
        )
        report = json.loads(path.read_bytes())
    return from_report(report)


def from_report(report: dict[str, Any]) -> Measured | None:
    """coverage.py's JSON report (format 2 or 3) in percent; None where it holds no line."""
    totals = report["totals"]
    if not totals["num_statements"]:
        return None
    entered = [
        function["summary"]["covered_lines"] > 0
        for file in report["files"].values()
        for name, function in file.get("functions", {}).items()
        if name and function["summary"]["num_statements"]
    ]
    branches = totals.get("num_branches")
    return Measured(
        lines=_percent(totals["covered_lines"], totals["num_statements"]),
        branches=_percent(totals["covered_branches"], branches) if branches else None,
        functions=_percent(sum(entered), len(entered)) if entered else None,
        files=tuple(
            FileCoverage(
                path,
                _percent(file["summary"]["covered_lines"], file["summary"]["num_statements"]),
                tuple(file["missing_lines"]),
            )
            for path, file in report["files"].items()
        ),
    )


def _percent(part: int, whole: int) -> float:
    """Rounded down, so that 100 means all of it."""
    return math.floor(10_000 * part / whole) / 100 if whole else 100.0


def _of_pytest_cov(config: "pytest.Config") -> "Coverage | None":
    """What its controller has put together of all processes by the end of the run loop."""
    plugin = config.pluginmanager.getplugin("_cov")
    controller = getattr(plugin, "cov_controller", None)
    measurement: Coverage | None = getattr(controller, "cov", None)
    return measurement


def _of_coverage_run(config: "pytest.Config") -> "Coverage | None":
    """A copy of what has been measured so far: a report swaps the data of what it reports on.

    Under pytest-xdist this process runs no tests, so that its own measurement says nothing.
    """
    if "coverage" not in sys.modules or config.pluginmanager.hasplugin("dsession"):
        return None
    from coverage import Coverage

    running = Coverage.current()
    if running is None:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = running.get_data()
        copy = Coverage(data_file=None, config_file=running.config.config_file or False)
        copy.get_data().update(data)
    return copy
