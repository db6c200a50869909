"""The agents' vital signs: a slow, smooth stream of `agent_metric` woven into the story."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from random import Random

from tui.protocol.catalog import MessageType
from tui.protocol.vocabulary import AgentStatus
from tui.sources.demo.beat import Beat
from tui.sources.demo.cast import five_agents

BETWEEN = 0.4
"""Seconds between two metrics; the agents take turns."""
_CPU = {AgentStatus.BUSY.value: 58.0, AgentStatus.NEEDS_INPUT.value: 5.0}
_CPU_AT_REST = 2.5


@dataclass(slots=True)
class _Signs:
    """Percent of a core, MiB, milliseconds; each wanders towards what its agent's status asks."""

    cpu: float
    memory: float
    response: float

    def wander(self, status: str, rng: Random) -> None:
        busy = status == AgentStatus.BUSY.value
        self.cpu += (_CPU.get(status, _CPU_AT_REST) - self.cpu) * 0.25 + rng.gauss(0, 2 + 4 * busy)
        self.cpu = min(99.0, max(0.2, self.cpu))
        self.memory += ((680 if busy else 420) - self.memory) * 0.03 + rng.gauss(0, 6)
        self.memory = max(120.0, self.memory)
        self.response += (190 - self.response) * 0.2 + rng.gauss(0, 18)
        self.response = max(35.0, self.response)


def weave(story: Iterable[Beat], rng: Random) -> Iterator[Beat]:
    """The story with an agent's metrics every 0.4 s, in order of time."""
    agents = list(five_agents())
    status = dict.fromkeys(agents, AgentStatus.IDLE.value)
    signs = {
        agent: _Signs(rng.uniform(2, 30), rng.uniform(300, 600), rng.uniform(120, 260))
        for agent in agents
    }
    ticks = 0
    for beat in story:
        # The first beats introduce the agents: no metric may come before its agent.
        while (at := round((ticks + 1) * BETWEEN, 4)) < beat.at:
            agent = agents[ticks % len(agents)]
            signs[agent].wander(status[agent], rng)
            yield _metric(at, agent, signs[agent], 1 if status[agent] != "idle" else 0)
            ticks += 1
        if beat.type == MessageType.AGENT_STATUS.value:
            status[beat.data["agentId"]] = beat.data["status"]
        yield beat


def _metric(at: float, agent: str, signs: _Signs, queue: int) -> Beat:
    data = {
        "agentId": agent,
        "metrics": {
            "cpuUsage": round(signs.cpu, 1),
            "memoryUsage": int(signs.memory * 1024 * 1024),
            "taskQueueDepth": queue,
            "responseTime": round(signs.response, 1),
        },
        "timestamp": round(at * 1000, 1),
    }
    return Beat(at, MessageType.AGENT_METRIC.value, data, agent)
