"""Notifications and alerts (topics `system:…`), and deployments (`deployment:…:status`)."""

from typing import Annotated, Literal

from pydantic import AfterValidator

from tui.protocol.models.base import Event, Identifier, Moment, WireModel
from tui.protocol.vocabulary import NoticeLevel, Severity, canonical

NoticeLevelText = Annotated[str, AfterValidator(canonical(NoticeLevel))]
SeverityText = Annotated[str, AfterValidator(canonical(Severity))]


class NotificationAction(WireModel):
    """What a notification offers to do; fields beside the label are its sender's own."""

    label: str


class SystemNotificationData(WireModel):
    level: NoticeLevelText
    title: str
    message: str
    actions: tuple[NotificationAction, ...] | None = None
    persistent: bool | None = None


class SystemAlertData(WireModel):
    alert_id: Identifier
    severity: SeverityText
    title: str
    description: str
    affected_components: tuple[str, ...]
    recommended_actions: tuple[str, ...]
    resolved: bool | None = None


class ComponentStatus(WireModel):
    name: str
    status: str


class DeploymentStatusData(WireModel):
    deployment_id: Identifier
    environment: str
    status: str
    progress: float
    """Percent, 0–100."""
    components: tuple[ComponentStatus, ...]
    estimated_completion: Moment | None = None


class SystemNotificationEvent(Event):
    type: Literal["system_notification"] = "system_notification"
    data: SystemNotificationData


class SystemAlertEvent(Event):
    type: Literal["system_alert"] = "system_alert"
    data: SystemAlertData


class DeploymentStatusEvent(Event):
    type: Literal["deployment_status"] = "deployment_status"
    data: DeploymentStatusData
