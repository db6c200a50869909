"""Alerts (`system_alert`) and notifications (`system_notification`)."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

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


@dataclass(slots=True)
class Alert(Item):
    id: str = ""
    description: str = ""
    affected: tuple[str, ...] = ()
    """Components."""
    recommended: tuple[str, ...] = ()
    """What a person may do about it."""

    @classmethod
    def of(cls, event: "SystemAlertEvent") -> "Alert":
        data = event.data
        return cls(
            key=f"alert {data.alert_id}",
            kind="alert",
            at=event.timestamp,
            level=cut(data.severity),
            title=cut(data.title),
            detail=cut(data.description),
            open=not data.resolved,
            id=data.alert_id,
            description=cut(data.description, MESSAGE),
            affected=tuple(cut(name) for name in data.affected_components[:MAX_COMPONENTS]),
            recommended=tuple(cut(text) for text in data.recommended_actions[:MAX_RECOMMENDED]),
        )

    def after(self, known: Item | None) -> None:
        Item.after(self, known)
        if known is not None and known.open and self.open:
            self.count = known.count + 1


class Action(NamedTuple):
    """What a notification offers to do."""

    label: str
    address: str
    """As the sender wrote it: perhaps a URL, perhaps something else."""

    @classmethod
    def of(cls, action: "NotificationAction") -> "Action":
        said = (address(more(action, name)) for name in ADDRESS_FIELDS)
        return cls(cut(action.label), next((text for text in said if text), ""))


@dataclass(slots=True)
class Notice(Item):
    message: str = ""
    actions: tuple[Action, ...] = ()
    persistent: bool = False
    source: str = ""

    @classmethod
    def of(cls, event: "SystemNotificationEvent") -> "Notice":
        from hashlib import blake2b  # here, since the first frame needs none

        data = event.data
        title, message = cut(data.title), cut(data.message, MESSAGE)
        # Notifications have no id: the same words are the same notification, said again.
        words = f"{data.level}\0{title}\0{message}".encode(errors="surrogatepass")
        return cls(
            key=f"notice {blake2b(words, digest_size=8).hexdigest()}",
            kind="notice",
            at=event.timestamp,
            level=cut(data.level),
            title=title,
            detail=cut(message),
            message=message,
            actions=tuple(Action.of(action) for action in (data.actions or ())[:MAX_ACTIONS]),
            persistent=bool(data.persistent),
            source=cut(event.metadata.source) if event.metadata else "",
        )

    def after(self, known: Item | None) -> None:
        Item.after(self, known)
        if known is not None:
            self.count = known.count + 1
