"""A deployment and its components in a row: in words, or as a matrix where there is room. Pure."""

from collections.abc import Iterable

from rich.cells import cell_len

from tui.protocol.text import clean
from tui.store.deployments import MARKS, Component, Deployment
from tui.widgets.cells import Line, Span, fit, meter

WORD = 8
"""Cells of the word: a severity, a bar, a number."""
PREFIX = 6 + 2 + WORD + 1
MATRIX_FROM = 80
"""From so many cells on deployments are a matrix of their components."""
OUTCOMES = {"done": "ok", "failed": "bad", "waiting": "dim", "running": "info"}
"""The style of each outcome of a component."""
TITLE = 30
"""Cells of an environment and its version in that."""
MAX_COMPONENT = 12


def titled(item: Deployment) -> str:
    return f"{item.environment} {item.version or item.id}"


def percent(share: float) -> str:
    """A publisher's percent, as far as it can be one."""
    return f"{min(999.0, max(0.0, share)):.0f}%"


def component_words(item: Deployment) -> list[Span]:
    if item.components and all(c.outcome == "done" for c in item.components):
        count = len(item.components)
        return [(f"all {count} ✓" if count > 1 else f"{item.components[0].name}✓", "ok")]
    return [_component_word(c, item.outcome) for c in _by_interest(item)]


def _by_interest(item: Deployment) -> list[Component]:
    """What failed and what is under way before what is done or waits."""
    order = ("failed", "running", "done", "waiting")
    return sorted(item.components, key=lambda c: order.index(c.outcome))


def _component_word(component: Component, whole: str) -> Span:
    share = _share(component, whole)
    mark = MARKS[component.outcome] if share is None else f" {percent(share)}"
    return (f"{clean(component.name, 24)}{mark}", OUTCOMES[component.outcome])


def _share(component: Component, whole: str) -> float | None:
    """Percent that are done while it goes on: not in a deployment that has failed."""
    return component.progress if component.outcome == whole == "running" else None


def component_columns(deployments: Iterable[Deployment]) -> tuple[str, ...]:
    """The components of all of them, in the order of the newest."""
    names: dict[str, None] = {}
    for deployment in deployments:
        names |= dict.fromkeys(component.name for component in deployment.components)
    return tuple(names)


def head_line(columns: tuple[str, ...], width: int) -> Line:
    shown, more = _shown(columns, width - PREFIX)
    return (
        (fit("TIME", 6), "head"),
        (fit("PROGRESS", PREFIX - 6), "head"),
        (fit("DEPLOYMENT", TITLE) + "  ", "head"),
        *((fit(name.upper(), _column(name)) + " ", "head") for name in shown),
        (f"+{more}" if more else "", "dim"),
    )


def matrix(item: Deployment, columns: tuple[str, ...], width: int, style: str) -> Line:
    by_name = {component.name: component for component in item.components}
    progress = "" if item.progress is None else f" {percent(item.progress)}"
    name = fit(titled(item), TITLE - len(progress))
    return (
        (name, style),
        (f"{progress}  ", "info"),
        *(
            (
                fit(*_cell(by_name.get(name), item.outcome, _column(name))) + " ",
                _style(by_name, name),
            )
            for name in _shown(columns, width)[0]
        ),
    )


def _cell(component: Component | None, whole: str, width: int) -> tuple[str, int]:
    if component is None:
        return "", width
    if (share := _share(component, whole)) is not None:
        return f"{meter(share / 100, max(3, width - 5))} {percent(share):>4}", width
    return f"{MARKS[component.outcome]} {component.status}", width


def _style(components: dict[str, Component], name: str) -> str:
    component = components.get(name)
    return OUTCOMES[component.outcome] if component else ""


def _column(name: str) -> int:
    return min(MAX_COMPONENT, max(9, cell_len(clean(name))))


def _shown(columns: tuple[str, ...], width: int) -> tuple[list[str], int]:
    """The columns that fit, and how many do not."""
    left = width - TITLE - 2 - 4
    shown: list[str] = []
    for name in columns:
        left -= _column(name) + 1
        if left < 0:
            break
        shown.append(name)
    return shown, len(columns) - len(shown)
