"""Deployments (`deployment_status`): how far each component is."""

from collections import deque
from functools import lru_cache
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


@lru_cache(512)  # they are few
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


class Deployment(Item):
    __slots__ = (
        *("components", "environment", "expected", "id", "past"),
        *("progress", "started", "status", "url", "version"),
    )

    kind = "deployment"
    id: str
    environment: str
    version: str
    status: str
    progress: float | None
    """Percent, until it has ended."""
    components: tuple[Component, ...]
    url: str
    started: float
    expected: float | None
    """When it should be complete (Unix ms)."""
    past: deque[Progress]
    """Each change of its status, and how far it was then."""

    def __init__(
        self, key: str, event: "DeploymentStatusEvent", known: "Deployment | None"
    ) -> None:
        data = event.data
        self.status = status = cut(data.status)
        closed = known is not None and known.outcome == "failed" and not known.open
        is_open = outcome(status) == "failed" and not closed
        super().__init__(key, event, known, is_open=is_open)
        now = Progress(self.at, status, data.progress)
        if known is None:
            self.started = self.at
            self.past = deque((now,), MAX_PAST)
            return
        self.started = known.started
        self.past = past = known.past
        if known.status == status:
            past[-1] = now
        else:
            past.append(now)

    @staticmethod
    def key_of(event: "DeploymentStatusEvent") -> str:
        return f"deployment {event.data.deployment_id}"

    @property
    def outcome(self) -> str:
        return outcome(self.status)

    def is_after(self, other: "Deployment") -> bool:
        """Whether it began after another to the same environment."""
        return self.started > other.started and self.environment == other.environment

    def close(self, at: float) -> None:
        """A later one did what this one could not: it asks for nothing any more."""
        self.open, self.since = False, at

    def _read(self, event: "DeploymentStatusEvent") -> None:
        data = event.data
        result = self.outcome
        components = tuple(Component.of(c) for c in data.components[:MAX_COMPONENTS])
        self.id = data.deployment_id
        self.environment = cut(data.environment)
        self.version = text_of(more(data, "version"))
        self.components = components
        self.level = {"failed": "error", "done": "success"}.get(result, "info")
        self.title = f"{self.environment} {self.version or self.id}"
        self.detail = " ".join(f"{c.name}{MARKS[c.outcome]}" for c in components[:20])[:512]
        self.progress = None if result in ("done", "failed") else data.progress
        self.url = address(more(data, "url"))
        self.expected = data.estimated_completion
