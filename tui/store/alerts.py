"""Alerts (`system_alert`) and notifications (`system_notification`)."""

from typing import TYPE_CHECKING, NamedTuple

from tui.protocol.vocabulary import Severity
from tui.store.bounds import MESSAGE, address, cut, more
from tui.store.item import Item

if TYPE_CHECKING:
    from tui.protocol.models.system import (
        NotificationAction,
        SystemAlertEvent,
        SystemNotificationEvent,
    )

MAX_COMPONENTS, MAX_RECOMMENDED = 50, 20
"""Of an alert."""
MAX_ACTIONS = 9
"""Of a notification."""
ADDRESS_FIELDS = ("url", "href", "link", "action")
"""Where senders put the address of an action."""
_RANKS = {severity.value: rank for rank, severity in enumerate(Severity)}


class Alert(Item):
    __slots__ = ("affected", "description", "id", "recommended")

    kind = "alert"
    id: str
    description: str
    affected: tuple[str, ...]
    """Components."""
    recommended: tuple[str, ...]
    """What a person may do about it."""

    def __init__(self, key: str, event: "SystemAlertEvent", known: "Alert | None") -> None:
        is_open = not event.data.resolved
        super().__init__(key, event, known, is_open=is_open)
        self.worst = severity = cut(event.data.severity)
        if known is not None and known.open and is_open:
            self.count = known.count + 1
            if _RANKS.get(known.worst, -1) > _RANKS.get(severity, -1):
                self.worst = known.worst

    @staticmethod
    def key_of(event: "SystemAlertEvent") -> str:
        return f"alert {event.data.alert_id}"

    def _read(self, event: "SystemAlertEvent") -> None:
        data = event.data
        self.level = cut(data.severity)
        self.title = cut(data.title)
        self.detail = cut(data.description)
        self.id = data.alert_id
        self.description = cut(data.description, MESSAGE)
        self.affected = tuple(cut(name) for name in data.affected_components[:MAX_COMPONENTS])
        said = data.recommended_actions[:MAX_RECOMMENDED]
        self.recommended = tuple(cut(text) for text in said)


class Action(NamedTuple):
    """What a notification offers to do."""

    label: str
    address: str
    """As the sender wrote it: perhaps a URL, perhaps something else."""

    @classmethod
    def of(cls, action: "NotificationAction") -> "Action":
        said = (address(more(action, name)) for name in ADDRESS_FIELDS)
        return cls(cut(action.label), next((text for text in said if text), ""))


class Notice(Item):
    __slots__ = ("actions", "message", "persistent", "source")

    kind = "notice"
    message: str
    actions: tuple[Action, ...]
    persistent: bool
    source: str

    def __init__(self, key: str, event: "SystemNotificationEvent", known: "Notice | None") -> None:
        super().__init__(key, event, known, is_open=False)
        if known is not None:
            self.count = known.count + 1

    @staticmethod
    def key_of(event: "SystemNotificationEvent") -> str:
        """Notifications have no id: the same words are the same notification, said again."""
        data = event.data
        words = hash((cut(data.level), cut(data.title), cut(data.message, MESSAGE)))
        return f"notice {words:x}"

    def _read(self, event: "SystemNotificationEvent") -> None:
        data = event.data
        self.level = cut(data.level)
        self.title = cut(data.title)
        self.detail = cut(data.message)
        self.message = cut(data.message, MESSAGE)
        self.actions = tuple(Action.of(action) for action in (data.actions or ())[:MAX_ACTIONS])
        self.persistent = bool(data.persistent)
        self.source = cut(event.metadata.source) if event.metadata else ""
