"""Who wants to hear of what: handlers by event type, looked up once an event."""

from collections.abc import Callable
from typing import Any

from tui.client.status import Denied, Gap
from tui.protocol.catalog import EVENTS, RESOURCES, TYPE_OF, MessageType

Handler = Callable[[Any], Any]
"""Takes an event; may be a coroutine function, and is then awaited."""

EVERY = "*"
_APART = (Gap.type, Denied.type, str(MessageType.ERROR))
"""Not events of the wire: `*` does not get them."""


class Handlers:
    def __init__(self) -> None:
        self._by_name: dict[str, list[Handler]] = {}
        self.by_type: dict[str, tuple[Handler, ...]] = {}
        """For each type that has handlers of its own, all that get it."""
        self.others: tuple[Handler, ...] = ()
        """The handlers of every other type."""

    def add(self, name: str, handler: Handler) -> None:
        """Raises ValueError where `name` can never occur."""
        self._by_name.setdefault(canonical_name(name), []).append(handler)
        self._rebuild()

    def remove(self, name: str, handler: Handler) -> None:
        """Nothing happens where it is not there."""
        handlers = self._by_name.get(canonical_name(name), [])
        if handler in handlers:
            handlers.remove(handler)
            self._rebuild()

    def _rebuild(self) -> None:
        self.others = tuple(self._by_name.get(EVERY, ()))
        self.by_type = {
            name: (*handlers, *self.others)
            for name, handlers in self._by_name.items()
            if name != EVERY  # what a stranger calls its event, perhaps
        }
        for name in _APART:
            self.by_type[name] = tuple(self._by_name.get(name, ()))


def canonical_name(name: str) -> str:
    """`agent:status` and `agent_status` are both `agent_status`; unknown types stay as they are."""
    if name in EVENTS or name == EVERY or name in _APART:
        return name
    resource, colon, event = name.partition(":")
    if colon and (resource, event) in TYPE_OF:
        return TYPE_OF[resource, event]
    if colon and resource in RESOURCES:
        known = ", ".join(f"{r}:{e}" for r, e in TYPE_OF if r == resource)
        raise ValueError(f"no event is called {name!r}; of this resource there are {known}")
    if colon or name in set(MessageType):
        raise ValueError(
            f"no event is called {name!r}; use a type (agent_status), a topic (agent:status), "
            f"'*', 'gap', 'denied' or 'error'"
        )
    return name
