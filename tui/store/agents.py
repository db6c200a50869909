"""What each agent is doing, folded from `agent_status`, `agent_task_update`, `agent_metric`."""

from collections import Counter, OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING

from tui.store.bounds import cut
from tui.store.past import Past, Task

if TYPE_CHECKING:
    from tui.protocol.models.agent import (
        AgentErrorEvent,
        AgentLogEvent,
        AgentMetricEvent,
        AgentMetrics,
        AgentStatusEvent,
        AgentTaskUpdateEvent,
    )
    from tui.protocol.models.tdd import CoverageUpdateEvent, TddPhaseChangeEvent, TestResultEvent

    Word = AgentLogEvent | TddPhaseChangeEvent | TestResultEvent | CoverageUpdateEvent

TREND = 8
"""How many values of a trend are kept."""
MAX_AGENTS = 20_000
ATTENTION = {"needs_input": 0, "blocked": 1, "error": 1, "busy": 3, "idle": 4, "offline": 5}
"""How urgently a person should look, least first; a status that we do not know comes after busy."""
UNKNOWN = 3
QUIET_AFTER = 60_000.0
"""A working agent unheard of for this long (ms) is quiet: nobody knows whether it works still."""
CALLS = frozenset({"needs_input", "blocked", "error"})
"""The statuses that want a person."""


class Agent:
    """What an agent said of itself last."""

    def __init__(self, agent_id: str, since: float = 0.0) -> None:
        self.id = agent_id
        self.kind = ""
        self.status = ""
        self.attention = UNKNOWN
        """How urgently a person should look: of ATTENTION."""
        self.since = since
        """When it entered its status."""
        self.called = 0.0
        """When it began to want a person for the reason that it gives now."""
        self.seen = 0.0
        """The newest word from it, of any kind."""
        self.reason = ""
        self.task_id = ""
        self.task = ""
        """The task's title, or else its type."""
        self.progress: float | None = None
        """Percent."""
        self.cpu: float | None = None
        self.memory: float | None = None
        """Bytes."""
        # Tuples: of 20,000 agents, two deques each would take 30 MB while they are empty.
        self.cpu_trend: tuple[float, ...] = ()
        self.memory_trend: tuple[float, ...] = ()
        self.errors = 0
        self.last_error = ""
        """Since it was last said to be well again."""

    @property
    def needs_you(self) -> bool:
        return self.status == "needs_input"

    def is_quiet(self, now: float) -> bool:
        """Whether it was working, and has long not been heard of."""
        return self.status == "busy" and now - self.seen > QUIET_AFTER

    @property
    def why(self) -> str:
        """What a person should read: the exact question, the reason, or the error."""
        return self.reason or (self.last_error if self.status == "error" else "")


class Agents:
    """All agents by id; when there are too many, the one unheard of for longest leaves."""

    def __init__(
        self,
        ended: Callable[[Agent], None] = lambda _: None,
        began: Callable[[Agent], None] = lambda _: None,
    ) -> None:
        """`ended` is given an agent before it wants a person no more, or for another reason.

        `began` is given one that now wants a person, and of which an event says that it had
        another status just before.
        """
        self._ended = ended
        self._began = began
        self.by_id: OrderedDict[str, Agent] = OrderedDict()
        self.calling: dict[str, Agent] = {}
        """Those that want a person."""
        self.past = Past()
        self.revision = 0
        """Counts what may move a row or change its text: all but progress and metrics."""
        self.calls = 0
        """Counts changes in who calls, and why."""
        self._counts: Counter[str] = Counter()

    def heard(self, agent_id: str, at: float) -> Agent:
        """The agent of that id, made where it is new, and heard of at `at`."""
        agent = self.by_id.get(agent_id)
        if agent is None:
            if len(self.by_id) >= MAX_AGENTS:
                self._forget_one()
            agent = self.by_id[agent_id] = Agent(agent_id, since=at)
            self._counts[""] += 1
            self.revision += 1
        else:
            self.by_id.move_to_end(agent_id)
        if at > agent.seen:
            agent.seen = at
        return agent

    def on_status(self, event: "AgentStatusEvent") -> None:
        data = event.data
        at = event.timestamp
        agent = self.heard(data.agent_id, at)
        agent.kind = cut(data.agent_type)
        why, title = agent.why, agent.task
        status = cut(data.status)
        reason = cut(data.reason)
        called = status != agent.status
        if (called or reason != agent.reason) and agent.status in CALLS:
            self._ended(agent)
        if called:
            self._count(agent.status, -1)
            self._count(status, 1)
            agent.status = status
            agent.attention = ATTENTION.get(status, UNKNOWN)
            agent.since = at
            if status != "error":
                agent.last_error = ""  # it goes on: that is no reason for the next time
        agent.reason = reason
        task = data.current_task
        if task is not None:
            _take_up(agent, self.past.on_task(agent.id, task, at))
        elif status in ("idle", "offline"):
            agent.task_id = agent.task = ""
            agent.progress = None
        if data.metrics is not None:
            self._measure(agent, data.metrics, at)
        if called or agent.why != why:
            self.revision += 1
            self._call(agent, at)
            if status in CALLS and data.previous_status not in (None, status):
                self._began(agent)
        elif agent.task != title:
            self.revision += 1

    def on_task(self, event: "AgentTaskUpdateEvent") -> None:
        data = event.data
        agent = self.heard(data.agent_id, event.timestamp)
        title = agent.task
        _take_up(agent, self.past.on_task_update(data, event.timestamp))
        if agent.task != title:
            self.revision += 1

    def on_metric(self, event: "AgentMetricEvent") -> None:
        at = event.timestamp
        self._measure(self.heard(event.data.agent_id, at), event.data.metrics, at)

    def on_error(self, event: "AgentErrorEvent") -> None:
        agent = self.heard(event.data.agent_id, event.timestamp)
        before = agent.why
        agent.errors += 1
        agent.last_error = cut(event.data.message)
        self.past.on_error(event.data, event.timestamp)
        if agent.why != before:
            self._ended(agent)
            self.revision += 1
            self._call(agent, event.timestamp)

    def on_word(self, event: "Word") -> None:
        """What else an agent says shows that it is alive; alone, it makes no agent known."""
        agent_id, at = event.data.agent_id, event.timestamp
        agent = self.by_id.get(agent_id)
        if agent is not None:
            self.by_id.move_to_end(agent_id)
            if at > agent.seen:
                agent.seen = at

    def count(self, *statuses: str) -> int:
        return sum(self._counts[status] for status in statuses)

    def quiet(self, now: float) -> int:
        """How many of the working ones are quiet at `now` (Unix ms)."""
        return sum(one.is_quiet(now) for one in self.by_id.values())

    def _measure(self, agent: Agent, metrics: "AgentMetrics", at: float) -> None:
        cpu, memory = metrics.cpu_usage, metrics.memory_usage
        if cpu is not None:
            agent.cpu = cpu
            agent.cpu_trend = (*agent.cpu_trend[1 - TREND :], cpu)
        if memory is not None:
            agent.memory = memory
            agent.memory_trend = (*agent.memory_trend[1 - TREND :], memory)
        self.past.on_metrics(agent.id, metrics, at)

    def _call(self, agent: Agent, at: float) -> None:
        """Its status, or why it is in it, has changed."""
        if agent.status in CALLS:
            agent.called = at
            self.calling[agent.id] = agent
            self.calls += 1
        elif self.calling.pop(agent.id, None):
            self.calls += 1

    def _count(self, status: str, by: int) -> None:
        self._counts[status] += by
        if not self._counts[status]:
            del self._counts[status]  # statuses are anybody's words: none is kept that no one has

    def _forget_one(self) -> None:
        """One that waits for a person says nothing meanwhile: it leaves only where all wait."""
        calling = self.calling
        leaves = next((id_ for id_ in self.by_id if id_ not in calling), next(iter(self.by_id)))
        agent = self.by_id.pop(leaves)
        self._count(agent.status, -1)
        self.revision += 1
        if self.calling.pop(agent.id, None):
            self.calls += 1


def _take_up(agent: Agent, task: Task) -> None:
    """Show what it is at; a title that is known stays, though what is said later leaves it out."""
    if agent.task_id != task.id or task.title or agent.task == task.id:
        agent.task_id = task.id
        agent.task = task.title or task.kind or task.id
    agent.progress = task.progress
