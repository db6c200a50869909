"""The one store: every event goes in here, and every pane reads from here."""

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from tui.protocol.catalog import EVENTS, MessageType
from tui.store.agents import Agents
from tui.store.bounds import MESSAGE, cut
from tui.store.delivery import Delivery
from tui.store.history import History
from tui.store.inbox import Inbox
from tui.store.link import Link
from tui.store.logs import LogLine, Logs
from tui.store.ribbon import Ribbon
from tui.store.tdd import Cycles
from tui.store.tdd.cycles import MINIMUM, WITNESSES
from tui.store.workflows import Workflows

if TYPE_CHECKING:
    from tui.protocol.models import Message


class Slice(StrEnum):
    """A part of the store that can change on its own: what a pane says it reads."""

    AGENTS = "agents"
    TDD = "tdd"
    WORKFLOWS = "workflows"
    DELIVERY = "delivery"
    LOGS = "logs"
    LINK = "link"
    INBOX = "inbox"
    """What a person has put off."""


class Store:
    """Events in, by `apply`; records out; and which slices changed since they were last drained."""

    def __init__(
        self, put_off: dict[str, Any] | None = None, *, coverage_minimum: float = MINIMUM
    ) -> None:
        """`put_off` is what the inbox remembers between starts; `coverage_minimum` in percent."""
        self.agents = Agents()
        self.tdd = Cycles(coverage_minimum)
        self.workflows = Workflows()
        self.delivery = Delivery()
        self.inbox = Inbox(self.agents, self.delivery, put_off, self._inbox_changed)
        self.logs = Logs()
        self.history = History()
        self.ribbon = Ribbon()
        self.link = Link()
        self.events = 0
        """Events applied so far."""
        self._dirty: set[Slice] = set(Slice)
        t = MessageType
        self._folds: dict[str, tuple[Callable[[Any], None], Slice]] = {
            t.AGENT_STATUS: (self.agents.on_status, Slice.AGENTS),
            t.AGENT_TASK_UPDATE: (self.agents.on_task, Slice.AGENTS),
            t.AGENT_LOG: (self.logs.on_log, Slice.LOGS),
            t.AGENT_METRIC: (self.agents.on_metric, Slice.AGENTS),
            t.AGENT_ERROR: (self._on_agent_error, Slice.AGENTS),
            t.TDD_PHASE_CHANGE: (self.tdd.on_phase, Slice.TDD),
            t.TEST_RESULT: (self.tdd.on_result, Slice.TDD),
            t.COVERAGE_UPDATE: (self.tdd.on_coverage, Slice.TDD),
            t.WORKFLOW_STARTED: (self.workflows.on_started, Slice.WORKFLOWS),
            t.WORKFLOW_STEP_COMPLETE: (self.workflows.on_step, Slice.WORKFLOWS),
            t.WORKFLOW_COMPLETE: (self.workflows.on_complete, Slice.WORKFLOWS),
            t.WORKFLOW_FAILED: (self.workflows.on_failed, Slice.WORKFLOWS),
            t.SYSTEM_NOTIFICATION: (self.delivery.on_notification, Slice.DELIVERY),
            t.SYSTEM_ALERT: (self.delivery.on_alert, Slice.DELIVERY),
            t.DEPLOYMENT_STATUS: (self.delivery.on_deployment, Slice.DELIVERY),
            t.GITHUB_ISSUE_UPDATE: (self.delivery.on_issue, Slice.DELIVERY),
            t.GITHUB_PR_UPDATE: (self.delivery.on_pr, Slice.DELIVERY),
            t.GITHUB_WORKFLOW_UPDATE: (self.delivery.on_ci, Slice.DELIVERY),
        }

    def apply(self, event: "Message") -> None:
        """Fold one event. What cannot be read (unknown type, locked) becomes a raw log line."""
        fold = self._folds.get(event.type)
        self.events += 1
        self.history.add(event)
        readable = fold is not None and not (event.metadata and event.metadata.encrypted)
        self.ribbon.add(event, readable=readable)
        if fold is None or not readable:
            self._keep_raw(event)
            return
        fold[0](event)
        self._dirty.add(fold[1])
        if fold[1] is Slice.DELIVERY:
            self.inbox.alerts_changed()
        if event.type in WITNESSES and self.tdd.on_word(event):
            self._dirty.add(Slice.TDD)

    def set_link(self, link: Link) -> None:
        if link != self.link:
            self.link = link
            self._dirty.add(Slice.LINK)

    def note(self, line: LogLine) -> None:
        """Add a log line that no agent said."""
        self.logs.add(line)
        self._dirty.add(Slice.LOGS)

    def drain(self) -> set[Slice]:
        """The slices that changed since the last call."""
        dirty, self._dirty = self._dirty, set()
        return dirty

    @property
    def dirty(self) -> bool:
        return bool(self._dirty)

    def _inbox_changed(self) -> None:
        self._dirty.add(Slice.INBOX)

    def _on_agent_error(self, event: Any) -> None:
        self.agents.on_error(event)
        self.logs.on_error(event)
        self._dirty.add(Slice.LOGS)

    def _keep_raw(self, event: "Message") -> None:
        locked = event.type in EVENTS
        source = (event.metadata and event.metadata.source) or ""
        message = f"{event.type} (encrypted)" if locked else f"{event.type} {event.data}"
        self.note(LogLine(event.timestamp or 0.0, source, "raw", cut(message, MESSAGE)))
