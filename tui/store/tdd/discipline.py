"""Test-first discipline: five rules, and what is taken as a sign that one was broken. Pure.

Only what events say counts; where they leave it open, nothing is said. In particular, of a red
phase whose beginning was not seen (the dashboard came later, or events were lost) the rules that
depend on what happened in it say nothing. It was seen where the phase before it was known, or where
it is dated since the dashboard hears all.

- **passes in red**: in the red phase a file has more passing tests than it had, though fewer of its
  failing or skipped ones went than would explain that; so a new test passed at once. A file that
  was never heard of counts as new while nothing at all fails in the phase, and this is taken back
  when something does: the rest of that run may have yet to come.
- **code before a failing test**: in the red phase, before any test failed, the agent's
  `agent_task_update.details` or `agent_log.context` names a file of code that is no test, with a
  tool that edits (`{"tool": "Edit", "file": "src/a.py"}`, see `edited_code`); or the phase turned
  green, tests ran in red, and none of them had failed.
- **refactor skipped**: red follows green.
- **coverage dropped**: one of the four figures is lower than in the report before.
- **red for a collection error**: red, or still red, while no test has failed and a file could not
  be collected: an `agent_error` with the code `collection_error`, or a failure that says so itself
  (`results.is_collection_error`).
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import PurePosixPath
from typing import NamedTuple

from tui.store.bounds import cut
from tui.store.tdd.coverage import Move
from tui.store.tdd.results import TestFile

COLLECTION_ERROR = "collection_error"
"""The code of an `agent_error` that says a test file could not be collected."""
_EDITS = frozenset(
    {"edit", "multiedit", "write", "notebookedit", "apply_patch", "str_replace", "create"}
)
"""Tools that change files, by the names that coding agents give them, folded."""
_TOOL, _FILE = ("tool", "toolName", "tool_name"), ("file", "filePath", "file_path", "path")
_CODE = frozenset(
    f".{suffix}"
    for suffix in (
        *("c", "cc", "cpp", "cs", "ex", "go", "h", "hpp", "java", "js", "jsx", "kt", "mjs"),
        *("php", "py", "rb", "rs", "scala", "sql", "swift", "ts", "tsx", "vue"),
    )
)
_TEST_FOLDERS = frozenset({"test", "tests", "spec", "specs", "__tests__", "testing", "fixtures"})


class Rule(StrEnum):
    PASSES_IN_RED = "passes in red"
    CODE_FIRST = "code before a failing test"
    REFACTOR_SKIPPED = "refactor skipped"
    COVERAGE_DROPPED = "coverage dropped"
    COLLECTION_RED = "red for a collection error"


class Breach(NamedTuple):
    """A rule was broken: in which cycle, by whom, what was seen, and when (Unix ms)."""

    rule: Rule
    at: float
    agent_id: str
    cycle: int
    said: str


class Evidence:
    """What is known of a cycle's red phase."""

    def __init__(self, *, witnessed: bool = False) -> None:
        self.witnessed = witnessed
        """Whether it was seen from its beginning, without a gap."""
        self.tested = False
        """Whether tests ran in it."""
        self.failed = False
        """Whether one failed; a file that could not be collected is none."""


def passed_at_once(before: TestFile | None, after: TestFile) -> int:
    """At least how many of a file's tests are new and pass; all of them, of a file unheard of."""
    if before is None:
        return after.totals.passing
    now = {failure.name for failure in after.failures}
    names = {failure.name for failure in before.failures}
    if len(names) == before.totals.failing and len(now) == after.totals.failing:
        mended = len(names - now)
    else:  # not all are known by name: any of them may be among those that pass now
        mended = before.totals.failing
    unskipped = max(0, before.totals.skipped - after.totals.skipped)
    more = after.totals.passing - before.totals.passing - mended - unskipped
    return max(0, min(more, after.totals.total - before.totals.total))


def skips_refactor(known: str, said: str | None, now: str) -> bool:
    """Whether red follows green, by what was known and by what the event itself says."""
    return now == "red" and {known, said or known} <= {"green", ""} and "green" in (known, said)


def green_untested(evidence: Evidence, now: str) -> bool:
    """Whether a red phase ends, in which tests ran and none failed."""
    return now != "red" and evidence.witnessed and evidence.tested and not evidence.failed


def describe_drops(moves: Sequence[Move], minimum: float) -> str:
    """`line 92.0 → 89.1, branch 86.0 → 84.0 (minimum 85)`."""
    said = ", ".join(f"{move.label} {move.before:.1f} → {move.now:.1f}" for move in moves)
    return f"{said} (minimum {minimum:g})" if any(m.now < minimum for m in moves) else said


def edited_code(said: object) -> str | None:
    """The file of code that `details` or `context` says was edited; None where it says no such.

    It says so with `tool` (or `toolName`, `tool_name`) and `file` (`filePath`, `file_path`,
    `path`), on its own or in its `toolInput` (`tool_input`, `input`). Tests, and what is no code,
    are nobody's breach.
    """
    if not isinstance(said, Mapping):
        return None
    tool = _text(said, _TOOL)
    if tool is None or tool.casefold() not in _EDITS:
        return None
    path = _text(said, _FILE)
    for name in ("toolInput", "tool_input", "input"):
        inner = said.get(name)
        if path is None and isinstance(inner, Mapping):
            path = _text(inner, _FILE)
    return cut(path) if path and is_code(path[-4_096:]) else None


def is_code(path: str) -> bool:
    """Whether a path is that of code, and of no test, by the usual names."""
    *folders, name = PurePosixPath(path.replace("\\", "/").casefold()).parts or ("",)
    stem, dot, suffix = name.rpartition(".")
    if f"{dot}{suffix}" not in _CODE or not _TEST_FOLDERS.isdisjoint(folders):
        return False
    test = stem.startswith("test_") or stem in ("conftest", "test", "tests")
    return not (test or stem.endswith(("_test", "_tests", ".test", ".spec", "_spec")))


def _text(said: Mapping[object, object], names: Sequence[str]) -> str | None:
    return next((v for name in names if isinstance(v := said.get(name), str) and v), None)
