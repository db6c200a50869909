"""Deployments (`deployment_status`): how far each component is."""

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from tui.store.bounds import address, cut, more, number_of, text_of
from tui.store.item import Item

if TYPE_CHECKING:
    from tui.protocol.models.system import ComponentStatus, DeploymentStatusEvent

MAX_COMPONENTS = 100
MAX_PAST = 50
DONE = frozenset(("ok", "completed", "complete", "success", "succeeded", "healthy", "done", "live"))
FAILED = frozenset(("failed", "failure", "error", "unhealthy", "rolled_back", "rolledback"))
WAITING = frozenset(("pending", "queued", "waiting", "not_started"))
MARKS = {"done": "✓", "failed": "✗", "waiting": "·", "running": "…"}


def outcome(status: str) -> str:
    """`done` `failed` `waiting` or `running`, whatever word a publisher has for it."""
    folded = status.lower().replace("-", "_").replace(" ", "_")
    if folded in DONE:
        return "done"
    if folded in FAILED:
        return "failed"
    return "waiting" if folded in WAITING else "running"


class Component(NamedTuple):
    name: str
    status: str
    progress: float | None
    """Percent, where its publisher says it."""

    @classmethod
    def of(cls, component: "ComponentStatus") -> "Component":
        progress = number_of(more(component, "progress"))
        return cls(cut(component.name), cut(component.status), progress)

    @property
    def outcome(self) -> str:
        return outcome(self.status)


class Progress(NamedTuple):
    """How far it was at some moment."""

    at: float
    status: str
    percent: float


@dataclass(slots=True)
class Deployment(Item):
    id: str = ""
    environment: str = ""
    version: str = ""
    status: str = ""
    progress: float | None = None
    """Percent, until it has ended."""
    components: tuple[Component, ...] = ()
    url: str = ""
    started: float = 0.0
    expected: float | None = None
    """When it should be complete (Unix ms)."""
    past: deque[Progress] = field(default_factory=lambda: deque(maxlen=MAX_PAST))
    """Each change of its status, and how far it was then."""

    @classmethod
    def of(cls, event: "DeploymentStatusEvent") -> "Deployment":
        data = event.data
        result = outcome(data.status)
        version = text_of(more(data, "version"))
        components = tuple(Component.of(c) for c in data.components[:MAX_COMPONENTS])
        return cls(
            key=f"deployment {data.deployment_id}",
            kind="deployment",
            at=event.timestamp,
            level={"failed": "error", "done": "success"}.get(result, "info"),
            title=f"{cut(data.environment)} {version or data.deployment_id}",
            detail=" ".join(f"{c.name}{MARKS[c.outcome]}" for c in components[:20])[:512],
            open=result == "failed",
            id=data.deployment_id,
            environment=cut(data.environment),
            version=version,
            status=cut(data.status),
            progress=None if result in ("done", "failed") else data.progress,
            components=components,
            url=address(more(data, "url")),
            started=event.timestamp,
            expected=data.estimated_completion,
            past=deque([Progress(event.timestamp, cut(data.status), data.progress)], MAX_PAST),
        )

    @property
    def outcome(self) -> str:
        return outcome(self.status)

    def after(self, known: Item | None) -> None:
        Item.after(self, known)
        if isinstance(known, Deployment):
            self.started = known.started
            now = self.past[0]
            self.past = known.past
            if self.past[-1].status == now.status:
                self.past[-1] = now
            else:
                self.past.append(now)
