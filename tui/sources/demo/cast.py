"""The five agents of the demo, and what each is doing at the moment."""

from dataclasses import dataclass

from tui.protocol.vocabulary import AgentStatus, AgentType

CUSTOMER = "customer-001"
PM = "pm-001"
CODER = "coder-001"
REVIEWER = "reviewer-001"
TESTER = "tester-001"


@dataclass(slots=True)
class Task:
    """What an agent works on; `started` in seconds since the story's start."""

    id: str
    type: str
    title: str
    started: float
    progress: float = 0


@dataclass(slots=True)
class Agent:
    id: str
    type: AgentType
    up_since: float
    """Seconds since the story's start: below zero."""
    tasks_completed: int
    status: AgentStatus | None = None
    task: Task | None = None


def five_agents() -> dict[str, Agent]:
    """The cast, fresh, by id; all were at work some hours before the story begins."""
    return {
        agent.id: agent
        for agent in (
            Agent(CUSTOMER, AgentType.CUSTOMER, -7_140, 3),
            Agent(PM, AgentType.PM, -10_920, 14),
            Agent(CODER, AgentType.CODER, -10_905, 41),
            Agent(REVIEWER, AgentType.CODE_REVIEWER, -10_890, 22),
            Agent(TESTER, AgentType.TESTER, -10_880, 37),
        )
    }
