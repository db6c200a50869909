"""pytest's hooks: what happens in a run becomes events, and nothing here can harm the run.

Each hook is guarded: what goes wrong in it ends the reporting, not the run, and becomes the one
line that the terminal shows at the end.
"""

import functools
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from time import monotonic, time
from typing import Any, ParamSpec, cast

import pytest

from tui.protocol.text import clean, presentable_url
from tui.sources.pytest import history, mapping, phases
from tui.sources.pytest.coverage_data import read_coverage
from tui.sources.pytest.mapping import Event, Measured, PhaseChange, Run, RunOutcome
from tui.sources.pytest.phases import Ending, Selection
from tui.sources.pytest.publisher import Publisher
from tui.sources.pytest.reports import Project, failure_of, is_subtest, outcome_of
from tui.sources.pytest.settings import find_server, read_settings
from tui.sources.pytest.tally import Failure, Outcome, Tally, file_of

UPDATE_EVERY = 0.25
"""Seconds between two words on the progress."""
FLUSH_WITHIN = 2.0
"""Seconds, at the very most, for handing on what a relay has yet to read."""
PATIENCE = 0.05
"""Seconds that the end of a run waits to hear what became of its events (AUTOSDLC_PATIENCE)."""
NO_SERVER = "no server found; start autosdlc-tui, or set AUTOSDLC_URL"
_PARTIAL = ("keyword", "markexpr", "lf", "deselect", "stepwise", "ignore", "ignore_glob")
"""Options that leave out tests of the files named."""

P = ParamSpec("P")


def _guarded(hook: Callable[P, None]) -> Callable[P, None]:
    """A hook of `Reporter` that never raises, and does nothing once there is no point in it."""

    @functools.wraps(hook)
    def call(*args: P.args, **kwargs: P.kwargs) -> None:
        reporter = cast("Reporter", args[0])
        if reporter.line is not None or os.getpid() != reporter.pid:
            return
        try:
            hook(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - nothing of ours may stop a run
            reporter.give_up(f"gave up: {_words(error)}")

    return call


def patience() -> float:
    """How long a run's end may wait for an answer: a run must not be slower for being watched."""
    try:
        return min(60.0, max(0.0, float(os.environ["AUTOSDLC_PATIENCE"])))
    except (KeyError, ValueError):
        return PATIENCE


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {clean(str(error), 200)}"


class Reporter:
    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.pid = os.getpid()
        """A fork of this process reports nothing: its parent does."""
        self.line: str | None = None
        """What the terminal will say; once it is known, nothing more is reported."""
        self.remarks: list[str] = []
        """What it will say besides."""
        self.tally = Tally()
        self.collection_errors: list[Failure] = []
        self.interrupted = False
        self.deselected = False
        self.updated = 0.0
        self.publisher: Publisher | None = None
        settings = read_settings(config)
        self.server = find_server()
        self.root = settings.root
        self.project = Project(Path(config.invocation_params.dir), settings.root)
        self.began = monotonic()
        self.run = Run(settings.agent, settings.task, settings.title, round(time() * 1000))
        self.history = history.history_file(settings.root, settings.agent)
        if self.server is None:
            self.line = f"autosdlc: {NO_SERVER}"
        else:
            # As early as can be: it has its own imports to do while pytest collects.
            self.publisher = Publisher(self.server.url, self.server.token)

    def publish(self, events: Iterable[Event]) -> None:
        if self.publisher is not None:
            for type_, data in events:
                self.publisher.publish(type_, data)

    def give_up(self, why: str) -> None:
        self.line = f"autosdlc: {why}"
        if self.publisher is not None:
            self.publisher.close()

    @_guarded
    def pytest_sessionstart(self) -> None:
        self.publish([mapping.progress(self.run, 0)])

    @_guarded
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.tally.expect(item.nodeid for item in session.items)

    @pytest.hookimpl(optionalhook=True)
    @_guarded
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        """The controller collects nothing itself: its workers tell what they found."""
        self.tally.expect(ids)

    @_guarded
    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            failure = failure_of(report, self.project)
            self.collection_errors.append(failure)
        elif report.skipped:
            self.tally.add(report.nodeid, Outcome.SKIPPED, 0)

    @_guarded
    def pytest_deselected(self) -> None:
        self.deselected = True

    @_guarded
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        outcome = outcome_of(report)
        node_id = report.nodeid
        if is_subtest(report):
            if outcome is not None and outcome.bad:
                self.tally.add(node_id, outcome, 0, failure_of(report, self.project))
        elif outcome is None:
            self.tally.spend(node_id, report.duration)
        else:
            # `contains 2 failed subtests`: they have said why already.
            known = isinstance(report.longrepr, str) and self.tally.has_failed(node_id)
            failure = failure_of(report, self.project) if outcome.bad and not known else None
            self.tally.add(node_id, outcome, report.duration, failure)

    @_guarded
    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        file = self.tally.finish(nodeid)
        if file is not None:
            self.publish([mapping.test_result(self.run, file)])
        now = monotonic()
        if now - self.updated >= UPDATE_EVERY:
            self.updated = now
            self.publish([mapping.progress(self.run, self.tally.progress)])

    @_guarded
    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        # pytest's own `Interrupted` comes this way too: `-x` of a distributed run, for one.
        self.interrupted = excinfo.typename in ("KeyboardInterrupt", "Exit")

    @_guarded
    def pytest_internalerror(
        self, excrepr: object, excinfo: pytest.ExceptionInfo[BaseException]
    ) -> None:
        message = f"{excinfo.typename}: {excinfo.value}"
        self.publish([mapping.internal_error(self.run, message, str(excrepr))])

    @pytest.hookimpl(trylast=True)
    @_guarded
    def pytest_sessionfinish(self, exitstatus: int) -> None:
        seconds = monotonic() - self.began
        now = float(round(time() * 1000))
        ending = self._ending(exitstatus)
        counts = self.tally.counts
        outcomes = self.tally.outcomes
        measured = self._measured() if counts.total else None

        before = history.load(self.history)
        waiting = phases.outstanding(before, outcomes, self._selection())
        phase = phases.derive(before.phase, ending, counts, len(waiting))

        self.publish(mapping.test_result(self.run, file) for file in self.tally.left())
        self.publish(mapping.collection_errors(self.run, self.collection_errors))
        if measured is not None:
            self.publish([mapping.coverage_update(self.run, measured)])
        if phase is not None:
            lasted = now - before.since if before.phase not in (None, phase) else None
            change = PhaseChange(before.phase, phase, lasted)
            self.publish([mapping.phase_change(self.run, change, counts, measured, now)])
        outcome = RunOutcome(
            ending=ending,
            counts=counts,
            seconds=seconds,
            collection_errors=len(self.collection_errors),
            exit_code=int(exitstatus),
            waiting=len(waiting),
            done=self.tally.done,
            expected=self.tally.expected,
        )
        self.publish(mapping.ended(self.run, outcome, now))
        after = phases.remember(before, phase, outcomes, waiting, now)
        history.save(self.history, after, root=self.root, agent=self.run.agent)
        self._deliver()

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.line is not None:
            terminalreporter.write_line(self.line)

    def pytest_unconfigure(self) -> None:
        """Let the relay go where the run ended before it had begun."""
        if self.publisher is not None and os.getpid() == self.pid:
            self.publisher.close()

    def _measured(self) -> Measured | None:
        try:
            return read_coverage(self.config)
        except Exception as error:  # noqa: BLE001 - the rest of the run is known all the same
            self.remarks.append(f"coverage could not be read: {_words(error)}")
            return None

    def _deliver(self) -> None:
        if self.publisher is None or self.server is None:
            return
        report = self.publisher.finish(FLUSH_WITHIN, patience())
        url = presentable_url(self.server.url)
        if report is None:
            self.line = f"autosdlc: still sending to {url} in the background"
        elif report.problem is not None and not report.sent:
            self.line = f"autosdlc: could not deliver to {url}: {clean(report.problem, 200)}"
        else:
            some = "1 event" if report.sent == 1 else f"{report.sent} events"
            self.line = f"autosdlc: {some} sent to {url}"
            if self.publisher.dropped:
                self.remarks.append(f"{self.publisher.dropped} dropped")
            if report.problem is not None:
                self.remarks.append(clean(report.problem, 200))
        self.line = "; ".join([self.line, *self.remarks])

    def _ending(self, exitstatus: int) -> Ending:
        """Not by the exit code alone: a collection error, for one, exits like an interrupt."""
        if self.interrupted:
            return Ending.INTERRUPTED
        if exitstatus == pytest.ExitCode.INTERNAL_ERROR:
            return Ending.INTERNAL
        if self.collection_errors:
            return Ending.COLLECTION
        if exitstatus == pytest.ExitCode.USAGE_ERROR:
            return Ending.USAGE
        if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
            return Ending.NO_TESTS
        return Ending.COMPLETE

    def _selection(self) -> Selection:
        names = [str(name) for name in self.config.args]
        options: Any = self.config.option
        stopped = self.tally.done < self.tally.expected
        asked = any(getattr(options, option, None) for option in _PARTIAL)
        points = any("::" in name or name.startswith("@") for name in names)
        named = [Path(os.path.normpath(self.project.start / name)) for name in names]
        return Selection(
            partial=self.deselected or stopped or asked or points,
            contains=lambda file: any((self.root / file).is_relative_to(path) for path in named),
            exists=lambda file: (self.root / file_of(file)).exists(),
        )
