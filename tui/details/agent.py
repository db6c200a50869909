"""An agent: what it does, how it fares, what it said, and what it sent."""

from collections.abc import Sequence

from tui.details.sections import as_data, field, paragraph, raw_events, section
from tui.details.subject import Subject
from tui.store import Store
from tui.widgets.cells import Line, age

EVENTS = 20
"""Raw events shown."""


class AgentDetail:
    def __init__(self, subject: Subject) -> None:
        self._id = subject.key

    def title(self, store: Store) -> str:
        agent = store.agents.by_id.get(self._id)
        return f"{self._id} {agent.kind}" if agent else self._id

    def lines(self, store: Store, now: float, width: int) -> Sequence[Line]:
        agent = store.agents.by_id.get(self._id)
        if agent is None:
            return ()
        return [
            *section(
                "now",
                [
                    field("status", f"{agent.status} for {age(now - agent.since)}"),
                    *paragraph(agent.reason, width, "alarm" if agent.needs_you else "text"),
                ],
            ),
            *section(
                "events", raw_events(store.history.about("agent_id", self._id, EVENTS), width)
            ),
        ]

    def data(self, store: Store) -> object:
        return [as_data(event) for event in store.history.about("agent_id", self._id)]
