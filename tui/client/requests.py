"""The subscriptions as one connection asks for them: what to send, what is answered, what again.

After a reconnect v1 asks in one message for all that a server has confirmed before, from the
cursor, and once that is answered in a second one for what is new, which starts with a snapshot: in
force before, it would move the cursor past what is still to be resumed. A subscription whose
snapshot, the first or one after a gap, may have been cut off asks for all snapshots again.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

import orjson

from tui.client.status import Denied
from tui.client.streams import Streams
from tui.client.subscriptions import (
    FROM_STATE,
    Beginning,
    Subscription,
    Subscriptions,
    plain_specs,
    v1_spec,
)
from tui.client.words import Words
from tui.protocol.limits import MAX_RECEIVE
from tui.protocol.models.control import Position, SubscriptionUpdateData
from tui.protocol.text import clean

NEVER = float("inf")
ENVELOPE = 2_048
"""Bytes of a message beside its subscriptions, a cursor of all streams included."""
MAX_ASKED = 256
"""Requests remembered of a connection, should the server refuse one."""


class _Asked(NamedTuple):
    data: Mapping[str, Any]
    ids: tuple[str, ...]
    """The subscriptions' own ids."""


class Requests:
    def __init__(self, subscriptions: Subscriptions, streams: Streams, words: Words) -> None:
        self._subscriptions = subscriptions
        self._streams = streams
        self._words = words
        self.limit: int | None = None
        """Subscriptions that the server takes of a connection, as far as it has said so."""
        self.max_message = MAX_RECEIVE
        """The largest message that it takes (bytes)."""
        self._denied: list[Denied] = []
        """What was denied here, since the server would, and nobody was told of yet."""
        self.begun_anew: set[str] = set()
        """Streams of subscriptions that are not resumed, for want of room in the one message."""
        self._held: set[str] = set()
        """Ids of subscriptions that count against the limit."""
        self._asked: dict[str, _Asked] = {}
        self._again: list[tuple[float, _Asked]] = []
        self._resuming: set[str] = set()
        """Ids of subscriptions whose resume is not answered yet."""
        self._behind: list[_Asked] = []
        """Requests that wait for that."""
        self.unanswered: set[str] = set()
        """Ids of subscriptions asked for that the server has neither confirmed nor refused."""

    @property
    def due(self) -> float:
        """When `again` has something (monotonic seconds)."""
        return min((at for at, _ in self._again), default=NEVER)

    def restore(self, *, v1: bool, cursor: dict[str, Position]) -> list[bytes]:
        """Ask for everything, at the start of a connection."""
        self._asked.clear()
        self._again.clear()
        self._resuming.clear()
        self._behind.clear()
        self.unanswered.clear()
        self._held.clear()
        known = [s for s in self._subscriptions if v1 and cursor and s.resumable]
        portion = self._admit(next(_portions(known, self.max_message), []))
        self.begun_anew = {r for s in known if s not in portion for r in s.filter.resources}
        known = portion
        new = [s for s in self._subscriptions if s not in known]
        self._resuming.update(s.id for s in known)
        frames = self.subscribe(new, v1=v1)
        if known:
            stateful = [s for s in known if s.beginning.state]
            cut_off = any(not s.settled for s in stateful)
            data = {
                "subscriptions": [v1_spec(s) for s in known],
                "resume": {name: place.model_dump() for name, place in cursor.items()},
                "snapshot": "always" if cut_off else "auto" if stateful else "never",
            }
            frames.insert(0, self._ask(_asked(data, known)))
        return frames

    def subscribe(self, subscriptions: list[Subscription], *, v1: bool) -> list[bytes]:
        """Ask for what was not asked for before, on any connection."""
        subscriptions = self._admit(subscriptions)
        if not subscriptions:
            return []
        if v1:
            alike: dict[Beginning, list[Subscription]] = {}
            for s in subscriptions:
                alike.setdefault(self._beginning(s), []).append(s)
            wanted = [
                _beginning(beginning, portion)
                for beginning, group in alike.items()
                for portion in _portions(group, self.max_message)
            ]
            if self._resuming:
                self._behind += wanted
                self.unanswered.update(s.id for s in subscriptions)
                return []
            return [self._ask(asked) for asked in wanted]
        return [self._ask(_asked(spec, [s])) for s in subscriptions for spec in plain_specs(s)]

    def unsubscribe(self, subscription: Subscription, *, v1: bool) -> list[bytes]:
        self._no_longer_waiting([subscription.id])
        self._held.discard(subscription.id)
        spec_ids = (
            [subscription.id]
            if v1
            else [spec["subscriptionId"] for spec in plain_specs(subscription)]
        )
        return [self._words.unsubscribe(id_) for id_ in spec_ids]

    def again(self, now: float) -> list[bytes]:
        """What a rate limit held back and may go now, as far as it is still wanted."""
        ready = [asked for at, asked in self._again if at <= now]
        self._again = [(at, asked) for at, asked in self._again if at > now]
        frames = []
        for data, ids in ready:
            wanted = [s for s in map(self._subscriptions.get, ids) if s is not None]
            several = {"subscriptions": [v1_spec(s) for s in wanted]}
            again = {**data, **several} if "subscriptions" in data else data
            if wanted:
                frames.append(self._ask(_asked(again, wanted)))
        return frames

    def answered(self, data: SubscriptionUpdateData) -> list[Denied]:
        """Note what the server says of subscriptions; what is to be told of that."""
        denied: list[Denied] = []
        reason = clean(data.reason, 200) if data.reason else None
        wire_ids = data.subscription_ids or (data.subscription_id or "",)
        for subscription in filter(None, map(self._subscriptions.get, wire_ids)):
            self._no_longer_waiting([subscription.id])
            if data.status == "active":
                subscription.state, subscription.reason = "active", reason
                subscription.denial = None
                subscription.resumable = True
            elif data.status in ("denied", "closed"):
                self._held.discard(subscription.id)
                denied += subscription.deny(
                    "denied" if data.status == "denied" else "closed", reason
                )
        return denied

    def take_denied(self) -> list[Denied]:
        """What was denied here since this was last asked, as the server would have."""
        denied, self._denied = self._denied, []
        return denied

    def refused(self, message_id: str, reason: str, *, until: float | None) -> list[Denied]:
        """Note that a request was refused: for good, or (`until`) to be sent again then."""
        asked = self._asked.get(message_id)
        if asked is None:
            return []
        if until is not None:
            self._again.append((until, asked))
            return []
        return self._deny(asked.ids, clean(reason, 200))

    def _admit(self, subscriptions: list[Subscription]) -> list[Subscription]:
        """Those that the limit has room for; a server would refuse all that are in one message."""
        if self.limit is None:
            return subscriptions
        room = max(0, self.limit - len(self._held))
        admitted, over = subscriptions[:room], subscriptions[room:]
        self._held.update(s.id for s in admitted)
        self._denied += self._deny([s.id for s in over], f"more than {self.limit} subscriptions")
        return admitted

    def _deny(self, ids: Collection[str], reason: str) -> list[Denied]:
        self._no_longer_waiting(ids)
        self._held.difference_update(ids)
        denied = filter(None, map(self._subscriptions.get, ids))
        return [one for subscription in denied for one in subscription.deny("denied", reason)]

    def settled(self, resources: Collection[str]) -> None:
        """A pong came that names the streams which have caught up: these sent their snapshots."""
        for subscription in self._subscriptions:
            if subscription.state == "active" and all(
                resource in resources for resource in subscription.filter.resources
            ):
                subscription.settled = True

    def unsettle(self, resources: Collection[str]) -> None:
        """Events of these streams were lost, and the snapshots that follow are still to come."""
        for subscription in self._subscriptions:
            if not subscription.settled:
                continue
            subscription.settled = not any(r in resources for r in subscription.filter.resources)

    def _no_longer_waiting(self, ids: Collection[str]) -> None:
        self.unanswered.difference_update(ids)
        self._resuming.difference_update(ids)
        if not self._resuming:
            self._again += [(0.0, asked) for asked in self._behind]
            self._behind.clear()

    def _beginning(self, subscription: Subscription) -> Beginning:
        """Not with history where some of it would be older than what has come of its streams.

        That is taken for known, and its state would be missed.
        """
        beginning = subscription.beginning
        has_begun = any(map(self._streams.has_begun, subscription.filter.resources))
        return FROM_STATE if beginning.state and has_begun else beginning

    def _ask(self, asked: _Asked) -> bytes:
        message_id, frame = self._words.subscribe(asked.data)
        self._asked[message_id] = asked
        if len(self._asked) > MAX_ASKED:
            del self._asked[next(iter(self._asked))]
        self.unanswered.update(asked.ids)
        for subscription in filter(None, map(self._subscriptions.get, asked.ids)):
            if subscription.is_denied:  # a plain server would not say that it is granted now
                subscription.state, subscription.reason = "waiting", None
        return frame


def _portions(subscriptions: list[Subscription], most: int) -> Iterator[list[Subscription]]:
    """In their order, as many at a time as fit into a message of `most` bytes."""
    portion: list[Subscription] = []
    size = ENVELOPE
    for subscription in subscriptions:
        more = len(orjson.dumps(v1_spec(subscription))) + 1
        size += more
        if portion and size > most:
            yield portion
            portion, size = [], ENVELOPE + more
        portion.append(subscription)
    if portion:
        yield portion


def _beginning(beginning: Beginning, subscriptions: list[Subscription]) -> _Asked:
    data: dict[str, Any] = {
        "subscriptions": [v1_spec(s) for s in subscriptions],
        "snapshot": "auto" if beginning.state else "never",
    }
    if beginning.since is not None:
        data["resume"] = {"since": beginning.since}
        if beginning.state:
            data["snapshot"] = "always"
    return _asked(data, subscriptions)


def _asked(data: Mapping[str, Any], subscriptions: Collection[Subscription]) -> _Asked:
    return _Asked(data, tuple(s.id for s in subscriptions))
