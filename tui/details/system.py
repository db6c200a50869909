"""Alerts, notifications and deployments in full."""

from rich.cells import cell_len

from tui.details.address import link
from tui.details.sections import field, paragraph, section
from tui.protocol.text import clean
from tui.store.alerts import Alert, Notice
from tui.store.deployments import MARKS, Component, Deployment
from tui.widgets.cells import Line, age, clock_time, fit, meter, percent
from tui.widgets.styles import OUTCOMES

BAR = 12
MAX_NAME = 40


def alert_lines(alert: Alert, width: int) -> list[Line]:
    return [
        *section("severity", [((alert.level, "bad" if alert.open else "dim"),)]),
        *section("what happened", paragraph(alert.description, width)),
        *section("affected", [((f"• {name}", "text"),) for name in alert.affected]),
        *section("what to do", _numbered(alert.recommended, width)),
    ]


def notice_lines(notice: Notice, width: int) -> list[Line]:
    return [
        *section("message", paragraph(notice.message, width)),
        *section(
            "actions",
            [link(f"{n}. {a.label}", a.address) for n, a in enumerate(notice.actions, 1)],
        ),
        *section("from", [((notice.source, "text"),)] if notice.source else []),
    ]


def deployment_lines(deployment: Deployment, now: float, width: int) -> list[Line]:
    running = deployment.progress is not None
    took = (now if running else deployment.at) - deployment.started
    expected = deployment.expected
    return [
        *section(
            "deployment",
            [
                field("environment", deployment.environment),
                *([field("version", deployment.version)] if deployment.version else []),
                field("id", deployment.id),
                field("status", deployment.status, OUTCOMES[deployment.outcome]),
                *([_progress(deployment.progress)] if deployment.progress is not None else []),
                field("running" if running else "took", age(took)),
                *(
                    [field("expected", f"{clock_time(expected)}, in {age(expected - now)}")]
                    if running and expected is not None
                    else []
                ),
                *([link("address    ", deployment.url)] if deployment.url else []),
            ],
        ),
        *section("components", _components(deployment.components, width)),
        *section(
            "so far",
            [
                (
                    (f"{clock_time(step.at)}  ", "dim"),
                    (f"{percent(step.percent):>4}  ", "info"),
                    (step.status, "text"),
                )
                for step in reversed(deployment.past)
            ],
        ),
    ]


def _components(components: tuple[Component, ...], width: int) -> list[Line]:
    longest = max((cell_len(clean(component.name)) for component in components), default=0)
    name = max(4, min(longest, MAX_NAME, width - BAR - 24))
    return [
        (
            (f"{MARKS[component.outcome]} ", OUTCOMES[component.outcome]),
            (f"{fit(component.name, name)}  ", "text"),
            (f"{fit(component.status, 12)}  ", OUTCOMES[component.outcome]),
            (_bar(component.progress), "info"),
        )
        for component in components
    ]


def _progress(share: float) -> Line:
    return field("progress", _bar(share), "info")


def _bar(share: float | None) -> str:
    return "" if share is None else f"{meter(share / 100, BAR)} {percent(share):>4}"


def _numbered(texts: tuple[str, ...], width: int) -> list[Line]:
    return [
        line
        for number, text in enumerate(texts, 1)
        for line in paragraph(f"{number}. {text}", width)
    ]
