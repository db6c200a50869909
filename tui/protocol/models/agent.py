"""Agents: status, task, log, metric, error (topics `agent:{agentId}:…`)."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AliasChoices, Field

from tui.protocol.models.base import Event, Identifier, Moment, Time, WireModel
from tui.protocol.vocabulary import AgentStatus, AgentType, LogLevel, TaskStatus, canonical

AgentTypeText = Annotated[str, AfterValidator(canonical(AgentType))]
AgentStatusText = Annotated[str, AfterValidator(canonical(AgentStatus))]
TaskStatusText = Annotated[str, AfterValidator(canonical(TaskStatus))]
LogLevelText = Annotated[str, AfterValidator(canonical(LogLevel))]


class CurrentTask(WireModel):
    id: str
    type: str | None = None
    title: str | None = None
    progress: float | None = None
    """Percent, 0–100."""
    start_time: Moment | None = None


class AgentMetrics(WireModel):
    cpu_usage: float | None = None
    """Percent of one core."""
    memory_usage: float | None = None
    """Bytes."""
    tasks_completed: float | None = None
    uptime: Time | None = None
    """Seconds."""
    task_queue_depth: float | None = None
    response_time: Time | None = None
    """Milliseconds."""


class AgentStatusData(WireModel):
    agent_id: Identifier
    agent_type: AgentTypeText
    status: AgentStatusText = Field(validation_alias=AliasChoices("status", "currentStatus"))
    previous_status: AgentStatusText | None = None
    reason: str | None = None
    current_task: CurrentTask | None = None
    metrics: AgentMetrics | None = None
    timestamp: Moment | None = None


class AgentTaskUpdateData(WireModel):
    agent_id: Identifier
    task_id: str
    task_type: str
    status: TaskStatusText
    progress: float
    """Percent, 0–100."""
    details: Any = None


class AgentLogData(WireModel):
    agent_id: Identifier
    level: LogLevelText
    message: str
    context: Any = None
    timestamp: Moment


class AgentMetricData(WireModel):
    agent_id: Identifier
    metrics: AgentMetrics
    timestamp: Moment


class AgentErrorData(WireModel):
    agent_id: Identifier
    message: str = Field(validation_alias=AliasChoices("message", "error"))
    code: str | None = None
    task_id: str | None = None
    stack: str | None = None
    recoverable: bool | None = None
    timestamp: Moment | None = None


class AgentStatusEvent(Event):
    type: Literal["agent_status"] = "agent_status"
    data: AgentStatusData


class AgentTaskUpdateEvent(Event):
    type: Literal["agent_task_update"] = "agent_task_update"
    data: AgentTaskUpdateData


class AgentLogEvent(Event):
    type: Literal["agent_log"] = "agent_log"
    data: AgentLogData


class AgentMetricEvent(Event):
    type: Literal["agent_metric"] = "agent_metric"
    data: AgentMetricData


class AgentErrorEvent(Event):
    type: Literal["agent_error"] = "agent_error"
    data: AgentErrorData
