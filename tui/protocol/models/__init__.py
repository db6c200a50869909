"""The messages as models: one union, told apart by `type`.

`AnyEvent` holds the 18 events, `AnyControl` the 12 control messages, `Message` both.
"""

from typing import Annotated

from pydantic import Field

from tui.protocol.models.agent import (
    AgentErrorEvent,
    AgentLogEvent,
    AgentMetricEvent,
    AgentStatusEvent,
    AgentTaskUpdateEvent,
)
from tui.protocol.models.base import Control, Event, LockedEvent, Metadata, UnknownMessage
from tui.protocol.models.control import (
    AuthFailureMessage,
    AuthRequestMessage,
    AuthSuccessMessage,
    ConnectMessage,
    DisconnectMessage,
    ErrorMessage,
    PingMessage,
    PongMessage,
    PublishAckMessage,
    SubscribeMessage,
    SubscriptionUpdateMessage,
    UnsubscribeMessage,
)
from tui.protocol.models.github import (
    GithubIssueUpdateEvent,
    GithubPrUpdateEvent,
    GithubWorkflowUpdateEvent,
)
from tui.protocol.models.system import (
    DeploymentStatusEvent,
    SystemAlertEvent,
    SystemNotificationEvent,
)
from tui.protocol.models.tdd import CoverageUpdateEvent, TddPhaseChangeEvent, TestResultEvent
from tui.protocol.models.workflow import (
    WorkflowCompleteEvent,
    WorkflowFailedEvent,
    WorkflowStartedEvent,
    WorkflowStepCompleteEvent,
)

AnyEvent = (
    AgentStatusEvent
    | AgentTaskUpdateEvent
    | AgentLogEvent
    | AgentMetricEvent
    | AgentErrorEvent
    | TddPhaseChangeEvent
    | TestResultEvent
    | CoverageUpdateEvent
    | WorkflowStartedEvent
    | WorkflowStepCompleteEvent
    | WorkflowCompleteEvent
    | WorkflowFailedEvent
    | SystemNotificationEvent
    | SystemAlertEvent
    | DeploymentStatusEvent
    | GithubIssueUpdateEvent
    | GithubPrUpdateEvent
    | GithubWorkflowUpdateEvent
)
AnyControl = (
    ConnectMessage
    | DisconnectMessage
    | PingMessage
    | PongMessage
    | ErrorMessage
    | AuthRequestMessage
    | AuthSuccessMessage
    | AuthFailureMessage
    | SubscribeMessage
    | UnsubscribeMessage
    | SubscriptionUpdateMessage
    | PublishAckMessage
)
Known = Annotated[AnyEvent | AnyControl, Field(discriminator="type")]
Message = AnyEvent | AnyControl | UnknownMessage | LockedEvent

__all__ = [
    "AgentErrorEvent",
    "AgentLogEvent",
    "AgentMetricEvent",
    "AgentStatusEvent",
    "AgentTaskUpdateEvent",
    "AnyControl",
    "AnyEvent",
    "AuthFailureMessage",
    "AuthRequestMessage",
    "AuthSuccessMessage",
    "ConnectMessage",
    "Control",
    "CoverageUpdateEvent",
    "DeploymentStatusEvent",
    "DisconnectMessage",
    "ErrorMessage",
    "Event",
    "GithubIssueUpdateEvent",
    "GithubPrUpdateEvent",
    "GithubWorkflowUpdateEvent",
    "Known",
    "LockedEvent",
    "Message",
    "Metadata",
    "PingMessage",
    "PongMessage",
    "PublishAckMessage",
    "SubscribeMessage",
    "SubscriptionUpdateMessage",
    "SystemAlertEvent",
    "SystemNotificationEvent",
    "TddPhaseChangeEvent",
    "TestResultEvent",
    "UnknownMessage",
    "UnsubscribeMessage",
    "WorkflowCompleteEvent",
    "WorkflowFailedEvent",
    "WorkflowStartedEvent",
    "WorkflowStepCompleteEvent",
]
