"""The one store: every event goes in here, and every pane reads from here."""

from collections.abc import Callable, Sequence
from enum import StrEnum
from math import inf
from typing import TYPE_CHECKING, Any, NamedTuple

from tui.protocol.catalog import EVENTS, MessageType
from tui.store.agents import Agent, Agents
from tui.store.bounds import MESSAGE, cut
from tui.store.delivery import Delivery
from tui.store.elsewhere import Elsewhere, elsewhere
from tui.store.history import History
from tui.store.inbox import Inbox
from tui.store.item import Item
from tui.store.link import Link
from tui.store.logs import LogLine, Logs
from tui.store.ribbon import Bucket, Ribbon
from tui.store.tdd import Cycles
from tui.store.tdd.cycles import MINIMUM
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


MAX_UNSETTLED = 1024 * 1024
"""Bytes of JSON, which take ten times as much once they are read, and hostile ones more."""


class _Fold(NamedTuple):
    """What is done with the events of one type."""

    type: MessageType
    slice: Slice
    fold: Callable[[Any], None]
    mark: Callable[[Bucket, Any], None] | None = None
    """What it leaves on the ribbon."""
    witness: Callable[[Any], bool] | None = None
    """Whether it told something of its agent's cycle."""
    word: Callable[[Any], None] | None = None
    """Where `fold` is not the agents' own, though an agent says it: what tells them."""


class Store:
    """Events in, by `apply`; records out; and which slices changed since they were last drained."""

    def __init__(
        self,
        put_off: dict[str, Any] | None = None,
        *,
        coverage_minimum: float = MINIMUM,
        clock: Callable[[], float] = lambda: inf,
    ) -> None:
        """`put_off` is what the inbox remembers between starts; `coverage_minimum` in percent.

        By `clock` (Unix ms) the ribbon knows what is dated later than now, and the cycles since
        when they hear of all.
        """
        self._clock = clock
        self._started = clock()
        self.agents = Agents(self._ended, self._began)
        self.tdd = Cycles(coverage_minimum)
        self.workflows = Workflows()
        self.delivery = Delivery(self._ended)
        self.inbox = Inbox(self.agents, self.delivery, put_off, self._inbox_changed)
        self.logs = Logs()
        self.history = History()
        self.ribbon = Ribbon(clock)
        self.link = Link()
        self.others: Sequence[tuple[str, Inbox]] = ()
        """What wants a person at the other servers that are watched, by their names."""
        self.events = 0
        """Events applied so far."""
        self._told_of = inf
        """When what is told afterwards happened (Unix ms); infinite for what happens now.

        That is what happened before the start: by an agent's clock, which may be wrong. What came
        while the link was down is as good as now: rather too much is asked again than too little.
        """
        self._unsettled = 0
        """Bytes of events that came since all of delivery was settled."""
        self._dirty: set[Slice] = set(Slice)
        agents, tdd, flows, delivery = self.agents, self.tdd, self.workflows, self.delivery
        t, ribbon = MessageType, self.ribbon
        folds = (
            _Fold(t.AGENT_STATUS, Slice.AGENTS, agents.on_status, mark=ribbon.on_status),
            _Fold(t.AGENT_TASK_UPDATE, Slice.AGENTS, agents.on_task, witness=tdd.on_task),
            _Fold(
                t.AGENT_LOG, Slice.LOGS, self.logs.on_log, witness=tdd.on_log, word=agents.on_word
            ),
            _Fold(t.AGENT_METRIC, Slice.AGENTS, agents.on_metric),
            _Fold(t.AGENT_ERROR, Slice.AGENTS, self._on_agent_error, witness=tdd.on_error),
            _Fold(
                t.TDD_PHASE_CHANGE,
                Slice.TDD,
                tdd.on_phase,
                mark=ribbon.on_phase,
                word=agents.on_word,
            ),
            _Fold(t.TEST_RESULT, Slice.TDD, tdd.on_result, word=agents.on_word),
            _Fold(
                t.COVERAGE_UPDATE,
                Slice.TDD,
                tdd.on_coverage,
                mark=ribbon.on_coverage,
                word=agents.on_word,
            ),
            _Fold(t.WORKFLOW_STARTED, Slice.WORKFLOWS, flows.on_started),
            _Fold(t.WORKFLOW_STEP_COMPLETE, Slice.WORKFLOWS, flows.on_step),
            _Fold(t.WORKFLOW_COMPLETE, Slice.WORKFLOWS, flows.on_complete),
            _Fold(t.WORKFLOW_FAILED, Slice.WORKFLOWS, flows.on_failed),
            _Fold(t.SYSTEM_NOTIFICATION, Slice.DELIVERY, delivery.on_notification),
            _Fold(t.SYSTEM_ALERT, Slice.DELIVERY, self._on_alert),
            _Fold(
                t.DEPLOYMENT_STATUS,
                Slice.DELIVERY,
                delivery.on_deployment,
                mark=ribbon.on_deployment,
            ),
            _Fold(t.GITHUB_ISSUE_UPDATE, Slice.DELIVERY, delivery.on_issue),
            _Fold(t.GITHUB_PR_UPDATE, Slice.DELIVERY, delivery.on_pr),
            _Fold(t.GITHUB_WORKFLOW_UPDATE, Slice.DELIVERY, delivery.on_ci, mark=ribbon.on_ci),
        )
        # By plain texts: to find an enum's member takes longer.
        self._folds = {fold.type.value: fold for fold in folds}

    def apply(self, event: "Message", size: int = 0) -> None:
        """Fold one event. What cannot be read (unknown type, locked) becomes a raw log line.

        `size` is about how many bytes of JSON it was; 0: too few to mind.
        """
        self.events += 1
        self.history.add(event, size)
        self._unsettled += size
        if self._unsettled > MAX_UNSETTLED:
            self._unsettled = 0
            self.delivery.settle()
        bucket = self.ribbon.count(event.timestamp)
        found = self._folds.get(event.type)
        metadata = event.metadata
        self._told_of = inf
        if metadata is not None:
            if metadata.replayed and event.timestamp and event.timestamp < self._started:
                self._told_of = event.timestamp
            if metadata.encrypted:
                found = None
        if found is None:
            self._keep_raw(event)
            return
        _, slice_, fold, mark, witness, word = found
        if mark is not None and bucket is not None:
            mark(bucket, event)
        fold(event)
        self._dirty.add(slice_)
        if word is not None:
            word(event)  # that changes an age alone, which is drawn each second anyway
        if witness is not None and witness(event):
            self._dirty.add(Slice.TDD)

    def set_link(self, link: Link) -> None:
        if link != self.link:
            if link.live and not self.link.live:
                self.tdd.listen(self._clock())
            self.link = link
            self._dirty.add(Slice.LINK)

    def elsewhere(self, now: float) -> Sequence[Elsewhere]:
        """The other servers where something wants a person at `now` (Unix ms)."""
        return elsewhere(self.others, now) if self.others else ()

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

    def _ended(self, thing: Agent | Item) -> None:
        self.inbox.ended(thing, self._told_of)

    def _began(self, agent: Agent) -> None:
        self.inbox.began(agent)

    def _inbox_changed(self) -> None:
        self._dirty.add(Slice.INBOX)

    def _on_agent_error(self, event: Any) -> None:
        self.agents.on_error(event)
        self.logs.on_error(event)
        self._dirty.add(Slice.LOGS)

    def _on_alert(self, event: Any) -> None:
        self.delivery.on_alert(event)
        self.inbox.alerts_changed()

    def _keep_raw(self, event: "Message") -> None:
        locked = event.type in EVENTS
        source = (event.metadata and event.metadata.source) or ""
        message = f"{event.type} (encrypted)" if locked else f"{event.type} {event.data}"
        self.note(LogLine(event.timestamp or 0.0, source, "raw", cut(message, MESSAGE)))
