"""The present state of one stream for one v1 connection, cut into pages as the socket drains."""

import asyncio
from collections.abc import Collection, Mapping, Sequence

from tui.protocol.topics import Filter
from tui.server.brokers import Position, Stored
from tui.server.replies import Replies

STATE_EVENTS = 256
"""How many events of a state are matched at a time, before others have their turn."""


class Snapshot:
    """What `state` was at one place, for the subscriptions with these `ids`.

    `subscriptions` are the connection's own, as they change: a page holds what those match that
    are in force still when it is made, so nobody is shown what it has lost the permission to see.
    """

    def __init__(
        self,
        resource: str,
        at: Position,
        state: Sequence[Stored],
        ids: Collection[str],
        subscriptions: Mapping[str, Filter],
        replies: Replies,
    ) -> None:
        self._resource = resource
        self._at = at
        self._left = state
        self._subscriptions = subscriptions
        self._replies = replies
        self._asked = {id_: one for id_, one in subscriptions.items() if id_ in ids}
        self._has_ended = False
        self._matched: dict[str, Filter] | None = None
        """Those of them that `_left` was matched with last."""

    async def next_page(self) -> bytes | None:
        """The next page, empty where none of those who asked is left; None after the last."""
        if self._has_ended:
            return None
        while (in_force := self._in_force) != self._matched:
            self._left = await _matching(self._left, in_force.values())
            self._matched = in_force
        page, self._left = self._replies.snapshot(self._resource, self._at, self._left)
        self._has_ended = not self._left
        return page

    @property
    def _in_force(self) -> dict[str, Filter]:
        return {id_: one for id_, one in self._asked.items() if self._subscriptions.get(id_) is one}


async def _matching(state: Sequence[Stored], filters: Collection[Filter]) -> list[Stored]:
    found: list[Stored] = []
    for start in range(0, len(state), STATE_EVENTS):
        found += [
            event
            for event in state[start : start + STATE_EVENTS]
            if any(one.matches(event.topic) for one in filters)
        ]
        await asyncio.sleep(0)
    return found
