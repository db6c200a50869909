"""What a `subscribe` message asks for."""

from collections.abc import Iterable, Iterator, Sequence

from tui.protocol.catalog import EVENTS
from tui.protocol.errors import ErrorCode, ProtocolError
from tui.protocol.limits import MAX_SUBSCRIPTIONS
from tui.protocol.models.control import Position as WirePosition
from tui.protocol.models.control import SubscribeData, SubscriptionSpec
from tui.protocol.topics import Filter
from tui.server.brokers import Position

MAX_EVENT_NAMES = len(EVENTS)
"""Names in one filter's `events`: one for each there is."""


def filters(data: SubscribeData, taken: Iterable[str], names: Iterator[str]) -> dict[str, Filter]:
    """The filters asked for, by id; one without an id gets the next name that nobody has taken."""
    specs: Sequence[SubscriptionSpec] = (
        (data,) if data.subscriptions is None else data.subscriptions
    )
    if len(specs) > MAX_SUBSCRIPTIONS:
        raise ProtocolError(
            ErrorCode.LIMIT_EXCEEDED, f"more than {MAX_SUBSCRIPTIONS} subscriptions"
        )
    known = {*taken, *(spec.subscription_id for spec in specs)}
    free = (name for name in names if name not in known)
    return {spec.subscription_id or next(free): _filter(spec) for spec in specs}


def cursor(data: SubscribeData) -> tuple[dict[str, Position], float | None]:
    """Where to begin: positions by resource, or else the time, in Unix seconds."""
    resume = data.resume or {}
    positions = {
        resource: Position(place.epoch, place.offset)
        for resource, place in resume.items()
        if isinstance(place, WirePosition)
    }
    since = resume.get("since")
    return positions, since / 1000 if isinstance(since, float) else None


def _filter(spec: SubscriptionSpec) -> Filter:
    events = spec.events or ()
    if len(events) > MAX_EVENT_NAMES:
        raise ProtocolError(
            ErrorCode.LIMIT_EXCEEDED,
            f"more than {MAX_EVENT_NAMES} names in one filter",
            field="data.events",
        )
    return Filter(
        "*" if spec.resource is None else spec.resource,
        "*" if spec.resource_id is None else spec.resource_id,
        events,
    )
