"""Topics and filters: triples (resource, id, event), matched by segment in linear time.

A filter's segment is a literal, `*` (any one), or a glob with `*` inside. No regular expression is
ever made from outside text. An id may contain `:` and `/`, so the written form `resource:id:event`
is split at its first and its last colon.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from tui.protocol.catalog import EVENTS, RESOURCES, TYPE_OF
from tui.protocol.errors import ErrorCode, ProtocolError
from tui.protocol.limits import MAX_FILTER


class Topic(NamedTuple):
    """Where an event belongs."""

    resource: str
    id: str
    event: str

    def __str__(self) -> str:
        return f"{self.resource}:{self.id}:{self.event}"


def glob_match(pattern: str, text: str) -> bool:
    """Whether `text` matches `pattern`, in which each `*` stands for any characters, or none."""
    if "*" not in pattern:
        return pattern == text
    head, *middle, tail = pattern.split("*")
    end = len(text) - len(tail)
    if not text.startswith(head) or end < len(head) or not text.endswith(tail):
        return False
    at = len(head)
    for piece in middle:
        # Leftmost placement is always best, so nothing is ever tried twice.
        at = text.find(piece, at, end)
        if at < 0:
            return False
        at += len(piece)
    return True


@dataclass(frozen=True)
class Filter:
    """Which topics a subscription or a permission covers.

    `events` are short names (`status`), full types (`agent_status`) or globs; empty means all.
    Raises ProtocolError where a segment is empty or over the limit.
    """

    resource: str = "*"
    id: str = "*"
    events: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, segment in (
            ("resource", self.resource),
            ("resourceId", self.id),
            *(("events", event) for event in self.events),
        ):
            if not segment or len(segment) > MAX_FILTER:
                raise ProtocolError(
                    ErrorCode.INVALID_MESSAGE,
                    f"{name}: a filter segment has 1 to {MAX_FILTER} characters",
                    field=f"data.{name}",
                )

    @classmethod
    def parse(cls, text: str) -> "Filter":
        """Read `resource:id:event`; later parts may be left out (`agent`, `agent:coder-*`).

        With two parts the second is the id. The event may be a comma-separated list.
        """
        resource, _, rest = text.partition(":")
        id_, colon, event = rest.rpartition(":")
        if not colon:
            id_, event = event, ""
        events = tuple(e for e in event.split(",") if e)
        return cls(resource or "*", id_ or "*", () if "*" in events else events)

    def __str__(self) -> str:
        return f"{self.resource}:{self.id}:{','.join(self.events) or '*'}"

    @cached_property
    def pairs(self) -> frozenset[tuple[str, str]]:
        """The (resource, event) pairs that this filter reaches, whatever the id.

        So the globs of `events` are matched once for a filter, not for every event.
        """
        return frozenset(
            pair
            for pair, full in TYPE_OF.items()
            if glob_match(self.resource, pair[0])
            and (
                not self.events
                or any(glob_match(e, pair[1]) or glob_match(e, full) for e in self.events)
            )
        )

    @cached_property
    def resources(self) -> tuple[str, ...]:
        """The streams that this filter reaches into."""
        if self.resource in RESOURCES:
            return (self.resource,)
        return tuple(r for r in RESOURCES if glob_match(self.resource, r))

    def matches(self, topic: Topic) -> bool:
        return (topic.resource, topic.event) in self.pairs and (
            self.id in ("*", topic.id) or glob_match(self.id, topic.id)
        )

    def covers(self, other: "Filter") -> bool:
        """Whether everything `other` can match is surely matched by this filter too.

        Used for permissions: a subscription is allowed where one permission covers it whole.
        Conservative where both are globs: a glob covers a literal it matches and its own like.
        """
        return (
            _covers(self.resource, other.resource)
            and _covers(self.id, other.id)
            and _covers_events(self.events, other)
        )


def _covers_events(mine: tuple[str, ...], other: Filter) -> bool:
    if not mine:
        return True
    asked = [short_name(other.resource, e) for e in other.events or ("*",)]
    allowed = [short_name(other.resource, e) for e in mine]
    return all(any(_covers(m, e) for m in allowed) for e in asked)


def short_name(resource: str, event: str) -> str:
    """`agent_status` is `status` within `agent`; anything else stays as it is."""
    spec = EVENTS.get(event)
    return spec.event if spec and spec.resource == resource else event


def _covers(mine: str, theirs: str) -> bool:
    return mine in ("*", theirs) or ("*" not in theirs and glob_match(mine, theirs))
