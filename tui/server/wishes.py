"""What a `subscribe` message asks for."""

from collections.abc import Iterable, Iterator, Sequence

from tui.protocol.catalog import EVENTS
from tui.protocol.errors import ErrorCode, ProtocolError
from tui.protocol.models.control import Position as WirePosition
from tui.protocol.models.control import SubscribeData, SubscriptionSpec
from tui.protocol.topics import Filter
from tui.server.brokers import Position
from tui.server.limits.sizes import DEFAULTS, Limits

MAX_EVENT_NAMES = len(EVENTS)
"""Names in one filter's `events`: one for each there is."""


def filters(
    data: SubscribeData,
    taken: Iterable[str],
    names: Iterator[str],
    limits: Limits = DEFAULTS,
) -> dict[str, Filter]:
    """The filters asked for, by id; one without an id gets the next name that nobody has taken."""
    specs: Sequence[SubscriptionSpec] = (
        (data,) if data.subscriptions is None else data.subscriptions
    )
    if len(specs) > limits.subscriptions:
        raise too_many(limits)
    known = {*taken, *(spec.subscription_id for spec in specs)}
    free = (name for name in names if name not in known)
    found = {}
    for at, spec in enumerate(specs):
        try:
            found[spec.subscription_id or next(free)] = _filter(spec, limits)
        except ProtocolError as error:
            if spec is not data and error.field is not None:
                error.field = f"data.subscriptions.{at}.{error.field.removeprefix('data.')}"
            raise
    return found


def too_many(limits: Limits) -> ProtocolError:
    """How it is said that a connection has no room for so many subscriptions."""
    return ProtocolError(
        ErrorCode.LIMIT_EXCEEDED, f"more than {limits.subscriptions} subscriptions"
    )


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


def _filter(spec: SubscriptionSpec, limits: Limits) -> Filter:
    events = spec.events or ()
    if len(events) > MAX_EVENT_NAMES:
        raise ProtocolError(
            ErrorCode.LIMIT_EXCEEDED,
            f"more than {MAX_EVENT_NAMES} names in one filter",
            field="data.events",
        )
    resource = "*" if spec.resource is None else spec.resource
    id_ = "*" if spec.resource_id is None else spec.resource_id
    for name, segments in (("resource", (resource,)), ("resourceId", (id_,)), ("events", events)):
        if any(len(segment) > limits.filter for segment in segments):
            said = f"{name}: a filter segment has 1 to {limits.filter} characters"
            raise ProtocolError(ErrorCode.INVALID_MESSAGE, said, field=f"data.{name}")
    return Filter(resource, id_, events)
