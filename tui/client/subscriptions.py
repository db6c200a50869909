"""What a client has asked for, kept across connections, and how it is said on the wire."""

from collections.abc import Callable, Iterator
from typing import Any, Literal, NamedTuple

from tui.client.status import Denied
from tui.protocol.catalog import RESOURCES
from tui.protocol.topics import Filter, short_name

Spec = dict[str, Any]
"""One subscription, by the wire's names."""


class Beginning(NamedTuple):
    """v1: what a subscription is given before what happens from now on."""

    since: float | None = None
    """The history from that time on (Unix milliseconds)."""
    state: bool = True
    """The present state, at first and after gaps; else the stream alone."""


FROM_STATE = Beginning()


class Subscription:
    """One subscription; it stays until `unsubscribe`, whatever happens to the connection."""

    def __init__(
        self,
        id_: str,
        filter_: Filter,
        drop: Callable[["Subscription"], None],
        beginning: Beginning,
    ) -> None:
        self.id = id_
        self.filter = filter_
        self.beginning = beginning
        self.state: Literal["waiting", "active", "denied", "closed"] = "waiting"
        """What the server last said of it; plain servers need not say anything."""
        self.reason: str | None = None
        """Why it was denied or closed."""
        self.resumable = False
        """Whether the server confirmed it once, so that the cursor speaks for it too."""
        self.settled = False
        """Whether its snapshots surely arrived: a later pong named all of its streams."""
        self.denial: Denied | None = None
        """What was told of it last, while it was not active since."""
        self.followed = False
        """Whether a live connection has asked for it, so that a new one may have missed some."""
        self._drop = drop

    @property
    def is_denied(self) -> bool:
        return self.state in ("denied", "closed")

    def deny(self, state: Literal["denied", "closed"], reason: str | None) -> list[Denied]:
        """Note that the server does not serve it; what is to be told of that."""
        said, self.denial = self.denial, Denied(self.filter, reason)
        self.state, self.reason = state, reason
        self.resumable = self.settled = self.followed = False
        return [] if said == self.denial else [self.denial]

    async def unsubscribe(self) -> None:
        self._drop(self)

    def __repr__(self) -> str:
        return f"<Subscription {self.id} {self.filter} {self.state}>"


class Subscriptions:
    def __init__(self) -> None:
        self._by_id: dict[str, Subscription] = {}
        self._made = 0

    def add(
        self,
        filter_: Filter,
        drop: Callable[[Subscription], None],
        beginning: Beginning = FROM_STATE,
    ) -> Subscription:
        self._made += 1
        subscription = Subscription(f"sub-{self._made}", filter_, drop, beginning)
        self._by_id[subscription.id] = subscription
        return subscription

    def remove(self, subscription: Subscription) -> bool:
        return self._by_id.pop(subscription.id, None) is not None

    def get(self, wire_id: str) -> Subscription | None:
        """The subscription of an id on the wire, a plain part's (`sub-1.agent`) included."""
        return self._by_id.get(wire_id.partition(".")[0])

    def follow(self) -> set[str]:
        """Note that a connection is live that asks for all; the streams that others did before."""
        before = {r for s in self if s.followed for r in s.filter.resources}
        for subscription in self:
            subscription.followed = not subscription.is_denied
        return before

    @property
    def resources(self) -> set[str]:
        """The streams that any of them is about."""
        return {r for s in self if not s.is_denied for r in s.filter.resources}

    @property
    def want_state(self) -> bool:
        """Whether any of them is to be given the state that is."""
        return any(subscription.beginning.state for subscription in self._by_id.values())

    def __iter__(self) -> Iterator[Subscription]:
        return iter(tuple(self._by_id.values()))

    def __len__(self) -> int:
        return len(self._by_id)


def v1_spec(subscription: Subscription) -> Spec:
    filter_ = subscription.filter
    return _spec(subscription.id, filter_.resource, filter_.id, filter_.events)


def plain_specs(subscription: Subscription) -> list[Spec]:
    """The subscription as a server written from the document understands it.

    Such a server looks subscriptions up by resource and compares short event names, so a glob over
    resources is spelled out, each with an id of its own.
    """
    filter_ = subscription.filter
    if filter_.resource in RESOURCES or not filter_.resources:
        parts = {subscription.id: filter_.resource}
    else:
        parts = {f"{subscription.id}.{name}": name for name in filter_.resources}
    return [
        _spec(id_, name, filter_.id, tuple(short_name(name, e) for e in filter_.events))
        for id_, name in parts.items()
    ]


def _spec(id_: str, resource: str, resource_id: str, events: tuple[str, ...]) -> Spec:
    spec: Spec = {"subscriptionId": id_, "resource": resource, "resourceId": resource_id}
    if events:  # an empty list means "none" to the document's server
        spec["events"] = events
    return spec
