"""Between two features: a dependency update, which does not always end well."""

from tui.protocol.vocabulary import NoticeLevel, Severity
from tui.sources.demo.cast import CODER, REVIEWER, TESTER
from tui.sources.demo.cycle import Alert
from tui.sources.demo.outside import PullRequest, notify
from tui.sources.demo.stage import DEBUG, ERROR, WARN, Stage
from tui.sources.demo.workflow import Step, Workflow

_STEPS = (
    Step("bump", "Raise the version", CODER),
    Step("contract", "Contract tests", TESTER),
    Step("merge", "Merge", REVIEWER),
)
_UPDATES = (
    ("httpx", "0.27.2", "0.28.1", "AsyncClient() got an unexpected argument 'proxies'"),
    ("sqlalchemy", "2.0.38", "2.0.41", "Session.merge() no longer loads expired attributes"),
    ("pydantic", "2.10.6", "2.11.5", "Amount: decimal places are now checked before rounding"),
    ("cryptography", "44.0.3", "45.0.4", "load_pem_private_key() refuses 1024-bit keys"),
    ("uvicorn", "0.34.2", "0.34.3", "lifespan is cancelled before the last response is written"),
)
_TROUBLES = (
    (Severity.MEDIUM, "Slow answers on staging", "p95 of POST /payments is 912 ms", "api"),
    (Severity.LOW, "Queue is growing", "webhooks: 1,240 messages wait, 300 are usual", "webhooks"),
    (Severity.CRITICAL, "Worker out of memory", "worker-2 was killed at 512 MiB", "worker"),
    (Severity.HIGH, "Certificate ends soon", "api.staging: 3 days left", "api"),
)


def update(stage: Stage, *, fails: bool) -> None:
    """A workflow of three steps that stops at the second where it `fails`."""
    package, old, new, complaint = stage.rng.choice(_UPDATES)
    what = f"{package} {old} to {new}"
    flow = Workflow(stage, "maintenance", "scheduler", {"package": package}, _STEPS, 12)
    stage.begin(CODER, "update_dependency", f"Update {what}")
    stage.work(CODER, 2.4, 90, f"Changelog of {package} {new} read", (DEBUG, "Lock file written"))
    pull = PullRequest(stage, f"Update {what}", f"deps/{package}-{new}")
    pull.run("queued")
    stage.finish(CODER)
    flow.step_done(package=package, version=new)
    stage.begin(TESTER, "contract_tests", f"Contract tests with {package} {new}")
    stage.wait(0.6)
    pull.run("in_progress")
    stage.work(TESTER, 3.6, 60, "14 contracts to hold", "bank: held", "card scheme: held")
    if fails:
        stage.give_up(TESTER, (ERROR, f"ledger export: {complaint}"))
        pull.run("completed", "failure")
        pull.checks(3, 1)
        flow.fail(f"Contract tests: 1 of 14 broken by {package} {new}: {complaint}")
        see = ("See the pull request", f"pull/{pull.number}")
        notify(stage, NoticeLevel.ERROR, "Update stopped", f"{what}: {complaint}", see=see)
        pull.closed(merged=False)
        return
    stage.finish(TESTER, "14 of 14 contracts held")
    pull.run("completed", "success")
    pull.checks(4)
    flow.step_done(contracts=14)
    stage.begin(REVIEWER, "review", f"Review: PR #{pull.number}")
    stage.work(REVIEWER, 2.4, 100, (DEBUG, "Only the lock file changed"), "Nothing to add")
    pull.reviewed("APPROVED")
    pull.closed(merged=True)
    stage.finish(REVIEWER)
    flow.step_done(merged=True)
    flow.complete({"pullRequest": pull.number})


def trouble(stage: Stage) -> None:
    """Something on staging that a tester looks into, and that goes away."""
    severity, title, description, component = stage.rng.choice(_TROUBLES)
    alert = Alert(
        stage, severity, title, description, (component,), (f"Look at the logs of {component}",)
    )
    stage.begin(TESTER, "investigate", title)
    stage.work(
        TESTER,
        7.0,
        90,
        f"kubectl logs deploy/{component} --since=10m",
        (WARN, description),
        (DEBUG, "Nothing like it in production"),
        "Old pod replaced",
    )
    alert.resolve(f"{component}: as usual again")
    stage.finish(TESTER)
