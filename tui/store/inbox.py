"""What wants a person, the longest waiting first, without what a person has put off.

An occurrence is one time that something wanted a person: a new question of the same agent, or a
higher severity of the same alert, is another one, and is not put off with the first. It ends when
an event says so. Where the server's history does not reach back to that, there is the present state
alone, and of when that began at most what its last repeat says: the same of the same agent,
acknowledged before and asked again while nobody looked, is then known for another one where that
event says what the agent's status was before. Of an alert none says so; and what was snoozed comes
back in any case.

Another server's is always another one: ids are a server's own.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from math import inf
from operator import attrgetter
from typing import Any, Literal, NamedTuple
from zlib import crc32

from tui.store.agents import Agent, Agents
from tui.store.delivery import Delivery, Item

MINUTE = 60_000.0
SNOOZE_MINUTES = 15.0
"""For how long `snooze` puts something off, unless told otherwise."""
SEVERE = frozenset({"high", "critical"})
"""Severities of an open alert that want a person."""
MAX_PUT_OFF = 2_000
"""Occurrences remembered of each kind; the one put off first leaves."""
KEPT_FOR = 30 * 24 * 60 * MINUTE
"""What was put off is forgotten after this long (ms): what still waits then is asked again."""

LAST_TIME = 8.64e15
"""No moment is later (Unix ms)."""


class Need(NamedTuple):
    """One thing that wants a person."""

    key: str
    """Of this occurrence; the same again after it has ended has the same one."""
    kind: Literal["needs_input", "blocked", "error", "alert"]
    who: str
    """The agent's id, or the alert's title."""
    text: str
    """The exact question, the reason, the error, or what the alert says."""
    since: float
    about: Literal["agent", "item"]
    """Where to look for it: with `id` a subject."""
    id: str
    level: str = ""
    """An alert's severity."""
    back: float = 0.0
    """When its last snooze ended."""


SINCE = attrgetter("since")


class Inbox:
    """Cheap to ask as often as one likes: nothing is looked through but where something changed.

    What is put off lasts for the occurrence, and is kept in `kept`, the inboxes' part of what is
    remembered between starts, which those of all servers share.
    """

    def __init__(
        self,
        agents: Agents,
        delivery: Delivery,
        kept: dict[str, Any] | None = None,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        """`changed` is called when a person has put something off, or taken that back."""
        self.snooze_minutes = SNOOZE_MINUTES
        self._agents = agents
        self._delivery = delivery
        self._changed = changed
        kept = {} if kept is None else kept
        self._server = ""
        self._acknowledged = _times(kept, "acknowledged")
        """When, by occurrence."""
        self._snoozed = _times(kept, "snoozed")
        """Until when, by occurrence."""
        self._calls = -1
        self._alerts_changed = True
        self._needs: tuple[Need, ...] = ()
        """All there are, put off or not."""
        self._open: tuple[Need, ...] = ()
        self._at: dict[tuple[str, str], Need] = {}
        """The open ones by what they are about."""
        self._calls_made: dict[str, Need] = {}
        """By agent, so that only what has changed is made anew."""
        self._back: dict[str, float] = {}
        """When a snooze ended, by occurrence."""
        self._counts: Counter[str] = Counter()
        self._good_until = -1.0
        """When a snooze ends, and `_open` is to be made anew."""

    @property
    def server(self) -> str:
        """By what its server is known from one start to the next."""
        return self._server

    @server.setter
    def server(self, server: str) -> None:
        self._server = server
        self._calls_made = {}  # with their keys
        self._calls = -1
        self._alerts_changed = True

    def occurrence(self, thing: Agent | Item) -> str:
        """The key of what an agent or an alert wants now.

        Of what its state says, so that it is the same after a restart; an error's message is no
        part of an agent's state.
        """
        if isinstance(thing, Agent):
            asked = crc32(thing.reason.encode(errors="replace"))
            return f"{self._server} agent {thing.id} {thing.status} {asked:x}"
        return f"{self._server} {thing.key} {thing.worst}".rstrip()

    def open(self, now: float) -> tuple[Need, ...]:
        """What wants a person at `now` (Unix ms), the longest waiting first.

        The same tuple as before where nothing has changed.
        """
        if self._alerts_changed or self._calls != self._agents.calls:
            self._alerts_changed = False
            self._calls = self._agents.calls
            self._needs = tuple(sorted(self._find(), key=SINCE))
            self._good_until = -1.0
        if now >= self._good_until:
            self._choose(now)
        return self._open

    def count(self, now: float, kind: str = "") -> int:
        """How many are open: of a kind, or all."""
        wanted = self.open(now)
        return self._counts[kind] if kind else len(wanted)

    def of(self, about: str, id_: str, now: float) -> Need | None:
        """What the agent or item of that id wants at `now`, unless it was put off."""
        self.open(now)
        return self._at.get((about, id_))

    def put_off(self, now: float) -> int:
        """How many of those that want a person are not shown, because a person said so."""
        shown = len(self.open(now))
        return len(self._needs) - shown

    def is_acknowledged(self, key: str) -> bool:
        return key in self._acknowledged

    def is_put_off(self, key: str, now: float) -> bool:
        return key in self._acknowledged or self._snoozed.get(key, now) > now

    def snoozed_until(self, key: str) -> float | None:
        return self._snoozed.get(key)

    def acknowledge(self, key: str, now: float) -> None:
        """Seen: this occurrence is shown no more."""
        self._snoozed.pop(key, None)
        # Who asks may be by a clock that is ahead: what was acknowledged did not begin after that.
        begun = max((need.since for need in self._needs if need.key == key), default=now)
        _keep(self._acknowledged, key, max(now, begun))
        self._put_off_changed()

    def snooze(self, key: str, now: float) -> None:
        """Not now: this occurrence is shown again after `snooze_minutes`."""
        self._acknowledged.pop(key, None)
        _keep(self._snoozed, key, now + self.snooze_minutes * MINUTE)
        self._put_off_changed()

    def take_back(self, key: str) -> None:
        """As if this occurrence had never been put off."""
        self._acknowledged.pop(key, None)
        self._snoozed.pop(key, None)
        self._put_off_changed()

    def ended(self, thing: Agent | Item, at: float = inf) -> None:
        """It wants no more what it wants now: the same again will be another occurrence.

        `at` (Unix ms) is when, where it happened before the start: what was acknowledged later was
        another one, and when something was snoozed is not known any more.
        """
        key = self.occurrence(thing)
        self._back.pop(key, None)
        if self._acknowledged.get(key, inf) < at or (at == inf and key in self._snoozed):
            self.take_back(key)

    def began(self, agent: Agent) -> None:
        """It wants what it wants since it called: what was acknowledged before that is over."""
        key = self.occurrence(agent)
        if self._acknowledged.get(key, agent.called) < agent.called:
            self.take_back(key)

    def restore(self) -> None:
        """Take back all that was put off at this server."""
        own = f"{self._server} "
        for times in (self._acknowledged, self._snoozed):
            for key in [key for key in times if key.startswith(own)]:
                del times[key]
        self._put_off_changed()

    def alerts_changed(self) -> None:
        """The delivery's items are to be looked through again."""
        self._alerts_changed = True

    def _put_off_changed(self) -> None:
        self._good_until = -1.0
        self._changed()

    def _find(self) -> Iterator[Need]:
        before, self._calls_made = self._calls_made, {}
        for agent in self._agents.calling.values():
            need = before.get(agent.id)
            if (
                need is None
                or (need.since, need.text) != (agent.called, agent.why)
                or (need.kind != agent.status)
            ):
                need = self._call(agent)
            self._calls_made[agent.id] = need
            yield need
        for item in self._delivery.items.values():
            if item.open and item.kind == "alert" and item.level in SEVERE:
                yield Need(
                    self.occurrence(item),
                    "alert",
                    item.title,
                    item.detail,
                    item.since,
                    "item",
                    item.key,
                    item.level,
                )

    def _call(self, agent: Agent) -> Need:
        kind, key = _KINDS[agent.status], self.occurrence(agent)
        return Need(key, kind, agent.id, agent.why, agent.called, "agent", agent.id)

    def _choose(self, now: float) -> None:
        """Leave out what is put off at `now`, and forget what no longer is."""
        # Each looks after its own alone: several servers' inboxes share what is put off.
        own = [need.key for need in self._needs if need.key in self._snoozed]
        for key in [key for key in own if self._snoozed[key] <= now]:
            self._back[key] = self._snoozed.pop(key)
        for times in (self._acknowledged, self._snoozed):
            for key in [key for key, at in times.items() if at < now - KEPT_FOR]:
                del times[key]
        put_off = self._acknowledged.keys() | self._snoozed.keys()
        back = self._back = {n.key: self._back[n.key] for n in self._needs if n.key in self._back}
        shown = (need for need in self._needs if need.key not in put_off)
        self._open = tuple(n._replace(back=back[n.key]) if n.key in back else n for n in shown)
        self._at = {(need.about, need.id): need for need in self._open}
        self._counts = Counter(need.kind for need in self._open)
        left = (self._snoozed[key] for key in own if key in self._snoozed)
        self._good_until = min(left, default=float("inf"))


_KINDS: dict[str, Literal["needs_input", "blocked", "error"]] = {
    "needs_input": "needs_input",
    "blocked": "blocked",
    "error": "error",
}


def _times(kept: dict[str, Any], name: str) -> dict[str, float]:
    """Times by occurrence, as they were remembered; what is none of that is dropped.

    In place, for several servers' inboxes share what is remembered.
    """
    found = kept.get(name)
    times: dict[str, Any] = found if isinstance(found, dict) else {}
    valid = [
        (key, float(at))
        for key, at in times.items()
        if type(at) in (int, float) and abs(at) < LAST_TIME
    ]
    valid.sort(key=lambda pair: pair[1])
    times.clear()
    times.update(valid[-MAX_PUT_OFF:])
    kept[name] = times
    return times


def _keep(times: dict[str, float], key: str, at: float) -> None:
    times.pop(key, None)
    while len(times) >= MAX_PUT_OFF:
        del times[next(iter(times))]
    times[key] = at
