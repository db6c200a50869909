"""The story of one feature, from the customer's wish to staging, as a screenplay.

At pace 1 it takes about a minute: this is what a newcomer sees first. The scenes are in order, and
so is everything inside them.
"""

from tui.protocol.vocabulary import AgentStatus, NoticeLevel, Severity, StepType, TddPhase
from tui.sources.demo.cast import CODER, CUSTOMER, PM, REVIEWER, TESTER, Task
from tui.sources.demo.cycle import Alert, Cycle
from tui.sources.demo.features import Feature
from tui.sources.demo.outside import Deployment, Issue, PullRequest, notify, workflow_run
from tui.sources.demo.repository import Coverage
from tui.sources.demo.stage import DEBUG, ERROR, WARN, Stage
from tui.sources.demo.workflow import Step, Workflow

_STEPS = (
    Step("plan", "Plan", PM),
    Step("tests", "Failing tests", TESTER),
    Step("implement", "Implement", CODER, StepType.LOOP),
    Step("refactor", "Refactor", CODER),
    Step("review", "Review", REVIEWER, StepType.CONDITIONAL),
    Step("release", "Release to staging", PM, StepType.SUBWORKFLOW),
)


def curtain(stage: Stage, cycle: Cycle) -> None:
    """The state of things when the story begins, all within a third of a second."""
    coder = stage.agents[CODER]
    coder.task = Task(cycle.task_id, "refactor", "Tidy the ledger module", -96.0, 82)
    for agent in stage.agents.values():
        stage.status(agent.id, AgentStatus.BUSY if agent.task else AgentStatus.IDLE)
    for path in cycle.suite.files:
        cycle.report(path)
    cycle.phase(TddPhase.REFACTOR)
    cycle.measure("payments/ledger.py")
    workflow_run(stage, "ci", "main", stage.number("run", 998_871), "completed", "success")
    Deployment(stage, "production", 0).progress(100, "completed")
    stage.log(CODER, (DEBUG, "ledger.py: 3 call sites of post_entry() left to move"))
    stage.log(REVIEWER, "Waiting for a pull request")
    stage.wait(0.2)
    stage.log(TESTER, "pytest -q: 110 passed, 2 skipped in 4.41s")


class Chapter:
    """The scenes of one feature, which hand on an issue, a pull request and a workflow."""

    def __init__(self, stage: Stage, cycle: Cycle, feature: Feature) -> None:
        self.stage, self.cycle, self.feature = stage, cycle, feature
        self.goal = 94.2 if stage.unrest == 0 else stage.rng.uniform(93.4, 95.2)
        self.issue: Issue
        self.flow: Workflow
        self.pull: PullRequest
        self.alert: Alert | None = None

    def tell(self) -> None:
        self.plan()
        self.write_failing_tests()
        self.implement_until_a_person_is_needed()
        self.meanwhile()
        self.make_it_green()
        self.refactor()
        self.review()
        self.release()

    def plan(self) -> None:
        stage, feature = self.stage, self.feature
        stage.begin(CUSTOMER, "request", f"Ask for: {feature.title}")
        stage.log(CUSTOMER, feature.wish)
        self.issue = Issue(stage, feature.title, CUSTOMER, ("feature",))
        stage.begin(PM, "plan", f"Plan: {feature.title}")
        parameters = {"issue": self.issue.number, "branch": feature.branch}
        self.flow = Workflow(stage, "feature", CUSTOMER, parameters, _STEPS, 60)
        request = f"{feature.title} (#{self.issue.number})"
        see = ("See the issue", f"issues/{self.issue.number}")
        notify(stage, NoticeLevel.INFO, "New request", request, see=see)
        stage.work(
            PM,
            2.6,
            60,
            f"Reading issue #{self.issue.number}: {feature.title}",
            (DEBUG, "Looked up 3 earlier features that touch the same tables"),
            f"{len(feature.cases)} acceptance criteria found, one is unclear",
        )
        stage.work(CUSTOMER, 0.8, 90, "Answered: yes, also for payments of last year")
        stage.finish(CUSTOMER)
        if stage.agents[CODER].task:
            stage.finish(CODER, "Ledger tidied: no behaviour changed, 112 tests as before")
        stage.work(PM, 1.6, 100, "Plan: tests first, then code", "6 steps, 4 agents, 1 approval")
        stage.finish(PM)
        self.flow.step_done(criteria=len(feature.cases))

    def write_failing_tests(self) -> None:
        stage, cycle, feature = self.stage, self.cycle, self.feature
        cases = len(feature.cases)
        cycle.task_id = stage.begin(TESTER, "write_tests", f"Failing tests: {feature.title}")
        stage.wait(0.4)
        cycle.open_file(feature)
        stage.work(
            TESTER,
            3.0,
            35,
            f"git switch -c {feature.branch}",
            (DEBUG, f"Fixtures for {feature.test_file}: client, ledger, frozen clock"),
            f"{feature.cases[0].name}: written",
        )
        cycle.run(feature, 0, 1, TESTER)
        cycle.phase(TddPhase.RED, TESTER)
        stage.log(TESTER, f"RED: {feature.cases[0].message}")
        for count in range(2, cases + 1):
            name = feature.cases[count - 1].name
            stage.work(TESTER, 5.6 / (cases - 1), 35 + 55 * count / cases, f"{name}: written")
            cycle.run(feature, 0, count, TESTER)
        totals = cycle.suite.totals()
        summary = f"{totals['failing']} failed, {totals['passing']} passed"
        stage.log(TESTER, (WARN, f"pytest: {summary}, as they must before the code is there"))
        stage.work(TESTER, 1.6, 100, "Committed: failing tests only", f"Pushed {feature.branch}")
        self.pull = PullRequest(stage, feature.title, feature.branch)
        self.pull.run("queued")
        stage.finish(TESTER)
        self.flow.step_done(tests=cases, failing=cases)

    def implement_until_a_person_is_needed(self) -> None:
        stage, cycle, feature = self.stage, self.cycle, self.feature
        cycle.task_id = stage.begin(CODER, "implement_feature", f"Implement: {feature.title}")
        stage.wait(0.4)
        self.pull.run("in_progress")
        cycle.coverage.write(feature.module, 64, 30)
        stage.work(
            CODER,
            3.2,
            30,
            f"Read {feature.test_file}: {len(feature.cases)} tests to satisfy",
            (DEBUG, f"Created {feature.module}"),
            "Model and migration written",
            "The change must be applied before the tests can go on",
        )
        stage.status(CODER, AgentStatus.NEEDS_INPUT, feature.question)
        stage.log(CODER, (WARN, f"Permission needed: {feature.question}"))

    def meanwhile(self) -> None:
        """Twelve seconds in which a person is wanted, while all others go on."""
        stage, cycle, feature = self.stage, self.cycle, self.feature
        lines = cycle.coverage.lines
        to_go = self.goal - lines
        stage.begin(TESTER, "widen_coverage", "Tests for what nobody tested")
        stage.work(TESTER, 1.6, 20, "coverage run -m pytest", (DEBUG, "Combined 4 data files"))
        cycle.measure("payments/gateway.py", lines + to_go * 0.2)
        stage.begin(REVIEWER, "read_ahead", f"Read ahead: {feature.title}")
        stage.work(REVIEWER, 1.6, 40, f"Reading {feature.test_file}", "Names say what they guard")
        self.pull.run("completed", "failure")
        self.pull.checks(1, 1)
        stage.log(REVIEWER, (DEBUG, "CI is red: right, the code is not there yet"))
        stage.work(TESTER, 2.0, 50, "gateway.py: timeouts covered", "gateway.py: 5xx covered")
        cycle.measure("payments/gateway.py", lines + to_go * 0.4)
        branches = cycle.coverage.figures()["branches"]
        if branches < Coverage.BRANCH_MINIMUM:
            self.alert = self._low_branches(branches)
        stage.begin(PM, "report", "Tell the customer where we are")
        stage.work(PM, 1.6, 50, "Step 3 of 6 waits for a person", "Asked in #payments")
        stage.work(REVIEWER, 1.6, 80, "No test for a closed month: noted", "Draft review saved")
        self.issue.update("labeled", PM)
        stage.work(TESTER, 2.0, 70, "ledger.py: rounding covered", "ledger.py: reversal covered")
        cycle.measure("payments/ledger.py", lines + to_go * 0.5)
        stage.finish(REVIEWER)
        stage.work(PM, 1.5, 100, "Customer informed")
        stage.finish(PM)
        stage.status(CODER, AgentStatus.BUSY)
        stage.log(CODER, f"Permission granted by dana: {feature.question}")

    def make_it_green(self) -> None:
        stage, cycle, feature = self.stage, self.cycle, self.feature
        cases = len(feature.cases)
        some = cases // 2
        stage.work(
            CODER,
            1.8,
            55,
            "Applied, nothing lost",
            (DEBUG, f"{feature.module}: happy path"),
        )
        cycle.run(feature, some, cases)
        stage.log(CODER, (WARN, f"pytest: {cases - some} failed, {some} of {cases} pass"))
        stage.work(
            CODER,
            1.8,
            75,
            f"{feature.cases[some].name}: {feature.cases[some].message}",
            f"{feature.module}: edge cases",
        )
        cycle.run(feature, cases - 1, cases)
        stage.log(CODER, (ERROR, f"{feature.cases[-1].name}: {feature.cases[-1].message}"))
        stage.work(CODER, 1.8, 95, "The last one is a race: lock first, then read", "Locked")
        cycle.run(feature, cases, cases)
        cycle.phase(TddPhase.GREEN)
        totals = cycle.suite.totals()
        stage.log(CODER, f"GREEN: {totals['passing']} passed, {totals['skipped']} skipped")
        cycle.measure(feature.module, cycle.coverage.lines + 0.3 * self._to_go())
        stage.work(CODER, 2.0, 100, "git commit: all tests pass", f"Pushed {feature.branch}")
        self.pull.run("queued")
        stage.finish(CODER, f"Implemented: {feature.title}")
        self.flow.step_done(passing=cases)

    def refactor(self) -> None:
        stage, cycle, feature = self.stage, self.cycle, self.feature
        cycle.task_id = stage.begin(CODER, "refactor", f"Refactor: {feature.title}")
        cycle.phase(TddPhase.REFACTOR)
        self.pull.run("in_progress")
        stage.work(CODER, 1.6, 30, "Two functions do the same: one goes", "Renamed to what it is")
        stage.fault(
            TESTER,
            "ECONNREFUSED",
            "connection to 127.0.0.1:5432 refused",
            "Traceback (most recent call last):\n"
            '  File "tests/conftest.py", line 31, in ledger\n'
            "    engine.connect()\n"
            '  File "payments/db.py", line 12, in connect\n'
            "    return psycopg.connect(self.dsn, connect_timeout=2)\n"
            "psycopg.OperationalError: connection to 127.0.0.1:5432 refused",
        )
        stage.log(TESTER, (ERROR, "Database is gone; restarting its container, try 1 of 3"))
        stage.work(CODER, 1.8, 60, (DEBUG, "ruff, mypy: clean"), "Extracted the arithmetic")
        stage.status(TESTER, AgentStatus.BUSY, "database is back")
        stage.log(TESTER, "Database is back after 1 restart")
        cycle.measure(feature.module, cycle.coverage.lines + 0.6 * self._to_go())
        self.pull.checks(3, 1)
        self.pull.run("completed", "failure")
        stage.work(CODER, 1.6, 85, (WARN, "lint: line too long (103 > 100)"), "Wrapped")
        for path in sorted(cycle.suite.files)[:3]:
            cycle.report(path)
        stage.work(TESTER, 1.2, 95, "ledger.py: nothing left to cover", "All files run again")
        cycle.run(feature, len(feature.cases), len(feature.cases))
        cycle.measure(feature.module, self.goal)
        if self.alert:
            self.alert.resolve(f"Branch coverage is {cycle.coverage.figures()['branches']} %")
        stage.finish(TESTER, "Coverage goal reached")
        self.pull.run("queued")
        stage.work(CODER, 0.8, 100, f"{cycle.suite.totals()['passing']} passed, nothing changed")
        stage.finish(CODER)
        self.flow.step_done(coverage=cycle.coverage.figures())

    def review(self) -> None:
        stage, feature = self.stage, self.feature
        self.pull.ready()
        stage.begin(REVIEWER, "review", f"Review: PR #{self.pull.number}")
        self.pull.run("in_progress")
        stage.work(
            REVIEWER,
            2.0,
            50,
            f"git diff main...{feature.branch}: 4 files, +212 -38",
            (WARN, feature.remark),
        )
        self.pull.reviewed("CHANGES_REQUESTED")
        stage.begin(CODER, "address_review", f"Answer the review of #{self.pull.number}")
        stage.work(CODER, 1.8, 70, "The reviewer is right", "Fixed, with a test that fails without")
        self.pull.checks(2)
        stage.work(CODER, 0.9, 100, "Pushed the fix")
        stage.finish(CODER)
        stage.work(REVIEWER, 1.4, 90, (DEBUG, "Read the fix twice"), "Good: small and tested")
        self.pull.run("completed", "success")
        self.pull.checks(4)
        self.pull.reviewed("APPROVED")
        stage.finish(REVIEWER, f"Approved #{self.pull.number}")
        self.flow.step_done(decision="approved")

    def release(self) -> None:
        stage, feature = self.stage, self.feature
        stage.begin(PM, "release", f"Release: {feature.title}")
        self.pull.closed(merged=True)
        rollout = Deployment(stage, "staging", 6.6)
        for percent, line in (
            (12.5, "migrations: 1 to apply"),
            (37.5, "api: first pod healthy"),
            (62.5, "worker: draining the old one"),
            (87.5, "webhooks: warm"),
        ):
            stage.work(PM, 1.5, percent * 0.9, line)
            rollout.progress(percent)
        stage.wait(0.6)
        rollout.progress(100, "completed")
        stage.begin(CUSTOMER, "accept", f"Try on staging: {feature.title}")
        stage.work(CUSTOMER, 1.2, 100, "Tried it on staging", "This is what we asked for")
        stage.finish(CUSTOMER)
        self.issue.update("closed", CUSTOMER)
        notify(stage, NoticeLevel.SUCCESS, "On staging", f"{feature.title} is ready to try")
        stage.finish(PM, f"{feature.title}: done")
        self.flow.step_done(deployment=rollout.id)
        self.flow.complete({"pullRequest": self.pull.number, "deployment": rollout.id})

    def _to_go(self) -> float:
        return max(0.0, self.goal - self.cycle.coverage.lines)

    def _low_branches(self, branches: float) -> Alert:
        return Alert(
            self.stage,
            Severity.HIGH,
            "Branch coverage below minimum",
            f"Branch coverage is {branches} %, the minimum {Coverage.BRANCH_MINIMUM:.0f} %",
            (self.feature.module, "payments/gateway.py"),
            ("Cover the error paths first", "coverage report --skip-covered"),
        )
