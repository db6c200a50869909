"""Workflows: started, step complete, complete, failed (topics `workflow:{workflowId}:…`)."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator

from tui.protocol.models.base import Event, Identifier, Time, WireModel
from tui.protocol.vocabulary import StepType, canonical

StepTypeText = Annotated[str, AfterValidator(canonical(StepType))]


class WorkflowStep(WireModel):
    id: str
    name: str | None = None
    type: StepTypeText | None = None
    agent: str | None = None
    dependencies: tuple[str, ...] | None = None
    """Ids of the steps that must be complete before this one starts."""


class WorkflowStartedData(WireModel):
    workflow_id: Identifier
    workflow_type: str
    initiator: str
    parameters: Any = None
    steps: tuple[WorkflowStep, ...]
    estimated_duration: Time
    """Milliseconds."""


class WorkflowStepCompleteData(WireModel):
    workflow_id: Identifier
    step_id: Identifier
    step_type: StepTypeText
    result: Any
    duration: Time
    """Milliseconds."""
    next_step: str | None = None


class WorkflowCompleteData(WireModel):
    workflow_id: Identifier
    result: Any
    duration: Time
    """Milliseconds."""
    outputs: Any = None
    metrics: Any = None


class WorkflowFailedData(WireModel):
    workflow_id: Identifier
    error: str
    step_id: str | None = None
    duration: Time | None = None
    """Milliseconds."""


class WorkflowStartedEvent(Event):
    type: Literal["workflow_started"] = "workflow_started"
    data: WorkflowStartedData


class WorkflowStepCompleteEvent(Event):
    type: Literal["workflow_step_complete"] = "workflow_step_complete"
    data: WorkflowStepCompleteData


class WorkflowCompleteEvent(Event):
    type: Literal["workflow_complete"] = "workflow_complete"
    data: WorkflowCompleteData


class WorkflowFailedEvent(Event):
    type: Literal["workflow_failed"] = "workflow_failed"
    data: WorkflowFailedData
