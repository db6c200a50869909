"""The session in time: how much happened, in which phase, and what stands out.

Everything is in buckets of one width, numbered from the epoch, so that events may come in any
order. When there would be too many buckets, two and two become one: memory stays bounded however
long the session, and only the sharpness goes.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from math import inf
from typing import Any, NamedTuple

from tui.store.bounds import cut
from tui.store.deployments import outcome
from tui.store.github import FAILURES

BUCKETS = 1_024
"""At most; a screen shows some hundred columns of them."""
FINEST = 20.0
"""Milliseconds of a bucket to begin with."""
SESSION_GAP = 4 * 3_600_000.0
"""Milliseconds: what is further than this from a session is another one, or a wrong clock."""
STRAYS = 3
"""So many events in a row that are far from the session, and near each other, begin another."""
MAX_KNOWN = 256
"""Agents, deployments and CI runs of which it is known how they stood."""
MAX_CHANGES = 32
"""Agents in one bucket that changed their phase, or their state; of more, the last."""
LETTERS = {"red": "R", "green": "G", "refactor": "F"}
STATES = {
    "needs_input": "n", "blocked": "b", "error": "e", "busy": "w", "idle": "i", "offline": "o",
}  # fmt: skip
"""A letter for each state; any other is taken for work."""
BEFORE_PHASE = frozenset("nbeo")
"""The states that say more than the phase of the one who is in them."""
NONE = "·"
"""The letter where nothing is known yet."""
DROP = 0.05
"""Percentage points of coverage that count as a drop."""
_DEPLOYED = {"done": "deploy", "failed": "deploy_failed"}
"""Markers by how a deployment ended."""


class Marker(NamedTuple):
    at: float
    """The beginning of its bucket (Unix ms)."""
    kind: str
    """`deploy` `deploy_failed` `ci` `coverage` `needs`."""
    times: int


class Bucket:
    """What happened in one span of time."""

    def __init__(self) -> None:
        self.events = 0
        self.phases: dict[str, str] = {}
        """The last letter of each agent that changed its phase."""
        self.states: dict[str, str] = {}
        """The last letter of each agent that changed its state."""
        self.markers: dict[str, int] = {}

    def count(self, kind: str, times: int = 1) -> None:
        self.markers[kind] = self.markers.get(kind, 0) + times

    def take(self, later: "Bucket") -> None:
        self.events += later.events
        for agent, letter in later.phases.items():
            _change(self.phases, agent, letter)
        for agent, letter in later.states.items():
            _change(self.states, agent, letter)
        for kind, count in later.markers.items():
            self.count(kind, count)


class Ribbon:
    def __init__(self, clock: Callable[[], float] = lambda: inf) -> None:
        """What is dated later than `clock` (Unix ms) is by a wrong clock, and happens now."""
        self._clock = clock
        self.width = FINEST
        """Milliseconds of a bucket."""
        self.changes = 0
        """Counts what may change a lane, but for the width of buckets."""
        self._buckets: dict[int, Bucket] = {}
        self._first = self._last = 0
        self._strays = 0
        self._stray_at = 0.0
        self._states: OrderedDict[str, str] = OrderedDict()
        self._coverage: OrderedDict[str, float] = OrderedDict()
        self._deployed: OrderedDict[str, str] = OrderedDict()
        self._concluded: OrderedDict[str, str] = OrderedDict()

    # What there is to see.

    @property
    def start(self) -> float | None:
        """When the session began (Unix ms), to a bucket; None before its first event."""
        return self._first * self.width if self._buckets else None

    @property
    def end(self) -> float:
        """The end of the newest bucket."""
        return (self._last + 1) * self.width

    def events(self, begin: float, step: float, count: int) -> list[int]:
        """Events in each of `count` spans of `step` milliseconds from `begin` on."""
        found = [0] * count
        for number, bucket in self._buckets.items():
            place = int((number * self.width - begin) // step)
            if 0 <= place < count:
                found[place] += bucket.events
        return found

    def phases(self, agent: str, begin: float, step: float, count: int) -> str:
        """A letter for each span: the phase that `agent` was in at its end, `·` for none."""
        changed = {
            int((number * self.width - begin) // step): letter
            for number in sorted(self._buckets)
            if (letter := self._buckets[number].phases.get(agent))
        }
        return _lasting(changed, count)

    def lanes(self, agents: Sequence[str], begin: float, step: float, count: int) -> list[str]:
        """For each agent a letter a span: of its phase, or its state where that says more."""
        phases: list[dict[int, str]] = [{} for _ in agents]
        states: list[dict[int, str]] = [{} for _ in agents]
        for number in sorted(self._buckets):
            bucket = self._buckets[number]
            if not bucket.phases and not bucket.states:
                continue
            place = int((number * self.width - begin) // step)
            for lane, agent in enumerate(agents):
                if letter := bucket.phases.get(agent):
                    phases[lane][place] = letter
                if letter := bucket.states.get(agent):
                    states[lane][place] = letter
        return [
            "".join(
                state if phase == NONE or state in BEFORE_PHASE else phase
                for phase, state in zip(_lasting(p, count), _lasting(s, count), strict=True)
            )
            for p, s in zip(phases, states, strict=True)
        ]

    def markers(self) -> list[Marker]:
        """All, in time order."""
        return [
            Marker(number * self.width, kind, count)
            for number in sorted(self._buckets)
            for kind, count in self._buckets[number].markers.items()
        ]

    # What comes in.

    def count(self, at: float | None) -> Bucket | None:
        """Count an event, and find where to mark what it says; None: it is not of the session."""
        if at is None:
            return None
        bucket = self._buckets.get(int(at // self.width))
        if bucket is None:
            at = min(at, self._clock())
            if not self._is_ours(at):
                return None
            bucket = self._bucket(at)
        else:
            self._strays = 0
        bucket.events += 1
        return bucket

    def _is_ours(self, at: float) -> bool:
        """Whether it belongs to the session; begins another where the old one is long over."""
        if not self._buckets:
            return True
        if (self.start or 0) - SESSION_GAP <= at <= self.end + SESSION_GAP:
            self._strays = 0
            return True
        self._strays = self._strays + 1 if abs(at - self._stray_at) < SESSION_GAP else 1
        self._stray_at = at
        if self._strays < STRAYS:
            return False
        self._buckets.clear()
        self.changes += 1
        self.width, self._strays = FINEST, 0
        return True

    def _bucket(self, at: float) -> Bucket:
        number = int(at // self.width)
        if not self._buckets:
            self._first = self._last = number
        first, last = min(self._first, number), max(self._last, number)
        while last - first >= BUCKETS:
            self._merge()
            number, first, last = int(at // self.width), first // 2, last // 2
        self._first, self._last = first, last
        return self._buckets.setdefault(number, Bucket())

    def _merge(self) -> None:
        self.width *= 2
        merged: dict[int, Bucket] = {}
        for number in sorted(self._buckets):
            merged.setdefault(number // 2, Bucket()).take(self._buckets[number])
        self._buckets = merged

    def on_phase(self, bucket: Bucket, event: Any) -> None:
        data = event.data
        letter = LETTERS.get(data.current_phase)
        if letter:
            self.changes += 1
            _change(bucket.phases, cut(data.agent_id), letter)
        if data.coverage is not None:
            self._cover(bucket, data.agent_id, data.coverage.lines)

    def on_coverage(self, bucket: Bucket, event: Any) -> None:
        self._cover(bucket, event.data.agent_id, event.data.coverage.lines)

    def _cover(self, bucket: Bucket, agent: str, percent: float | None) -> None:
        if percent is None:
            return
        before = self._coverage.get(agent)
        if before is not None and percent < before - DROP:
            bucket.count("coverage")
        _keep(self._coverage, agent, percent)

    def on_status(self, bucket: Bucket, event: Any) -> None:
        agent, state = event.data.agent_id, STATES.get(event.data.status, "w")
        if state != self._states.get(agent):
            self.changes += 1
            _change(bucket.states, cut(agent), state)
            if state == "n":
                bucket.count("needs")
        _keep(self._states, agent, state)

    def on_deployment(self, bucket: Bucket, event: Any) -> None:
        data = event.data
        result = outcome(cut(data.status))
        if self._deployed.get(data.deployment_id) != result and (kind := _DEPLOYED.get(result)):
            bucket.count(kind)
        _keep(self._deployed, data.deployment_id, result)

    def on_ci(self, bucket: Bucket, event: Any) -> None:
        data = event.data
        run = f"{data.repository} {cut(data.workflow)} {cut(str(data.run_id))}"
        conclusion = cut(data.conclusion)
        if self._concluded.get(run) != conclusion and conclusion in FAILURES:
            bucket.count("ci")
        _keep(self._concluded, run, conclusion)


def _change(letters: dict[str, str], agent: str, letter: str) -> None:
    letters.pop(agent, None)
    letters[agent] = letter
    if len(letters) > MAX_CHANGES:
        del letters[next(iter(letters))]


def _lasting(changed: dict[int, str], count: int) -> str:
    """A letter for each place from 0 on: that of the last change, `·` before the first."""
    now = next((changed[place] for place in sorted(changed, reverse=True) if place < 0), NONE)
    letters = []
    for place in range(count):
        now = changed.get(place, now)
        letters.append(now)
    return "".join(letters)


def _keep(known: "OrderedDict[str, Any]", key: str, value: Any) -> None:
    known[key] = value
    known.move_to_end(key)
    if len(known) > MAX_KNOWN:
        known.popitem(last=False)
