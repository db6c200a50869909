"""All there is to say about one thing: what a person sees who opens a row.

A detail is made from the store anew whenever that has changed. It is pure: lines for a width, at a
moment. One file for each kind of thing.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from tui.details.subject import Subject
from tui.store import Store
from tui.widgets.cells import Line


class Detail(Protocol):
    def title(self, store: Store) -> str:
        """What it is about, in a few words."""

    def lines(self, store: Store, now: float, width: int) -> Sequence[Line]:
        """What there is to see at `now` (Unix ms); none where the store knows it no more."""

    def data(self, store: Store) -> object:
        """The same as plain values, for copying and exporting."""


def detail_of(subject: Subject) -> Detail:
    """Raises KeyError for a kind that has none."""
    return _KINDS[subject.kind](subject)


def _agent(subject: Subject) -> Detail:
    from tui.details.agent import AgentDetail

    return AgentDetail(subject)


def _item(subject: Subject) -> Detail:
    from tui.details.item import ItemDetail

    return ItemDetail(subject)


def _line(subject: Subject) -> Detail:
    from tui.details.line import LineDetail

    return LineDetail(subject)


def _cycle(subject: Subject) -> Detail:
    from tui.details.cycle import CycleDetail

    return CycleDetail(subject)


def _workflow(subject: Subject) -> Detail:
    from tui.details.workflow import WorkflowDetail

    return WorkflowDetail(subject)


_KINDS: dict[str, Callable[[Subject], Detail]] = {
    "agent": _agent,
    "item": _item,
    "line": _line,
    "cycle": _cycle,
    "workflow": _workflow,
}
