"""A deployment and its components in a row: in words, or as a matrix where there is room. Pure."""

from collections.abc import Iterable
from typing import NamedTuple

from rich.cells import cell_len

from tui.protocol.text import clean
from tui.store.deployments import MARKS, Component, Deployment
from tui.widgets.cells import Line, Span, fit, meter, percent
from tui.widgets.styles import OUTCOMES

WORD = 8
"""Cells of the word: a severity, a bar, a number."""
PREFIX = 6 + 2 + WORD + 1
MATRIX_FROM, WORDS_FROM = 44, 80
"""From so many cells on deployments are a matrix of their components, and of their words, too."""
TITLE, LEAST_TITLE = 30, 12
"""Cells of an environment and its version in that; at least, where there are no words."""
MIN_COMPONENT, MAX_COMPONENT = 9, 12
SIGN = 3
"""Cells of a component without words."""
MORE = 4
"""Cells for how many components are left out."""


class Grid(NamedTuple):
    """How a matrix lies in its cells."""

    title: int
    components: tuple[tuple[str, int], ...]
    """Names, and the cells of each; another is between them."""
    left_out: int
    words: bool


def titled(item: Deployment) -> str:
    return f"{item.environment} {item.version or item.id}"


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
    grid = _grid(columns, width)
    return (
        (fit("TIME", 6), "head"),
        (fit("PROGRESS", PREFIX - 6), "head"),
        (fit("DEPLOYMENT", grid.title) + _gap(grid), "head"),
        *((fit(name.upper()[:cells], cells) + " ", "head") for name, cells in grid.components),
        (f"+{grid.left_out}" if grid.left_out else "", "dim"),
    )


def matrix(item: Deployment, columns: tuple[str, ...], width: int, style: str) -> Line:
    """What follows the prefix, in a row of `width` with it."""
    grid = _grid(columns, width)
    by_name = {component.name: component for component in item.components}
    known = grid.words and item.progress is not None
    progress = f" {percent(item.progress or 0.0)}" if known else ""
    return (
        (fit(titled(item), grid.title - len(progress)), style),
        (progress + _gap(grid), "info"),
        *(
            (fit(_cell(by_name.get(name), item.outcome, grid, cells), cells) + " ", style)
            for name, cells in grid.components
            for style in (_style(by_name, name),)
        ),
    )


def _cell(component: Component | None, whole: str, grid: Grid, cells: int) -> str:
    if component is None:
        return ""
    if (share := _share(component, whole)) is not None:
        done = percent(share)
        return f"{meter(share / 100, max(3, cells - 5))} {done:>4}" if grid.words else done
    mark = MARKS[component.outcome]
    return f"{mark} {component.status}" if grid.words else mark


def _style(components: dict[str, Component], name: str) -> str:
    component = components.get(name)
    return OUTCOMES[component.outcome] if component else ""


def _grid(columns: tuple[str, ...], width: int) -> Grid:
    """As many columns as fit beside a title; where there are few cells, of signs alone."""
    words = width >= WORDS_FROM
    room = width - PREFIX
    left = room - (TITLE + 2 + MORE if words else LEAST_TITLE + 1)
    shown: list[tuple[str, int]] = []
    for number, name in enumerate(columns, 1):
        cells = min(MAX_COMPONENT, max(MIN_COMPONENT, cell_len(clean(name)))) if words else SIGN
        left -= cells + 1
        if left < (0 if words or number == len(columns) else MORE):
            break
        shown.append((name, cells))
    more = len(columns) - len(shown)
    taken = sum(cells + 1 for _, cells in shown) + (MORE if more else 0)
    return Grid(TITLE if words else room - taken - 1, tuple(shown), more, words)


def _gap(grid: Grid) -> str:
    return "  " if grid.words else " "
