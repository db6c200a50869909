"""What each agent is doing, folded from `agent_status`, `agent_task_update`, `agent_metric`."""

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tui.store.bounds import cut

if TYPE_CHECKING:
    from tui.protocol.models.agent import (
        AgentErrorEvent,
        AgentMetricEvent,
        AgentMetrics,
        AgentStatusEvent,
        AgentTaskUpdateEvent,
    )

TREND = 8
"""How many values of a trend are kept."""
MAX_AGENTS = 20_000
ATTENTION = {"needs_input": 0, "blocked": 1, "error": 1, "busy": 3, "idle": 4, "offline": 5}
"""How urgently a person should look, least first; a status that we do not know comes after busy."""


@dataclass(slots=True)
class Agent:
    id: str
    kind: str = ""
    status: str = ""
    since: float = 0.0
    """When it entered its status."""
    seen: float = 0.0
    """The newest word from it, of any kind."""
    reason: str = ""
    task_id: str = ""
    task: str = ""
    """The task's title, or else its type."""
    progress: float | None = None
    """Percent."""
    cpu: float | None = None
    memory: float | None = None
    """Bytes."""
    cpu_trend: deque[float] = field(default_factory=lambda: deque(maxlen=TREND))
    errors: int = 0
    last_error: str = ""

    @property
    def needs_you(self) -> bool:
        return self.status == "needs_input"

    @property
    def attention(self) -> int:
        return ATTENTION.get(self.status, 3)


class Agents:
    """All agents by id; the one unheard of for longest leaves when there are too many."""

    def __init__(self) -> None:
        self.by_id: OrderedDict[str, Agent] = OrderedDict()

    def heard(self, agent_id: str, at: float) -> Agent:
        """The agent of that id, made where it is new, and heard of at `at`."""
        agent = self.by_id.get(agent_id)
        if agent is None:
            if len(self.by_id) >= MAX_AGENTS:
                self.by_id.popitem(last=False)
            agent = self.by_id[agent_id] = Agent(agent_id, since=at)
        else:
            self.by_id.move_to_end(agent_id)
        agent.seen = max(agent.seen, at)
        return agent

    def on_status(self, event: "AgentStatusEvent") -> None:
        data = event.data
        at = event.timestamp
        agent = self.heard(data.agent_id, at)
        agent.kind = cut(data.agent_type)
        if data.status != agent.status:
            agent.status = cut(data.status)
            agent.since = at
        agent.reason = cut(data.reason)
        task = data.current_task
        if task is not None:
            agent.task_id = cut(task.id)
            agent.task = cut(task.title or task.type or task.id)
            agent.progress = task.progress
        elif data.status in ("idle", "offline"):
            agent.task_id = agent.task = ""
            agent.progress = None
        if data.metrics is not None:
            self._measure(agent, data.metrics)

    def on_task(self, event: "AgentTaskUpdateEvent") -> None:
        data = event.data
        agent = self.heard(data.agent_id, event.timestamp)
        task_id = cut(data.task_id)
        if agent.task_id != task_id:
            agent.task_id = task_id
            agent.task = cut(data.task_type)
        agent.progress = data.progress

    def on_metric(self, event: "AgentMetricEvent") -> None:
        self._measure(self.heard(event.data.agent_id, event.timestamp), event.data.metrics)

    def on_error(self, event: "AgentErrorEvent") -> None:
        agent = self.heard(event.data.agent_id, event.timestamp)
        agent.errors += 1
        agent.last_error = cut(event.data.message)

    def _measure(self, agent: Agent, metrics: "AgentMetrics") -> None:
        if metrics.cpu_usage is not None:
            agent.cpu = metrics.cpu_usage
            agent.cpu_trend.append(metrics.cpu_usage)
        if metrics.memory_usage is not None:
            agent.memory = metrics.memory_usage

    def count(self, *statuses: str) -> int:
        return sum(agent.status in statuses for agent in self.by_id.values())
