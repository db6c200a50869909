"""Where the story happens: its clock, its agents, and the one place where beats are written."""

from random import Random
from typing import Any

from tui.protocol.catalog import MessageType
from tui.protocol.vocabulary import AgentStatus, LogLevel, TaskStatus
from tui.sources.demo.beat import Beat
from tui.sources.demo.cast import Task, five_agents

DEBUG, WARN, ERROR = LogLevel.DEBUG, LogLevel.WARN, LogLevel.ERROR
Line = str | tuple[LogLevel, str]
"""What an agent logs; a bare text is `info`."""


class Stage:
    """A chapter is told as a screenplay: say who does what, `wait`, say what comes next.

    `pace` stretches every wait and `unrest` lets it vary by that share, so that chapters after the
    first run slower and never alike.
    """

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.now = 0.0
        self.pace = 1.0
        self.unrest = 0.0
        self.agents = five_agents()
        self._beats: list[Beat] = []
        self._counts: dict[str, int] = {}

    def drain(self) -> list[Beat]:
        """The beats written since the last call, in order."""
        beats, self._beats = self._beats, []
        return beats

    def number(self, what: str, first: int) -> int:
        """The next number of a kind: issues, pull requests, tasks."""
        self._counts[what] = self._counts.get(what, first - 1) + 1
        return self._counts[what]

    def milliseconds(self, moment: float | None = None) -> float:
        """A moment of the story (now, where none is given) as events carry it."""
        return round((self.now if moment is None else moment) * 1000, 1)

    def emit(self, type_: MessageType, source: str, data: dict[str, Any]) -> None:
        self._beats.append(Beat(round(self.now, 4), type_.value, data, source))

    def wait(self, seconds: float) -> None:
        self.now += seconds * self.pace * self.rng.uniform(1 - self.unrest, 1 + self.unrest)

    def log(self, agent: str, line: Line, **context: Any) -> None:
        level, message = (LogLevel.INFO, line) if isinstance(line, str) else line
        task = self.agents[agent].task
        if task:
            context = {"taskId": task.id} | context
        self.emit(
            MessageType.AGENT_LOG,
            agent,
            {
                "agentId": agent,
                "level": level.value,
                "message": message,
                "context": context,
                "timestamp": self.milliseconds(),
            },
        )

    def status(self, agent_id: str, status: AgentStatus, reason: str | None = None) -> None:
        agent = self.agents[agent_id]
        data: dict[str, Any] = {
            "agentId": agent_id,
            "agentType": agent.type.value,
            "status": status.value,
            "metrics": {
                "tasksCompleted": agent.tasks_completed,
                "uptime": round(self.now - agent.up_since),
            },
            "timestamp": self.milliseconds(),
        }
        if agent.status:
            data["previousStatus"] = agent.status.value
        if reason:
            data["reason"] = reason
        if agent.task:
            data["currentTask"] = {
                "id": agent.task.id,
                "type": agent.task.type,
                "title": agent.task.title,
                "progress": round(agent.task.progress, 1),
                "startTime": self.milliseconds(agent.task.started),
            }
        agent.status = status
        self.emit(MessageType.AGENT_STATUS, agent_id, data)

    def begin(self, agent_id: str, type_: str, title: str) -> str:
        """A new task; returns its id."""
        task = Task(f"task-{self.number('task', 789)}", type_, title, self.now)
        self.agents[agent_id].task = task
        self.status(agent_id, AgentStatus.BUSY)
        self._task_update(agent_id, TaskStatus.IN_PROGRESS)
        return task.id

    def work(self, agent_id: str, seconds: float, until: float, *lines: Line) -> None:
        """Time at the current task, up to `until` percent of it, with a line every now and then."""
        task = self.agents[agent_id].task
        start = task.progress if task else 0
        for done, line in enumerate(lines, 1):
            self.wait(seconds / len(lines))
            self.log(agent_id, line)
            if task:
                task.progress = start + (until - start) * done / len(lines)
                self._task_update(agent_id, TaskStatus.IN_PROGRESS)

    def finish(self, agent_id: str, line: Line | None = None) -> None:
        """The task is done, and the agent idle."""
        self._end(agent_id, TaskStatus.COMPLETED, line)
        self.agents[agent_id].tasks_completed += 1
        self.status(agent_id, AgentStatus.IDLE)

    def give_up(self, agent_id: str, line: Line) -> None:
        """The task has failed, and the agent is idle."""
        self._end(agent_id, TaskStatus.FAILED, line)
        self.status(agent_id, AgentStatus.IDLE)

    def fault(self, agent_id: str, code: str, message: str, stack: str) -> None:
        """A recoverable error: the agent stands still until its next `status`."""
        task = self.agents[agent_id].task
        data = {
            "agentId": agent_id,
            "message": message,
            "code": code,
            "stack": stack,
            "recoverable": True,
            "timestamp": self.milliseconds(),
        }
        self.emit(MessageType.AGENT_ERROR, agent_id, data | ({"taskId": task.id} if task else {}))
        self.status(agent_id, AgentStatus.ERROR, message)

    def _end(self, agent_id: str, status: TaskStatus, line: Line | None) -> None:
        agent = self.agents[agent_id]
        if line:
            self.log(agent_id, line)
        if agent.task and status is TaskStatus.COMPLETED:
            agent.task.progress = 100
        self._task_update(agent_id, status)
        agent.task = None

    def _task_update(self, agent_id: str, status: TaskStatus) -> None:
        task = self.agents[agent_id].task
        if task:
            data = {
                "agentId": agent_id,
                "taskId": task.id,
                "taskType": task.type,
                "status": status.value,
                "progress": round(task.progress, 1),
                "details": {"title": task.title},
            }
            self.emit(MessageType.AGENT_TASK_UPDATE, agent_id, data)
